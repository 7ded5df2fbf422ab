/*
 * The program's own messages: one line each on standard error, where systemd's journal or a
 * terminal takes them. With a "<3>" priority prefix under systemd, with the level in words
 * elsewhere. Control characters are escaped, lines are cut at 2 KiB. Thread-safe.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level {
    LOG_LEVEL_ERROR = 3,
    LOG_LEVEL_WARNING = 4,
    LOG_LEVEL_INFO = 6,
    LOG_LEVEL_DEBUG = 7
};

void log_set_level(enum log_level most_detailed);
void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(__printf__, 2, 3)));

#define log_error(...)   log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif

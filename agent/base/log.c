#include "base/log.h"

#include "base/buf.h"

#include <stdarg.h>

static enum log_level most_detailed = LOG_LEVEL_INFO; /* set once, before the threads start */

void log_set_level(enum log_level level)
{
    most_detailed = level;
}

/* What a line begins with. The journal takes the level from a number in front of all else, and
 * knows by itself who wrote. */
static const char *prefix_of(enum log_level level, char out[8])
{
    if (getenv("JOURNAL_STREAM")) {
        snprintf(out, 8, "<%d>", (int)level);
        return out;
    }
    switch (level) {
    case LOG_LEVEL_ERROR:
        return "vigia: error: ";
    case LOG_LEVEL_WARNING:
        return "vigia: warning: ";
    case LOG_LEVEL_DEBUG:
        return "vigia: debug: ";
    default:
        return "vigia: ";
    }
}

void log_write(enum log_level level, const char *format, ...)
{
    if (level > most_detailed)
        return;
    char text[2048], line[4096], prefix[8];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);

    size_t n = (size_t)snprintf(line, sizeof(line), "%s", prefix_of(level, prefix));
    for (const char *p = text; *p && n < sizeof(line) - 8; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c == 0x7f)
            n += (size_t)snprintf(line + n, sizeof(line) - n, "\\x%02x", c);
        else
            line[n++] = *p;
    }
    line[n++] = '\n';
    fwrite(line, 1, n, stderr); /* unbuffered: one write a line */
}

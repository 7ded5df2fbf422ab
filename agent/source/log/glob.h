/*
 * Which logs a path of the configuration means: itself, or with a pattern in any of its parts every
 * file that fits. Left out are packed files and the earlier generations of a log (rotated.h),
 * which are read as what came before that.
 */
#ifndef SOURCE_LOG_GLOB_H
#define SOURCE_LOG_GLOB_H

#define LOG_GLOB_FOLDERS_MAX 256    /* that one pattern looks into */
#define LOG_GLOB_ENTRIES_MAX 100000 /* that are looked at for one pattern */

struct log_glob_callbacks {
    void *ctx;
    /* Paths as configured, without host_root. */
    void (*file)(void *ctx, const char *path);
    void (*folder)(void *ctx, const char *path); /* a file may appear in it */
    void (*too_many)(void *ctx);
};

void log_glob(const char *host_root, const char *pattern, const struct log_glob_callbacks *cb);

#endif

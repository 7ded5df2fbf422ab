/* The journal by libsystemd. Nothing of it is linked: it is loaded when a journal is opened, and
 * only functions that read are asked for. */
#include "platform/sysjournal.h"

#include "platform/library.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LOCAL_ONLY 1 /* SD_JOURNAL_LOCAL_ONLY */

struct sd_journal;

static struct {
    bool loaded;
    int (*open)(struct sd_journal **, int flags);
    int (*open_directory)(struct sd_journal **, const char *path, int flags);
    void (*close)(struct sd_journal *);
    int (*get_fd)(struct sd_journal *);
    int (*process)(struct sd_journal *);
    int (*seek_realtime_usec)(struct sd_journal *, uint64_t);
    int (*seek_cursor)(struct sd_journal *, const char *);
    int (*next)(struct sd_journal *);
    int (*get_cursor)(struct sd_journal *, char **);
    int (*get_realtime_usec)(struct sd_journal *, uint64_t *);
    int (*enumerate_data)(struct sd_journal *, const void **, size_t *);
    void (*restart_data)(struct sd_journal *);
    int (*set_data_threshold)(struct sd_journal *, size_t);
    int (*add_match)(struct sd_journal *, const void *, size_t);
    int (*add_disjunction)(struct sd_journal *);
} sd;

struct sysjournal {
    struct sd_journal *sd;
};

static bool load(void)
{
    static const struct library_symbol wanted[] = {
        {"sd_journal_open", &sd.open},
        {"sd_journal_open_directory", &sd.open_directory},
        {"sd_journal_close", &sd.close},
        {"sd_journal_get_fd", &sd.get_fd},
        {"sd_journal_process", &sd.process},
        {"sd_journal_seek_realtime_usec", &sd.seek_realtime_usec},
        {"sd_journal_seek_cursor", &sd.seek_cursor},
        {"sd_journal_next", &sd.next},
        {"sd_journal_get_cursor", &sd.get_cursor},
        {"sd_journal_get_realtime_usec", &sd.get_realtime_usec},
        {"sd_journal_enumerate_data", &sd.enumerate_data},
        {"sd_journal_restart_data", &sd.restart_data},
        {"sd_journal_set_data_threshold", &sd.set_data_threshold},
        {"sd_journal_add_match", &sd.add_match},
        {"sd_journal_add_disjunction", &sd.add_disjunction},
        {NULL, NULL},
    };
    sd.loaded = sd.loaded || library_load("libsystemd.so.0", wanted) == 0;
    return sd.loaded;
}

int sysjournal_open(const char *folder, struct sysjournal **out)
{
    *out = NULL;
    if (!load())
        return -ENOSYS;
    struct sysjournal *j = calloc(1, sizeof(*j));
    if (!j)
        return -ENOMEM;
    int rc = folder ? sd.open_directory(&j->sd, folder, 0) : sd.open(&j->sd, LOCAL_ONLY);
    if (rc < 0) {
        free(j);
        return rc;
    }
    sd.set_data_threshold(j->sd, SYSJOURNAL_VALUE_MAX + 256); /* and the name */
    *out = j;
    return 0;
}

void sysjournal_close(struct sysjournal *j)
{
    if (j)
        sd.close(j->sd);
    free(j);
}

wait_t sysjournal_wait(struct sysjournal *j)
{
    int fd = sd.get_fd(j->sd);
    return fd >= 0 ? (wait_t)fd : WAIT_NONE;
}

int sysjournal_process(struct sysjournal *j)
{
    return sd.process(j->sd);
}

int sysjournal_only(struct sysjournal *j, const char *field)
{
    int rc = sd.add_match(j->sd, field, strlen(field));
    return rc < 0 ? rc : sd.add_disjunction(j->sd);
}

int sysjournal_seek_time(struct sysjournal *j, int64_t wall_ms)
{
    return sd.seek_realtime_usec(j->sd, wall_ms > 0 ? (uint64_t)wall_ms * 1000 : 0);
}

int sysjournal_seek_cursor(struct sysjournal *j, const char *cursor)
{
    return sd.seek_cursor(j->sd, cursor);
}

int sysjournal_next(struct sysjournal *j)
{
    int rc = sd.next(j->sd);
    if (rc > 0)
        sd.restart_data(j->sd);
    return rc;
}

int sysjournal_cursor(struct sysjournal *j, char *out, size_t size)
{
    char *cursor = NULL;
    int rc = sd.get_cursor(j->sd, &cursor);
    if (rc < 0)
        return rc;
    int n = snprintf(out, size, "%s", cursor);
    free(cursor);
    return n >= 0 && (size_t)n < size ? 0 : -ENOSPC;
}

int sysjournal_time(struct sysjournal *j, int64_t *wall_ms)
{
    uint64_t us = 0;
    int rc = sd.get_realtime_usec(j->sd, &us);
    *wall_ms = (int64_t)(us / 1000);
    return rc < 0 ? rc : 0;
}

int sysjournal_field(struct sysjournal *j, const char **data, size_t *n)
{
    const void *field = NULL;
    int rc = sd.enumerate_data(j->sd, &field, n);
    *data = field;
    return rc;
}

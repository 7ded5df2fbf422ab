/*
 * The log that the system itself keeps, entry by entry, read only (Linux: systemd-journald's files,
 * by libsystemd, which is looked for at run time). Where a system has none, or nothing to read it
 * with, sysjournal_open says -ENOSYS.
 *
 * Functions return 0 (or what is said) on success and a negative errno value on failure. One thread
 * at a time.
 */
#ifndef PLATFORM_SYSJOURNAL_H
#define PLATFORM_SYSJOURNAL_H

#include "platform/poll.h"

#include <stddef.h>
#include <stdint.h>

#define SYSJOURNAL_CURSOR_MAX 512
#define SYSJOURNAL_VALUE_MAX  (16 * 1024) /* of a field; what is longer is cut */

struct sysjournal;

/* folder: where its files lie, or NULL for this host's. */
int sysjournal_open(const char *folder, struct sysjournal **out);
void sysjournal_close(struct sysjournal *j);

/* Ready when entries came or files changed; sysjournal_process has to be called then. WAIT_NONE:
 * there is nothing to wait on, look now and then. */
wait_t sysjournal_wait(struct sysjournal *j);
/* 2: files came or went, 1: entries came, 0: nothing did. */
int sysjournal_process(struct sysjournal *j);

/* From now on only entries with this field, "NAME=value", or one of those given before. */
int sysjournal_only(struct sysjournal *j, const char *field);
/* Before the first entry of that time or later. */
int sysjournal_seek_time(struct sysjournal *j, int64_t wall_ms);
/* Before the entry of that cursor, or the nearest one if it is gone. */
int sysjournal_seek_cursor(struct sysjournal *j, const char *cursor);

/* Turns to the next entry: 1, 0 at the end. What follows speaks of it. */
int sysjournal_next(struct sysjournal *j);
int sysjournal_cursor(struct sysjournal *j, char *out, size_t size);
int sysjournal_time(struct sysjournal *j, int64_t *wall_ms);
/* The entry's next field, "NAME=value", valid until the next call: 1, 0 at the end. */
int sysjournal_field(struct sysjournal *j, const char **data, size_t *n);

#endif

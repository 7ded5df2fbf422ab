/*
 * A small record in a file that is overwritten in place, so that it can be written on a full disk:
 * two slots of 4 KiB, written in turn, each with a generation and a checksum. After a crash the
 * record is the one before or the new one, never a mixture.
 */
#ifndef SPOOL_SLOTS_H
#define SPOOL_SLOTS_H

#include "base/buf.h"
#include "platform/file.h"

#define SLOT_DATA_MAX 4000

struct slots {
    file_t file;
    uint64_t generation;
    bool torn; /* a slot holds something that is no record: a torn write, or damage */
};

/* Opens <folder>/<name>, made and its blocks written if it is not there, and appends the newest
 * record to out. 0, -ENOENT when it holds none, or another negative errno value; the file is open
 * after 0 and -ENOENT. */
int slots_open(struct slots *s, const char *folder, const char *name, struct buf *out);
int slots_write(struct slots *s, struct span data); /* durable when 0 */
void slots_close(struct slots *s);

#endif

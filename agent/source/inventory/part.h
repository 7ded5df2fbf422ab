/*
 * A part of the inventory: what one file of this folder reads. It reads the host below
 * reader->root ("" or a folder that stands for "/"; Windows: what is no file stands for itself) and
 * puts down entries that hold nothing which changes by itself (no counters, no process ids, no
 * lease times): what differs at the next look is told as a change.
 */
#ifndef SOURCE_INVENTORY_PART_H
#define SOURCE_INVENTORY_PART_H

#include "base/json_read.h"
#include "base/sha256.h"
#include "event/event.h"
#include "source/inventory/list.h"

struct inventory_ports; /* what the listening ports' part remembers between two looks */
struct inventory_watched;

struct inventory_reader {
    const char *root;
    char why[200]; /* set by a part that could not read all it should: what, and the remedy */
    struct inventory_ports *ports;
    struct inventory_watched *accounts, *services; /* Windows */
};

enum inventory_kind { INVENTORY_ADDED, INVENTORY_REMOVED, INVENTORY_CHANGED };

struct inventory_change {
    enum inventory_kind kind;
    struct span key;
    struct span before, after; /* JSON objects; empty if there is none */
};

struct inventory_part {
    const char *name;  /* member of unmapped.vigia.inventory: "ports" */
    const char *one;   /* for people: "listening port" */
    const char *many;  /* "listening ports" */
    const char *wakes; /* folders to be told about, each ended by \n, or NULL: only by time */
    bool rarely;       /* read at start and once an hour: it costs, and hardly ever changes */
    /* Cheap: what read() would depend on. Equal to the last time: read() is not called. NULL: it
     * is called at every look. */
    void (*stamp)(struct inventory_reader *r, struct sha256 *s);
    /* 0, or a negative errno value: nothing is known, what was told stays. -EAGAIN: not yet. */
    int (*read)(struct inventory_reader *r, struct inventory_list *out);
    void (*close)(struct inventory_reader *r); /* frees what it keeps there; NULL: nothing */
    enum event_severity (*severity)(const struct inventory_change *c);
};

/* parts_linux.c, parts_windows.c */
extern const struct inventory_part *const inventory_parts[]; /* ends with NULL */
#define INVENTORY_PARTS_MAX 16
/* Since the machine was started; INT64_MAX: long ago, or nobody knows. */
int64_t inventory_up_s(const struct inventory_reader *r);

/* ---- what all parts read by (read.c) ---- */

/* A file of /proc or /sys, whole: appended to b. Links on the way are followed. */
int inventory_kernel_file(const struct inventory_reader *r, const char *path, struct buf *b);
/* Its first line without blanks; empty (and false) if it cannot be read. */
bool inventory_kernel_line(const struct inventory_reader *r, const char *path, char *out,
                           size_t size);
/* A file that a person wrote (/etc): the one opener, links on the way only in root's hands. */
int inventory_file(const struct inventory_reader *r, const char *path, struct buf *b);
/* Calls each entry of a folder in no order, at most max; the number of entries, or a negative errno
 * value. */
int inventory_folder(const struct inventory_reader *r, const char *path, size_t max,
                     void (*each)(void *ctx, const char *name), void *ctx);
/* The file's or folder's identity, size and times go into the stamp. */
void inventory_stamp(const struct inventory_reader *r, const char *path, struct sha256 *s);

/* Fields of a line that are separated by blanks; the number found, at most max. */
size_t inventory_fields(struct span line, struct span *out, size_t max);

#endif

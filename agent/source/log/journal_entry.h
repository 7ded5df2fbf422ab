/* An entry of the journal as a record: its fields under their own names, and what Sigma's rules for
 * Linux logs ask for taken from them. Pure. */
#ifndef SOURCE_LOG_JOURNAL_ENTRY_H
#define SOURCE_LOG_JOURNAL_ENTRY_H

#include "base/buf.h"
#include "event/record.h"

#include <stdbool.h>

#define JOURNAL_ENTRY_MAX (128 * 1024) /* bytes of an entry's fields that are kept */

struct journal_entry {
    struct buf text;      /* fields and the line they make; record points into it */
    struct buf fields;    /* of an event in its message */
    struct record record; /* source, time and uid are the caller's */
    bool cut;             /* more fields or bytes than are kept */
};

void journal_entry_init(struct journal_entry *e);
void journal_entry_release(struct journal_entry *e);
void journal_entry_begin(struct journal_entry *e);
/* "NAME=value"; copied. */
void journal_entry_add(struct journal_entry *e, struct span field);
void journal_entry_end(struct journal_entry *e);

/* What of a cursor names the entry wherever it lies (a copy in another file has another number). */
void journal_entry_uid(uint8_t out[EVENT_UID_SIZE], struct span cursor);
/* When the entry of a cursor was written; 0: it does not say. */
int64_t journal_entry_time_ms(struct span cursor);
/* Whether both are of the same start of the machine. */
bool journal_entries_share_boot(struct span a, struct span b);
/* How many entries lie between two cursors of the same writer; 0 when they are of different ones.
 */
uint64_t journal_entries_between(struct span before, struct span after);

#endif

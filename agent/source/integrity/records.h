/*
 * What the baseline knows of the entries of one folder, read in one go: a re-check of a folder asks
 * for every one of them.
 */
#ifndef SOURCE_INTEGRITY_RECORDS_H
#define SOURCE_INTEGRITY_RECORDS_H

#include "source/integrity/state.h"
#include "store/store.h"

#include <stdbool.h>
#include <stdint.h>

struct integrity_records {
    uint64_t n;      /* how many the baseline has */
    bool whole;      /* all of them are held here */
    size_t room;     /* for so many bytes */
    struct buf held; /* u16 length of the name, u32 of the record, name, record; sorted by name */
    struct buf at;   /* u32 for each: where it starts */
};

/* Folders with more than room bytes of records are only counted. */
void integrity_records_load(struct integrity_records *r, struct store *store,
                            const uint8_t folder[INTEGRITY_ID_SIZE], size_t room);
size_t integrity_records_size(const struct integrity_records *r); /* memory held */
/* If r->whole: what is known of the entry, by the name of its key; false and an empty record if
 * nothing is. */
bool integrity_records_find(const struct integrity_records *r, struct span name,
                            struct span *record);
void integrity_records_release(struct integrity_records *r);

#endif

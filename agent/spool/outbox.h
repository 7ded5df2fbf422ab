/*
 * The outbox as both roles see it: folders of sealed batches, their names, and which comes next.
 * collect writes and deletes, ship only reads. Memory is bounded however many batches wait.
 *
 *   <outbox>/urgent/  <outbox>/routine/  <outbox>/refused/   <stream>-<seq>-<id>.ndjson.gz
 *   <inbox>/ack/<name>       empty file: the center has it (ship writes; removes it when the batch
 * is gone) <inbox>/refused/<name>   the center will never take it (status code in the file)
 *   <inbox>/ship.json        ship's own health
 */
#ifndef SPOOL_OUTBOX_H
#define SPOOL_OUTBOX_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATCH_NAME_SIZE 72 /* 8 + 1 + 12 + 1 + 32 + 10 and NUL, with room */
#define BATCH_ID_SIZE   33

struct batch_name {
    char stream[9];
    uint64_t seq;
    char id[BATCH_ID_SIZE];
};

/* Strict: exactly the form above, no leading zeros, lower-case hex. */
bool batch_name_parse(struct span text, struct batch_name *out);
void batch_name_format(const struct batch_name *n, char out[BATCH_NAME_SIZE]);

enum outbox_class { OUTBOX_URGENT, OUTBOX_ROUTINE, OUTBOX_REFUSED, OUTBOX_CLASSES };
extern const char *const outbox_folder_name[OUTBOX_CLASSES];

#define OUTBOX_WINDOW 64
struct outbox_entry {
    struct batch_name name;
    uint64_t size;
};

struct outbox_count {
    uint64_t batches;
    uint64_t bytes;
    uint64_t low_seq; /* lowest seq of `stream`, 0 if none */
};

/* The up to OUTBOX_WINDOW entries of one class with the lowest seq (those of another stream than
 * `stream` first: they are older), sorted. stream may be NULL. Number, or a negative errno value.
 */
int outbox_first(const char *outbox, enum outbox_class c, const char *stream,
                 struct outbox_entry out[OUTBOX_WINDOW]);
/* The same among those that wanted() agrees to: ship passes over what it has delivered already, so
 * that it goes on even while nobody takes its acknowledgements. wanted may be NULL: all. */
int outbox_first_wanted(const char *outbox, enum outbox_class c, const char *stream,
                        bool (*wanted)(void *ctx, const struct batch_name *name), void *ctx,
                        struct outbox_entry out[OUTBOX_WINDOW]);
/* Sums over one class; low_seq looks at `stream` alone. */
int outbox_sum(const char *outbox, enum outbox_class c, const char *stream,
               struct outbox_count *out);

#endif

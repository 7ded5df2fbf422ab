/*
 * Which batch goes next - urgent first, then the lowest seq - and the marks in the inbox that say
 * what became of it. Memory is bounded however many batches wait. A batch with a mark is passed
 * over: collect takes it away in its own time.
 */
#ifndef SHIP_QUEUE_H
#define SHIP_QUEUE_H

#include "spool/outbox.h"

#include <stdbool.h>

enum { QUEUE_CLASSES = OUTBOX_REFUSED }; /* urgent and routine */

struct queue {
    const char *outbox, *inbox;
    struct {
        struct outbox_entry window[OUTBOX_WINDOW];
        size_t n, at;
        bool changed; /* there may be more than the window holds */
    } of[QUEUE_CLASSES];
};

/* The paths stay the caller's. */
void queue_init(struct queue *q, const char *outbox, const char *inbox);
/* Something changed in the outbox: look at it again. */
void queue_changed(struct queue *q);

struct queue_batch {
    enum outbox_class class;
    char name[BATCH_NAME_SIZE];
};

/* The next batch; it stays the next one until it is marked or dropped, or a more urgent one comes.
 * False when there is none. */
bool queue_next(struct queue *q, struct queue_batch *out);
void queue_path(const struct queue *q, const struct queue_batch *b, char *out, size_t size);
/* It is gone. */
void queue_drop(struct queue *q, const struct queue_batch *b);
/* Writes inbox/ack/<name> or inbox/refused/<name> with the status in it, and drops the batch. On
 * failure (a negative errno value: disk full) it stays the next one. */
int queue_mark_delivered(struct queue *q, const struct queue_batch *b);
int queue_mark_refused(struct queue *q, const struct queue_batch *b, int status);
/* Removes the marks whose batch has left urgent and routine. */
void queue_clean_marks(const struct queue *q);

#endif

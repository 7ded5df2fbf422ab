/*
 * The spool: from an encoded event to a sealed batch, exactly once (design.md, "The open batch").
 *
 * Life of an event: spool_add puts its line and the state changes that belong to it into the
 * pending frame (memory). spool_flush appends the frame to the open journal with one fdatasync:
 * from then on the event is safe. spool_seal turns the journal into a gzip batch in the outbox.
 * After a crash spool_open replays the journal: its state changes go to `restore`, its lines are in
 * the open batch again, and the uids in it are known.
 *
 *   <state>/stream           8 hex digits, made at random with a new state folder
 *   <state>/open-<seq>.journal
 *   <state>/losses           preallocated, overwritten in place: seq ranges given up, with reasons
 *
 * The journal: frames of { u32 magic, u32 payload length, u32 crc32 of payload, payload }; a frame
 * is there whole or not at all. A torn tail is cut off at open. The payload is a list of entries {
 * u8 kind, u32 length, bytes }: 'L' uid + flags + line, 'P' table + key + value, 'R' table + key.
 *
 * One thread uses a spool. Errors are negative errno values; -ENOSPC means the disk or the cap is
 * full and nothing was written: the caller keeps what it has and stops its readers until it works.
 */
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include "base/buf.h"
#include "base/error.h"
#include "base/span.h"
#include "spool/outbox.h"

#include <stdbool.h>
#include <stdint.h>

#define SPOOL_UID_SIZE   16
#define SPOOL_LINE_MAX   (64 * 1024) /* a longer line is refused with -EMSGSIZE */
#define SPOOL_LOSSES_MAX 32          /* ranges in the loss file; older ones are merged */

struct spool_loss {
    uint64_t from, to; /* seqs, both given up */
    uint64_t events;   /* how many events were in them, as far as known */
    char reason[48];   /* "outbox full", "refused by the center: 413", "state damaged" */
};

struct spool_counters {
    uint64_t open_events;                             /* lines in the open batch, flushed or not */
    uint64_t sealed, acknowledged, refused, given_up; /* batches since start */
    uint64_t duplicates; /* adds that were dropped because the uid is journaled already */
};

/* What a heartbeat is made from; pointers valid during the call. */
struct spool_facts {
    const char *stream;
    uint64_t seq;     /* of the batch being sealed */
    const char *prev; /* name of the batch before in this stream, "" if none */
    uint64_t low;     /* lowest seq not acknowledged (seq itself if none) */
    const struct spool_loss *lost;
    size_t lost_n;
    uint64_t events;         /* lines that follow */
    uint64_t batches, bytes; /* waiting in the outbox */
};

struct spool_callbacks {
    void *ctx;
    /* Appends the heartbeat line (no newline) for the batch about to be sealed. */
    void (*heartbeat)(void *ctx, const struct spool_facts *facts, struct buf *out);
    /* A state change found in the journal at open; value.p == NULL means remove. */
    void (*restore)(void *ctx, uint8_t table, struct span key, struct span value);
    /* Called before the journal of a sealed batch is removed: make all state changes given so far
     * durable elsewhere (store_commit). Non-zero: the journal stays and the seal is tried again. */
    int (*commit)(void *ctx);
};

struct spool_options {
    const char *state; /* folders; all exist */
    const char *outbox;
    const char *inbox;
    uint64_t cap_bytes;  /* of the outbox */
    size_t seal_bytes;   /* compressed size at which a batch is sealed (256 KiB) */
    int64_t seal_age_ms; /* age of the first event at which a batch is sealed (60 s) */
    int64_t urgent_ms;   /* coalescing of urgent events (200 ms) */
    int64_t beat_ms;     /* a heartbeat at least this often (5 min) */
    uint32_t jitter;     /* percent taken off seal_age_ms and beat_ms at random (20) */
};

struct spool;
int spool_open(const struct spool_options *o, const struct spool_callbacks *cb, struct spool **out,
               struct error *e);
void spool_close(struct spool *s); /* flushes nothing: call spool_flush or spool_seal before */

const char *spool_stream(const struct spool *s);
bool spool_is_new_stream(const struct spool *s); /* made at this start */

/* One event. 0, 1 when its uid is in the open batch already (dropped, counted), -EMSGSIZE, -ENOSPC.
 */
int spool_add(struct spool *s, const uint8_t uid[SPOOL_UID_SIZE], struct span line, bool urgent);
/* A state change that belongs to the frame; value.p == NULL removes. */
void spool_put(struct spool *s, uint8_t table, struct span key, struct span value);

bool spool_has_pending(const struct spool *s);   /* something added since the last flush */
bool spool_frame_is_full(const struct spool *s); /* more of it should not wait in memory */
int spool_flush(struct spool *s); /* one frame, one fdatasync; 0 when nothing pended */

/* What time asks for: seals on age (unless routine batches wait), size, urgency, heartbeat, and
 * keeps the cap. now_ms is monotonic. Returns when it wants to be called next (monotonic ms),
 * or a negative errno value after an error that it will retry. Events pending in memory are flushed
 * first when a seal is due. */
int64_t spool_run(struct spool *s, int64_t now_ms);
/* Seals what there is (at stop, at an urgent request); a heartbeat alone when nothing is open. */
int spool_seal(struct spool *s);
/* Look at inbox/ack and inbox/refused (after notify said that they changed). */
int spool_take_acks(struct spool *s);

void spool_counters_read(const struct spool *s, struct spool_counters *out);

#endif

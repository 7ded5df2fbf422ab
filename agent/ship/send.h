/*
 * Delivers one file by PUT over mutual TLS (libcurl; its headers stay in this room), or asks for
 * something small. The connection is kept for the next one. Memory is bounded: the file is
 * streamed, what the center answers beyond its status and two headers is thrown away, after 4 KiB
 * the connection as well.
 */
#ifndef SHIP_SEND_H
#define SHIP_SEND_H

#include "base/buf.h"
#include "base/error.h"
#include "ship/verdict.h"
#include "trust/identity.h"

#include <stdbool.h>
#include <stdint.h>

struct send_setup {
    const char *url;           /* https://host:port */
    const struct trust *trust; /* stays the caller's, as long as the sender lives */
    int64_t timeout_s;         /* of one delivery, beside what rate makes of it */
    uint64_t rate;             /* bytes a second, 0: no limit */
    bool (*stop)(void);        /* asked about once a second; true ends the delivery */
};

struct sender;
/* NULL and e when libcurl cannot be set up. */
struct sender *sender_new(const struct send_setup *setup, struct error *e);
void sender_free(struct sender *s);

struct sent {
    struct answer answer; /* own_expired and silences are left to the caller */
    uint64_t bytes;       /* size of the file */
    bool stopped;
    bool has_offset;
    int64_t clock_offset_ms; /* the center's clock minus ours, from its Date; good to a second */
    int64_t retry_after_ms;  /* -1: it did not say */
};

/* Puts path to /v1/telemetry/<CN>/<name>. 0 and *out (its texts last until the next call), or a
 * negative errno value when the file cannot be opened. */
int sender_put(struct sender *s, const char *path, const char *name, struct sent *out);

/* GET of a path on the center, or PUT of body there (body.n > 0). What comes with a status of 200
 * is appended to into (may be NULL); past its limit the connection ends and out->answer.curl is not
 * 0. */
void sender_ask(struct sender *s, const char *path, struct span body, struct buf *into,
                struct sent *out);

#endif

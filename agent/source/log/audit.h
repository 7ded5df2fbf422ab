/*
 * Puts the records of audit.log that belong to one event (same time and serial number) together:
 * SYSCALL, EXECVE, CWD, PATH ..., PROCTITLE become one record with the fields of all of them, as
 * Sigma's service auditd names them. A field may stand several times (type, name); a0, a1, ... are
 * the arguments of EXECVE where there is one.
 *
 * Events may be interleaved. One is complete with its PROCTITLE or EOE, or at once where the kernel
 * makes but one record of its kind; else when a later one is two seconds younger, when nothing came
 * for two seconds, or when there are too many. Memory is bounded.
 */
#ifndef SOURCE_LOG_AUDIT_H
#define SOURCE_LOG_AUDIT_H

#include "base/buf.h"
#include "event/record.h"

#include <stdbool.h>
#include <stdint.h>

#define AUDIT_PENDING_MAX 16          /* events */
#define AUDIT_EVENT_MAX   (32 * 1024) /* bytes of one event's lines */
#define AUDIT_SAVED_MAX   (64 * 1024)

struct audit_callbacks {
    void *ctx;
    /* product, service, message, raw, time, host, pid, uid and fields are set; the caller adds the
     * source. */
    void (*record)(void *ctx, struct record *r);
    void (*dropped)(void *ctx, const char *reason);
};

struct audit;
struct audit *audit_new(const struct audit_callbacks *cb);
void audit_free(struct audit *a);

/* A line; uid is the line's own, the first one's becomes the event's. False when it is no record
 * of audit: the caller's to tell. */
bool audit_take(struct audit *a, struct span line, const uint8_t uid[EVENT_UID_SIZE],
                int64_t now_ms);
/* Hands on what nothing was added to for two seconds; monotonic ms when it wants to be asked again
 * (INT64_MAX: nothing waits). */
int64_t audit_flush_old(struct audit *a, int64_t now_ms);

/* Events that are not complete, so that a restart loses none of their lines: those that fit
 * AUDIT_SAVED_MAX, the others are handed on first. Whether anything changed since the last call. */
bool audit_save(struct audit *a, struct buf *out);
void audit_restore(struct audit *a, struct span saved, int64_t now_ms);

#endif

/*
 * What the SOC is told of host checks: one 2003 event an outcome that is news, and a 6007 event
 * with the totals. Pure.
 */
#ifndef SOURCE_CHECKS_TELL_H
#define SOURCE_CHECKS_TELL_H

#include "event/event.h"
#include "source/checks/probe.h"

/* What is kept of the last telling, in STORE_CHECKS under the check's id. */
struct check_told {
    uint8_t version;
    uint8_t status;
    uint8_t digest[16]; /* of the outcome and of what the check asks */
    uint32_t count;     /* tellings so far: part of each event's uid */
    int64_t at_ms;
};

bool check_told_load(struct span value, struct check_told *out);

/* Is the outcome news? Then *told becomes what is to be kept once it is told. `before` may be NULL.
 */
bool check_is_news(const struct check *c, const struct check_outcome *o,
                   const struct check_told *before, int64_t now_ms, struct check_told *told);

typedef void check_emit_fn(void *ctx, const struct event *e);
/* Told again with nothing new (each day), a check that fails is informational: its own severity
 * stands in compliance.checks[] as always, and nobody is woken for it again. */
void check_tell(const struct check *c, const struct check_outcome *o,
                const struct check_told *before, const struct check_told *told, check_emit_fn *emit,
                void *ctx);
/* A check that is no longer asked. */
void check_tell_gone(struct span id, const struct check_told *before, int64_t now_ms,
                     check_emit_fn *emit, void *ctx);

struct check_totals {
    uint64_t by_status[4]; /* enum check_status */
    uint64_t broken;       /* checks that are off */
};
void check_tell_totals(const struct check_totals *t, int64_t now_ms, int64_t duration_ms,
                       check_emit_fn *emit, void *ctx);

const char *check_status_name(enum check_status s);

#endif

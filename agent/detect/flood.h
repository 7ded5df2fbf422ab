/*
 * Between detectors and the spool: which findings are told. In this order a finding is left out
 * because a suppression is for it (config/suppress_file.h), counted because it repeats one
 * (repeats.h), counted because the hour's budget is used up (budget.h), or told.
 *
 * Nothing of it needs a clock of its own: the caller says what time it is (wall clock, ms).
 */
#ifndef DETECT_FLOOD_H
#define DETECT_FLOOD_H

#include "base/json_write.h"
#include "detect/flood_host.h"

struct flood;
struct flood *flood_open(const struct flood_host *host, int64_t wall_ms);
void flood_close(struct flood *f);

void flood_take(struct flood *f, const struct detector *from, const struct event *e,
                int64_t wall_ms);
/* Tells what is due; when it wants to run again at the latest. */
int64_t flood_run(struct flood *f, int64_t wall_ms);
void flood_checkpoint(struct flood *f); /* a frame is about to be written */

/* Members of the object that is open: told, repeated, over_budget, suppressed (since the start),
 * suppressions, expired. */
void flood_describe(const struct flood *f, struct json_out *j, int64_t wall_ms);
/* What is wrong with the suppressions, in words, or "". *broken: how many are left out. */
void flood_problem(const struct flood *f, int64_t wall_ms, size_t *broken, char *out, size_t size);

#endif

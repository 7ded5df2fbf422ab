/*
 * How many findings are told in an hour (of the wall clock), by detector and severity, so that a
 * flood of small ones hides no grave one: the configuration's number, or the detector's own if that
 * is less. The first of each rule is told whatever the budget says;
 * what goes over it is counted by rule and told in one event a detector when the hour is over.
 *
 * Rules beyond BUDGET_RULES_MAX in one hour share what is left of the budget. State is durable,
 * under keys that begin with BUDGET_PREFIX.
 */
#ifndef DETECT_BUDGET_H
#define DETECT_BUDGET_H

#include "detect/flood_host.h"

#include <stdbool.h>

#define BUDGET_RULES_MAX 512
#define BUDGET_PREFIX    SPAN("flood.b.")

struct budget;
struct budget *budget_new(const struct flood_host *host); /* the host is borrowed */
void budget_free(struct budget *b);

/* False: it is over the budget and was counted. */
bool budget_take(struct budget *b, const struct detector *from, const struct event *e,
                 int64_t wall_ms);
/* Tells what went over the budget of an hour that is over. When the next one ends. */
int64_t budget_run(struct budget *b, int64_t wall_ms);
void budget_checkpoint(struct budget *b);
/* False when it makes no sense. */
bool budget_restore(struct budget *b, struct span key, struct span value);

#endif

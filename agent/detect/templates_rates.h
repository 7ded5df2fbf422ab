/*
 * What the templates detector makes of rates (rates.h): the series it counts, which are each log
 * and each template that has become firm, and the findings rate-spike, rate-drop and source-silent
 * with their numbers. A template that changes its words begins a new series.
 */
#ifndef DETECT_TEMPLATES_RATES_H
#define DETECT_TEMPLATES_RATES_H

#include "detect/detect.h"
#include "detect/miner.h"

struct template_rates;

/* host and miner stay the caller's. */
struct template_rates *template_rates_new(const struct detect_host *host, struct miner *miner);
void template_rates_free(struct template_rates *t);

void template_rates_record(struct template_rates *t, const struct record *r, const struct mined *m);
void template_rates_tick(struct template_rates *t, int64_t now_ms);
void template_rates_checkpoint(struct template_rates *t);
uint64_t template_rates_refused(const struct template_rates *t); /* messages, for lack of room */

#endif

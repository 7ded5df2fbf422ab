/* collect with chosen detectors; templates without their rates, which have no switch of their own.
 */
#include "bench/lib/chosen.h"

#include "detect/templates_rates.h"

struct template_rates *template_rates_new(const struct detect_host *host, struct miner *miner)
{
    (void)host, (void)miner;
    return NULL;
}

void template_rates_free(struct template_rates *t)
{
    (void)t;
}

void template_rates_record(struct template_rates *t, const struct record *r, const struct mined *m)
{
    (void)t, (void)r, (void)m;
}

void template_rates_tick(struct template_rates *t, int64_t now_ms)
{
    (void)t, (void)now_ms;
}

void template_rates_checkpoint(struct template_rates *t)
{
    (void)t;
}

uint64_t template_rates_refused(const struct template_rates *t)
{
    (void)t;
    return 0;
}

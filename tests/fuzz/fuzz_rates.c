/* The state of rates as a damaged disk may give it back, and hours that go on from it. The input is
 * a row of pieces: kind, number (two bytes), length (two bytes), bytes: an entry of the state. What
 * follows a piece of kind 0 are steps: minutes to the next tick, and how many messages. */
#include "detect/rates.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void tell(void *ctx, const struct rates_finding *f)
{
    (void)ctx;
    if (f->name.n >= RATES_NAME_MAX || f->silent_ms < 0 || f->longest_ms < 0)
        abort();
}

/* What is saved can be loaded. */
static void put(void *ctx, struct span key, struct span value)
{
    if (!rates_load(ctx, key, value))
        abort();
}

static bool load_piece(struct rates *r, struct span *rest)
{
    struct span head, bytes;
    if (!span_take(rest, 5, &head) || head.p[0] == 0)
        return false;
    char key[7] = {'r', 'a', 't', '\0', head.p[0], head.p[1], head.p[2]};
    size_t length = (uint8_t)head.p[3] | (size_t)(uint8_t)head.p[4] << 8;
    span_take(rest, length < rest->n ? length : rest->n, &bytes);
    rates_load(r, span_make(key, sizeof(key)), bytes);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const struct rates_limits limits = {7 * 24 * RATES_HOUR_MS, RATES_HOUR_MS};
    struct rates *r = rates_new(limits, tell, NULL), *copy = rates_new(limits, tell, NULL);
    struct span rest = span_make(data, n), step;
    int64_t now = 1796000000000;
    while (load_piece(r, &rest))
        ;
    for (int steps = 0; steps < 2000 && span_take(&rest, 2, &step); steps++) {
        rates_tick(r, now += (int64_t)step.p[0] * 60000);
        for (int i = 0; i < (uint8_t)step.p[1]; i++)
            rates_count(r, i % 2 == 0, (uint32_t)step.p[1] % 7, SPAN("series"));
    }
    rates_save(r, put, copy);
    rates_free(copy);
    rates_free(r);
    return 0;
}

/* dpkg's log: what is kept stays within its bounds and counts add up, however the text is cut. */
#include "source/deb/dpkg_log.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(const struct dpkg_log *l)
{
    size_t unfinished = 0;
    for (size_t i = 0; i < l->n; i++) {
        const struct dpkg_change *c = &l->changes[i];
        if (c->transaction >= l->transactions_n || !dpkg_log_change(l, span_of(c->package)))
            abort();
        unfinished += c->transaction + 1 == l->transactions_n && c->step < DPKG_INSTALLED;
    }
    if (unfinished != l->unfinished)
        abort();
    if (dpkg_log_unpacking(l) && unfinished == 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct dpkg_log *l = dpkg_log_new("");
    struct span text = span_make(data, n);
    size_t half = n / 2;
    while (half < n && data[half] != '\n')
        half++;
    half = half < n ? half + 1 : n;
    dpkg_log_parse(l, (struct span){text.p, half});
    check(l);
    dpkg_log_parse(l, (struct span){text.p + half, n - half});
    check(l);
    for (size_t i = 0; i < l->transactions_n; i++)
        if (!dpkg_log_covers(l, l->transactions[i].first_ms) ||
            l->transactions[i].last_ms < l->transactions[i].first_ms)
            abort();
    dpkg_log_free(l);
    return 0;
}

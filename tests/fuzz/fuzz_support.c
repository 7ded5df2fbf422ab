/* The table of when releases end: releases stay within their bound and can be found again, and
 * each problem names its line. */
#include "config/support_file.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void tell(void *ctx, const char *problem)
{
    (void)ctx;
    if (strncmp(problem, "table:", 6) != 0 || problem[6] < '1' || problem[6] > '9')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct support_table t;
    support_table_parse("table", span_make(data, n), tell, NULL, &t);
    if (t.n > SUPPORT_RELEASES_MAX)
        abort();
    for (size_t i = 0; i < t.n; i++) {
        const struct support_release *r = &t.items[i];
        if (support_table_find(&t, r->id, r->codename) != r || !text_is_day(span_of(r->standard)))
            abort();
    }
    support_table_release(&t);
    return 0;
}

/* Suppressions: what is taken is whole and within its bounds, and each problem names the file. */
#include "config/suppress_file.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void tell(void *ctx, const char *problem)
{
    (void)ctx;
    if (strncmp(problem, "table:", 6) != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct suppress_table t;
    suppress_table_parse("table", span_make(data, n), tell, NULL, &t);
    if (t.n > SUPPRESS_MAX)
        abort();
    for (size_t i = 0; i < t.n; i++) {
        const struct suppression *s = &t.items[i];
        if (s->rules_n == 0 || s->rules_n > SUPPRESS_WORDS_MAX ||
            s->fields_n > SUPPRESS_WORDS_MAX || !s->reason || !text_is_day(span_of(s->until)))
            abort();
        suppression_has_expired(s, 1790000000000);
    }
    suppress_table_release(&t);
    return 0;
}

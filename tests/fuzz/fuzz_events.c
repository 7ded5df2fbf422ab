/* Events of files, as `vigia rules test` reads them: whatever they hold, fields stay within the
 * record and its texts can be read. */
#include "cli/events.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct sums {
    size_t events, bytes, line;
};

static size_t add(struct span s)
{
    size_t sum = 0;
    for (size_t i = 0; i < s.n; i++)
        sum += (unsigned char)s.p[i];
    return sum;
}

static void take(void *ctx, const struct record *r, size_t line)
{
    struct sums *s = ctx;
    if (r->fields_n > RECORD_FIELDS_MAX || line < s->line || !r->source)
        abort();
    s->line = line;
    s->events++;
    s->bytes += add(r->message) + add(r->host) + add(r->program) + strlen(r->source);
    for (size_t i = 0; i < r->fields_n; i++)
        s->bytes += add(r->fields[i].name) + add(r->fields[i].value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sums s = {0};
    struct events_counts counts;
    events_parse(span_make(data, n), take, &s, &counts);
    if (counts.events != s.events)
        abort();
    return 0;
}

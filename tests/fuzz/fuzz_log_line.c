/* A log line: the parts lie inside the line, and masking never leaves a secret's value behind. */
#include "event/mask.h"
#include "source/log/syslog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must_be_inside(struct span part, struct span whole)
{
    if (part.n > 0 && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span line = span_make(data, n);
    struct syslog_line out;
    struct syslog_clock clock;
    syslog_clock_init(&clock, 1790000000000, -21600);
    syslog_parse(line, &clock, &out);
    must_be_inside(out.host, line);
    must_be_inside(out.program, line);
    must_be_inside(out.message, line);
    if (out.pid < 0)
        abort();
    struct buf masked = BUF_INIT(n * 4 + 64);
    mask_put(&masked, line);
    if (masked.failed)
        abort();
    buf_release(&masked);
    return 0;
}

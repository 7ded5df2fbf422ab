/* Secrets in free text: whatever stands in front of one, it is hidden, and nothing is added but the
 * stars. */
#include "event/mask.h"

#include "base/span.h"

#include <stdlib.h>

#define STARS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char secret[] = "Zq7xW";
    struct buf text = BUF_INIT(1 << 20), out = BUF_INIT(1 << 22);
    buf_put(&text, data, n);
    if (span_find_span(buf_span(&text), span_of(secret)) == n) {
        buf_put_text(&text, " password=");
        buf_put_text(&text, secret);
        mask_put(&out, buf_span(&text));
        struct span masked = buf_span(&out);
        if (span_find_span(masked, span_of(secret)) != masked.n)
            abort();
        if (masked.n > text.n * (STARS + 1))
            abort();
    }
    buf_release(&text);
    buf_release(&out);
    return 0;
}

/* State that an earlier run, or a damaged disk, has left: counters, positions in logs. */
#include "collect/counters.h"
#include "source/log_position.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span saved = span_make(data, n);
    struct counters counters = {0}, again = {0};
    struct log_position position;
    struct buf text = BUF_INIT(1 << 20);
    counters_load(&counters, saved);
    counters_save(&counters, &text);
    counters_load(&again, buf_span(&text));
    if (text.failed || again.sequence != counters.sequence || again.reasons_n != counters.reasons_n)
        abort();
    buf_clear(&text);
    if (log_position_load(saved, &position)) {
        log_position_save(&position, &text);
        if (position.head_n > FINGERPRINT_MAX)
            abort();
    }
    buf_release(&text);
    return 0;
}

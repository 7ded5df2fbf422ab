/* The times that the center answers: a date's time of day is what the text says, a pause never
 * longer than allowed. */
#include "ship/http_time.h"

#include "base/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text = span_make(data, n);
    int64_t wall_ms, pause_ms;
    bool date = http_date_parse(text, &wall_ms);
    if (date) {
        char time[TEXT_TIME_SIZE];
        const char *clock = span_trim(text).p + 17;
        text_time(wall_ms, time);
        if (wall_ms < 0 || (memcmp(clock + 6, "60", 2) != 0 && memcmp(time + 11, clock, 8) != 0))
            abort();
    }
    static const int64_t now_ms[] = {0, 784111777000, INT64_MAX / 2};
    for (size_t i = 0; i < 3; i++) {
        bool pause = retry_after_parse(text, now_ms[i], &pause_ms);
        if (pause ? pause_ms < 0 || pause_ms > RETRY_AFTER_MAX_MS : date)
            abort();
    }
    return 0;
}

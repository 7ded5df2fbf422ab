/* Times that the center's answers name: never behind the limits, whatever stands there. */
#include "ship/http_time.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    int64_t at = 0, pause = 0;
    struct span text = span_make(data, n);
    if (http_date_parse(text, &at) && at < 0)
        abort();
    if (retry_after_parse(text, 1790000000000, &pause) && (pause < 0 || pause > RETRY_AFTER_MAX_MS))
        abort();
    return 0;
}

/* What the change journal of a volume of Windows gives at once. */
#include "platform/common/usn_record.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct usn_record record;
    int64_t next;
    size_t at = USN_RECORD_HEAD, before = at;
    if (usn_record_next_number(data, n, &next) != 0)
        return 0;
    while (usn_record_take(data, n, &at, &record) == 1) {
        if (at <= before || at > n || record.change.path[0] == '\0' ||
            strlen(record.change.path) > (size_t)255 * 3)
            abort();
        before = at;
    }
    return 0;
}

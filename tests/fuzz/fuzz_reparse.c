/* What a reparse point of Windows holds. The target fits, ends where it says and holds no other
 * end. */
#include "platform/common/reparse.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const size_t sizes[] = {8, 4096};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *out = malloc(sizes[i]);
        int length = reparse_target(data, n, out, sizes[i]);
        if (length == 0 || (length > 0 && strlen(out) != (size_t)length))
            abort();
        free(out);
    }
    return 0;
}

/* Names of batches, as found in folders that others write: what is taken is written back the same.
 */
#include "spool/outbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct batch_name name;
    char text[BATCH_NAME_SIZE];
    struct span given = span_make(data, n);
    if (!batch_name_parse(given, &name))
        return 0;
    batch_name_format(&name, text);
    if (!span_equal_text(given, text) || name.seq == 0)
        abort();
    return 0;
}

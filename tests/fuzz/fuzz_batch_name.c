/* Names of batches, as found in folders that others write, and of journals: what is taken is
 * written back the same. */
#include "spool/journal.h"
#include "spool/outbox.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct batch_name name;
    uint64_t seq;
    char text[BATCH_NAME_SIZE];
    struct span given = span_make(data, n);
    if (journal_name_parse(given, &seq)) {
        journal_path(text, sizeof(text), "x", seq);
        if (!span_equal_text(given, text + 2) || seq == 0)
            abort();
    }
    if (!batch_name_parse(given, &name))
        return 0;
    batch_name_format(&name, text);
    if (!span_equal_text(given, text) || name.seq == 0)
        abort();
    return 0;
}

/* Any file with a private key: the block that may be wrapped is found, or refused, in its bounds.
 */
#include "trust/identity.h"
#include "trust/sealed.h"

#include "platform/seal.h"

#define TEXT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A double that opens everything. */
int seal_unwrap(const void *wrapped, size_t n, void *out, size_t size)
{
    if (n > size)
        return -1;
    memcpy(out, wrapped, n);
    return (int)n;
}

int seal_wrap(const void *secret, size_t n, void *out, size_t size)
{
    return seal_unwrap(secret, n, out, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf text = BUF_INIT(TEXT_MAX), again = BUF_INIT(2 * TEXT_MAX);
    buf_put(&text, data, size);
    if (!text.failed && sealed_open(&text) == 0) {
        sealed_put(&again, buf_span(&text));
        if (text.n < 4096 && sealed_open(&again) == 0 && again.n < text.n)
            abort(); /* what is written is read back whole */
    }
    trust_wipe(&text);
    trust_wipe(&again);
    return 0;
}

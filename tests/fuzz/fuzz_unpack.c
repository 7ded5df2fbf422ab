/* Compressed streams, whole or broken: never more than the room there is, and always an end. The
 * first byte chooses the kind. */
#include "platform/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#define TEXT_MAX (64u << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char room[4096];
    struct unpack *u;
    if (n == 0 || unpack_open(data[0] % (UNPACK_ZSTD + 1), &u) != 0)
        return 0;
    const void *from = data + 1;
    size_t left = n - 1, text = 0;
    for (;;) {
        size_t before = left;
        int64_t got = unpack_step(u, &from, &left, room, sizeof(room));
        if (got > (int64_t)sizeof(room) || left > before)
            abort();
        if (got < 0 || (got == 0 && left == before) || (text += (size_t)got) > TEXT_MAX)
            break;
    }
    (void)unpack_is_whole(u);
    unpack_close(u);
    return 0;
}

#include "platform/random.h"

#include <errno.h>
#include <windows.h>

#include <bcrypt.h>

int random_fill(void *out, size_t n)
{
    for (size_t done = 0; done < n;) {
        ULONG piece = n - done < (1u << 30) ? (ULONG)(n - done) : 1u << 30;
        if (BCryptGenRandom(NULL, (UCHAR *)out + done, piece, BCRYPT_USE_SYSTEM_PREFERRED_RNG) != 0)
            return -EIO;
        done += piece;
    }
    return 0;
}

#include "platform/random.h"

#include <errno.h>
#include <unistd.h>

#define PIECE_MAX 256 /* what getentropy gives at once */

int random_fill(void *out, size_t n)
{
    for (size_t done = 0; done < n;) {
        size_t piece = n - done < PIECE_MAX ? n - done : PIECE_MAX;
        if (getentropy((char *)out + done, piece) == 0)
            done += piece;
        else if (errno != EINTR)
            return -errno;
    }
    return 0;
}

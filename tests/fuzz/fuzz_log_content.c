/* A rotated log, packed or said to be: what is read forward in pieces is what is read at
 * once, memory and work stay bounded. */
#include "base/mem.h"
#include "source/log/content.h"

#include <sys/mman.h>
#include <unistd.h>

#define MOST (8u << 20) /* of what it unpacks to */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static bool open_input(struct log_content *c, const uint8_t *data, size_t n)
{
    int fd = memfd_create("log", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, n) != (ssize_t)n)
        abort();
    return log_content_take(c, fd) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static char block[LOG_CONTENT_BLOCK], again[LOG_CONTENT_BLOCK];
    struct log_content c, other;
    size_t step = n > 0 ? 1 + data[n - 1] * 257u : 1;
    uint64_t at = 0;
    int64_t got;
    if (!open_input(&c, data, n) || !open_input(&other, data, n))
        return 0;
    while (at < MOST && (got = log_content_read_at(&c, at, block, sizeof(block))) > 0) {
        size_t part = step < (size_t)got ? step : (size_t)got;
        if (log_content_skip(&other, at, MOST) != 0 ||
            log_content_read_at(&other, at, again, part) != (int64_t)part ||
            memcmp(block, again, part) != 0)
            abort();
        at += (uint64_t)got;
    }
    if (at > 0 && (log_content_read_at(&c, 0, again, 1) != 1 || log_content_size(&c) == 0))
        abort();
    log_content_close(&c);
    log_content_close(&other);
    return 0;
}

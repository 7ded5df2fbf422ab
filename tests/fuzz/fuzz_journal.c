/* A journal found at the start: what stands before its end can be replayed again, to the same
 * lines. */
#include "spool/journal.h"

#include "spool/crc.h"

#include <sys/mman.h>
#include <unistd.h>

struct seen {
    uint64_t lines;
    uint64_t bytes;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* In place of the real one: no input would get past a checksum otherwise. */
uint32_t crc_of(struct span data)
{
    (void)data;
    return 0;
}

static void take_line(void *ctx, const uint8_t uid[16], bool urgent, struct span line)
{
    struct seen *seen = ctx;
    seen->lines++;
    seen->bytes += uid[0] + urgent;
    for (size_t i = 0; i < line.n; i++)
        seen->bytes += (unsigned char)line.p[i];
}

static void take_state(void *ctx, uint8_t table, struct span key, struct span value)
{
    struct seen *seen = ctx;
    seen->bytes += table + key.n + (value.p ? value.n : 1);
}

static struct seen replay(int fd, struct journal_end *end)
{
    struct seen seen = {0};
    const struct journal_reader reader = {&seen, NULL, take_line, take_state, NULL};
    if (journal_replay(fd, &reader, end) != 0 || end->good > end->size)
        abort();
    return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct journal_end first, second;
    int fd = memfd_create("journal", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, n) != (ssize_t)n)
        abort();
    struct seen before = replay(fd, &first);
    if (ftruncate(fd, (off_t)first.good) != 0)
        abort();
    struct seen after = replay(fd, &second);
    if (second.damaged || second.good != first.good || before.lines != after.lines ||
        before.bytes != after.bytes)
        abort();
    close(fd);
    return 0;
}

/* A journal as found after a crash: what is whole is read, and stays the same once the rest is cut
 * off. */
#include "spool/crc.h"
#include "spool/journal.h"

#include "base/sha256.h"
#include "unit/scratch.h"

#define MAGIC       "\xf7\x56\xca\xfe"
#define HEADER_SIZE 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);

static void put_u32(uint8_t *at, size_t v)
{
    for (size_t i = 0; i < 4; i++)
        at[i] = (uint8_t)(v >> 8 * i);
}

/* Right lengths and checksums, which no fuzzer would find: a frame ends where the next begins. */
static void mend(uint8_t *data, size_t n)
{
    struct span magic = span_make(MAGIC, 4);
    size_t at = span_find_span(span_make(data, n), magic);
    while (n - at >= HEADER_SIZE) {
        struct span rest = span_make(data + at + HEADER_SIZE, n - at - HEADER_SIZE);
        struct span payload = {rest.p, span_find_span(rest, magic)};
        put_u32(data + at + 4, payload.n);
        put_u32(data + at + 8, crc_of(payload));
        at += HEADER_SIZE + payload.n;
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    n = LLVMFuzzerMutate(data, n, max);
    if (seed % 4 > 0)
        mend(data, n);
    return n;
}

static void take_stream(void *ctx, struct span stream)
{
    sha256_update(ctx, stream.p, stream.n);
}

static void take_line(void *ctx, const uint8_t uid[16], bool urgent, struct span line)
{
    sha256_update(ctx, uid, 16);
    sha256_update(ctx, &urgent, sizeof(urgent));
    sha256_update(ctx, line.p, line.n);
}

static void take_state(void *ctx, uint8_t table, struct span key, struct span value)
{
    sha256_update(ctx, &table, sizeof(table));
    sha256_update(ctx, key.p, key.n);
    sha256_update(ctx, value.p ? value.p : "", value.n);
}

static void take_known(void *ctx, const uint8_t uid[16])
{
    sha256_update(ctx, uid, 16);
}

static struct journal_end replay(file_t file, uint8_t digest[SHA256_SIZE])
{
    struct sha256 s;
    struct journal_end end;
    struct journal_reader r = {&s, take_stream, take_line, take_state, take_known};
    sha256_init(&s);
    if (journal_replay(file, &r, &end) != 0 || end.good > end.size)
        abort();
    sha256_final(&s, digest);
    return end;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static file_t file = FILE_NONE;
    uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
    if (file == FILE_NONE) {
        char path[300];
        scratch_open();
        snprintf(path, sizeof(path), "%s/open-1.journal", scratch_path());
        if (file_open_rw(path, 0600, &file) != 0)
            abort();
        scratch_close(); /* the file lives on without a name */
    }
    if (file_truncate(file, 0) != 0 || file_write_at(file, 0, data, n) != 0)
        abort();
    struct journal_end end = replay(file, before);
    if (end.size != n || file_truncate(file, end.good) != 0)
        abort();
    struct journal_end again = replay(file, after);
    if (again.good != end.good || again.damaged || memcmp(before, after, sizeof(before)) != 0)
        abort();
    return 0;
}

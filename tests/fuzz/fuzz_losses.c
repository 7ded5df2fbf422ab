/* The record of what was given up, in its two slots: whatever the file holds, one more loss is
 * recorded and found again. The input is the file, zeros behind it. */
#include "spool/crc.h"
#include "spool/losses.h"
#include "spool/slots.h"

#include "unit/scratch.h"

#define SLOT_SIZE   4096
#define HEADER_SIZE 20

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed);
__attribute__((weak)) size_t LLVMFuzzerMutate(uint8_t *data, size_t n, size_t max);

/* The right checksum, which no fuzzer would find. */
static void mend(uint8_t *data, size_t n)
{
    uint8_t slot[SLOT_SIZE] = {0};
    uint32_t length = 0, crc;
    memcpy(slot, data, n < SLOT_SIZE ? n : SLOT_SIZE);
    struct span field = span_make(slot + 16, 4);
    span_take_u32(&field, &length);
    if (n < HEADER_SIZE || length > SLOT_SIZE - HEADER_SIZE)
        return;
    crc = crc_of(span_make(slot + 8, HEADER_SIZE - 8 + length));
    memcpy(data, "VSLT", 4);
    for (int i = 0; i < 4; i++)
        data[4 + i] = (uint8_t)(crc >> 8 * i);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max, unsigned seed)
{
    n = LLVMFuzzerMutate(data, n, max < 2 * SLOT_SIZE ? max : 2 * SLOT_SIZE);
    if (seed % 4 > 0)
        mend(data, n);
    if (seed % 4 > 1 && n > SLOT_SIZE)
        mend(data + SLOT_SIZE, n - SLOT_SIZE);
    return n;
}

/* Written over, so that the file need not be made anew each time. */
static void write_file(const uint8_t *data, size_t n)
{
    static file_t file = FILE_NONE;
    char path[300], slots[2 * SLOT_SIZE] = {0};
    if (file == FILE_NONE) {
        scratch_open();
        atexit(scratch_close);
        snprintf(path, sizeof(path), "%s/losses", scratch_path());
        if (file_open_rw(path, 0600, &file) != 0)
            abort();
    }
    memcpy(slots, data, n < sizeof(slots) ? n : sizeof(slots));
    if (file_write_at(file, 0, slots, sizeof(slots)) != 0)
        abort();
}

static void check(const struct losses *l)
{
    if (l->n > SPOOL_LOSSES_MAX)
        abort();
    for (size_t i = 0; i < l->n; i++)
        if (!memchr(l->at[i].reason, '\0', sizeof(l->at[i].reason)))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct losses l, again;
    write_file(data, n);
    if (losses_open(&l, scratch_path(), "1a2b3c4d") != 0)
        abort();
    check(&l);
    if (losses_record(&l, 1000, 1001, 1, "space") != 0)
        abort();
    check(&l);
    losses_close(&l);
    if (losses_open(&again, scratch_path(), "1a2b3c4d") != 0)
        abort();
    losses_close(&again);
    if (again.n != l.n || memcmp(again.at, l.at, l.n * sizeof(l.at[0])) != 0)
        abort();
    return 0;
}

#include "spool/slots.h"

#include "spool/crc.h"

#include <errno.h>
#include <stdio.h>

#define SLOT_SIZE   4096
#define SLOT_MAGIC  0x544c5356u /* "VSLT" */
#define CHECKED_AT  8           /* behind magic and checksum */
#define HEADER_SIZE 20          /* magic, checksum, generation (u64), length of the data */
#define PATH_SIZE   4400

static bool is_blank(const char slot[SLOT_SIZE])
{
    for (size_t i = 0; i < SLOT_SIZE; i++)
        if (slot[i] != '\0')
            return false;
    return true;
}

static bool parse(const char slot[SLOT_SIZE], uint64_t *generation, struct span *data)
{
    uint32_t magic, crc, n;
    struct span rest = {slot, SLOT_SIZE};
    if (!span_take_u32(&rest, &magic) || !span_take_u32(&rest, &crc) ||
        !span_take_u64(&rest, generation) || !span_take_u32(&rest, &n))
        return false;
    return magic == SLOT_MAGIC && n <= SLOT_DATA_MAX && span_take(&rest, n, data) &&
           crc == crc_of((struct span){slot + CHECKED_AT, HEADER_SIZE - CHECKED_AT + n});
}

static int read_newest(struct slots *s, struct buf *out)
{
    char slot[SLOT_SIZE];
    bool found = false;
    for (uint64_t i = 0; i < 2; i++) {
        uint64_t generation;
        struct span data;
        int64_t got = file_read_at(s->file, i * SLOT_SIZE, slot, SLOT_SIZE);
        if (got < 0)
            return (int)got;
        if (got == SLOT_SIZE && parse(slot, &generation, &data) && generation < UINT64_MAX) {
            if (found && generation < s->generation)
                continue;
            found = true;
            s->generation = generation;
            buf_clear(out);
            buf_put_span(out, data);
        } else if (got != SLOT_SIZE || !is_blank(slot)) {
            s->torn = true;
        }
    }
    return found ? 0 : -ENOENT;
}

int slots_open(struct slots *s, const char *folder, const char *name, struct buf *out)
{
    static const char blank[2 * SLOT_SIZE];
    char path[PATH_SIZE];
    struct file_info info;
    *s = (struct slots){.file = FILE_NONE};
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int rc = file_info_at(path, &info);
    if (rc == -ENOENT || (rc == 0 && info.size != sizeof(blank)))
        rc = file_replace(folder, name, blank, sizeof(blank), 0600);
    if (rc == 0)
        rc = file_open_rw(path, 0600, &s->file);
    return rc == 0 ? read_newest(s, out) : rc;
}

int slots_write(struct slots *s, struct span data)
{
    if (data.n > SLOT_DATA_MAX)
        return -EMSGSIZE;
    struct buf slot = BUF_INIT(SLOT_SIZE), checked = BUF_INIT(SLOT_SIZE);
    buf_put_u64(&checked, s->generation + 1);
    buf_put_u32(&checked, (uint32_t)data.n);
    buf_put_span(&checked, data);
    buf_put_u32(&slot, SLOT_MAGIC);
    buf_put_u32(&slot, crc_of(buf_span(&checked)));
    buf_put_span(&slot, buf_span(&checked));
    uint64_t at = (s->generation + 1) % 2 * SLOT_SIZE;
    int rc = slot.failed || checked.failed ? -ENOMEM : file_write_at(s->file, at, slot.p, slot.n);
    if (rc == 0)
        rc = file_sync(s->file);
    if (rc == 0)
        s->generation++;
    buf_release(&slot);
    buf_release(&checked);
    return rc;
}

void slots_close(struct slots *s)
{
    file_close(s->file);
    s->file = FILE_NONE;
}

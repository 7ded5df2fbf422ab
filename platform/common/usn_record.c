#include "platform/common/usn_record.h"

#include "platform/common/wtf8.h"

#include <errno.h>
#include <string.h>

#define EPOCH_100NS    116444736000000000ll /* 1970 in ticks since 1601 */
#define DIRECTORY      0x10u                /* FILE_ATTRIBUTE_DIRECTORY */
#define LEAST          8                    /* u32 length, u16 version, u16 minor version */
#define NAME_MAX_UNITS 255

static uint64_t number(const unsigned char *p, size_t bytes)
{
    uint64_t v = 0;
    for (size_t i = bytes; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

int usn_record_next_number(const unsigned char *data, size_t n, int64_t *next)
{
    if (n < USN_RECORD_HEAD)
        return -EIO;
    *next = (int64_t)number(data, 8);
    return 0;
}

static int64_t wall_ms(int64_t ticks)
{
    return ticks < EPOCH_100NS ? 0 : (ticks - EPOCH_100NS) / 10000;
}

/* Behind the numbers of file and folder (8 bytes each, in version 3 16): i64 its own number, i64
 * time, u32 reason, u32 source, u32 security, u32 attributes, u16 length and u16 offset of the
 * name. */
static int read_record(const unsigned char *r, size_t n, struct usn_record *out)
{
    size_t id = out->wide ? 16 : 8, rest = 8 + 2 * id, least = rest + 36;
    if (n < least)
        return -EIO;
    size_t length = (size_t)number(r + rest + 32, 2), at = (size_t)number(r + rest + 34, 2);
    if (at < least || length == 0 || length % 2 != 0 || length / 2 > NAME_MAX_UNITS ||
        at + length > n)
        return -EIO;
    memset(out->folder, 0, sizeof(out->folder));
    memcpy(out->folder, r + 8 + id, id);
    out->change.time_ms = wall_ms((int64_t)number(r + rest + 8, 8));
    out->change.reason = (uint32_t)number(r + rest + 16, 4);
    out->change.folder = (number(r + rest + 28, 4) & DIRECTORY) != 0;
    int used = wtf8_of_utf16(r + at, length / 2, out->change.path, sizeof(out->change.path));
    return used > 0 && strlen(out->change.path) == (size_t)used ? 1 : -EIO;
}

int usn_record_take(const unsigned char *data, size_t n, size_t *at, struct usn_record *out)
{
    while (*at < n) {
        const unsigned char *r = data + *at;
        if (n - *at < LEAST)
            return -EIO;
        uint64_t length = number(r, 4), version = number(r + 4, 2);
        if (length < LEAST || length % 8 != 0 || length > n - *at)
            return -EIO;
        *at += (size_t)length;
        out->wide = version == 3;
        if (version == 2 || version == 3)
            return read_record(r, (size_t)length, out);
    }
    return 0;
}

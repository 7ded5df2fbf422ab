#include "platform/common/reparse.h"

#include "platform/common/wtf8.h"

#include <errno.h>
#include <string.h>

#define JUNCTION 0xa0000003u
#define SYMLINK  0xa000000cu
#define HEAD     8 /* u32 tag, u16 length of what follows, u16 */

static size_t u16(const unsigned char *p)
{
    return (size_t)p[0] | (size_t)p[1] << 8;
}

static uint32_t u32(const unsigned char *p)
{
    return (uint32_t)(u16(p) | u16(p + 2) << 16);
}

/* Behind the head: u16 offset and u16 length of the name to use, the same of the name to show, for
 * symbolic links u32 flags; then the names, UTF-16, in bytes from their start. */
int reparse_target(const unsigned char *data, size_t n, char *out, size_t size)
{
    static const char kernel[] = "\\??\\";
    if (n < HEAD)
        return -EIO;
    uint32_t tag = u32(data);
    if (tag != JUNCTION && tag != SYMLINK)
        return -EINVAL;
    size_t names = HEAD + (tag == SYMLINK ? 12u : 8u), end = HEAD + u16(data + 4);
    if (end > n || names > end)
        return -EIO;
    size_t at = names + u16(data + 8), length = u16(data + 10);
    if (length == 0 || length % 2 != 0 || at + length > end)
        return -EIO;
    int used = wtf8_of_utf16(data + at, length / 2, out, size);
    if (used < 0)
        return used;
    if (strlen(out) != (size_t)used)
        return -EIO;
    if (strncmp(out, kernel, sizeof(kernel) - 1) == 0)
        out[1] = '\\';
    return used;
}

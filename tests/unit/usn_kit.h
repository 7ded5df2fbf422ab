/* Puts together what FSCTL_READ_USN_JOURNAL gives, as winioctl.h describes it. */
#ifndef UNIT_USN_KIT_H
#define UNIT_USN_KIT_H

#include <stddef.h>
#include <stdint.h>

#define USN_KIT_EPOCH 116444736000000000ull /* 1970 in ticks since 1601 */

struct usn_kit {
    size_t n;
    unsigned char data[8192];
};

static inline void usn_kit_put(struct usn_kit *k, uint64_t value, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        k->data[k->n++] = (unsigned char)(value >> 8 * i);
}

/* next: the number behind the records. */
static inline void usn_kit_begin(struct usn_kit *k, int64_t next)
{
    k->n = 0;
    usn_kit_put(k, (uint64_t)next, 8);
}

/* version 2 or 3; name: Latin-1. */
static inline void usn_kit_add(struct usn_kit *k, unsigned version, uint64_t folder,
                               uint32_t reason, uint32_t attributes, int64_t time_ms,
                               const char *name)
{
    size_t id = version == 3 ? 16 : 8, begin = k->n, length = 0;
    while (name[length])
        length++;
    size_t whole = (8 + 2 * id + 36 + 2 * length + 7) / 8 * 8;
    usn_kit_put(k, whole, 4);
    usn_kit_put(k, version, 2);
    usn_kit_put(k, 0, 2);
    usn_kit_put(k, 4711, 8);
    usn_kit_put(k, 0, id - 8);
    usn_kit_put(k, folder, 8);
    usn_kit_put(k, 0, id - 8);
    usn_kit_put(k, 1000 + begin, 8);
    usn_kit_put(k, (uint64_t)time_ms * 10000 + USN_KIT_EPOCH, 8);
    usn_kit_put(k, reason, 4);
    usn_kit_put(k, 0, 8);
    usn_kit_put(k, attributes, 4);
    usn_kit_put(k, 2 * length, 2);
    usn_kit_put(k, 8 + 2 * id + 36, 2);
    for (size_t i = 0; i < length; i++)
        usn_kit_put(k, (unsigned char)name[i], 2);
    usn_kit_put(k, 0, begin + whole - k->n);
}

#endif

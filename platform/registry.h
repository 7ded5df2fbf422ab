/*
 * The registry of Windows, read only. A path is written as the field writes it: the hive, then keys
 * with backslashes between them, "HKLM\\SOFTWARE\\Microsoft". Hives are HKLM and HKU; the others
 * are views of these. Names are UTF-8 as in platform/file.h (a lone surrogate in three bytes);
 * upper and lower case mean the same. Other systems have no registry: registry_open says -ENOSYS.
 *
 * Functions return 0 (or what is said) on success and a negative errno value on failure: -ENOENT
 * what is not there, -EACCES what may not be read. A key that is open belongs to one thread.
 */
#ifndef PLATFORM_REGISTRY_H
#define PLATFORM_REGISTRY_H

#include "platform/poll.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REGISTRY_PATH_MAX 4096          /* of a path, with its end */
#define REGISTRY_NAME_MAX (255 * 3 + 1) /* of a key, with its end; of Windows' documentation */
#define REGISTRY_DATA_MAX                                                                          \
    (64 * 1024) /* of a value; what is longer is cut, size says how long it is */
#define REGISTRY_READ_MAX (1 << 20) /* nothing is read of what is longer than this: n is 0 */

/* What a 64-bit program sees, or a 32-bit one (WOW6432Node). */
enum registry_view { REGISTRY_64, REGISTRY_32 };

enum registry_type { /* the numbers of Windows */
                     REGISTRY_NONE = 0,
                     REGISTRY_SZ = 1,
                     REGISTRY_EXPAND_SZ = 2,
                     REGISTRY_BINARY = 3,
                     REGISTRY_DWORD = 4,
                     REGISTRY_DWORD_BIG_ENDIAN = 5,
                     REGISTRY_LINK = 6,
                     REGISTRY_MULTI_SZ = 7,
                     REGISTRY_QWORD = 11
};

struct registry_value {
    char name[REGISTRY_NAME_MAX]; /* "" is the default value's; longer ones are cut; a NUL in it is
                                     "\1" */
    uint32_t type;                /* enum registry_type, or a number nobody knows */
    uint32_t size;                /* bytes there are */
    const uint8_t *data; /* as stored (text: UTF-16LE); n bytes, until the key's next call */
    uint32_t n;
    /* SZ, EXPAND_SZ and LINK: the text without its end; MULTI_SZ: its parts, each ended by a
     * newline; otherwise "". Valid like data. */
    const char *text;
    uint64_t number; /* DWORD, DWORD_BIG_ENDIAN and QWORD; otherwise 0 */
};

struct registry_info {
    uint32_t subkeys, values;
    int64_t written_ms; /* wall clock; of the key's values and subkeys, not of what lies deeper */
};

struct registry_key;

int registry_open(const char *path, enum registry_view view, struct registry_key **out);
int registry_open_at(const struct registry_key *key, const char *name, struct registry_key **out);
void registry_close(struct registry_key *key); /* NULL does nothing */

int registry_info(const struct registry_key *key, struct registry_info *out);
/* By their number from 0, in an order that holds as long as nothing changes: 1, 0 after the last.
 */
int registry_subkey(const struct registry_key *key, uint32_t i, char *name, size_t size);
int registry_value(struct registry_key *key, uint32_t i, struct registry_value *out);
int registry_get(struct registry_key *key, const char *name, struct registry_value *out);
/* Owner, group and access list as SDDL text (Microsoft's, "O:BAG:SYD:..."). */
int registry_security(const struct registry_key *key, char *out, size_t size);

/*
 * Watching: one thing to wait on for many keys. It is ready from the first change at or below one
 * of them on, until it is reset; which key it was it does not say. A key that is not there is
 * waited for: the nearest one above it tells when keys come or go right below it.
 */
struct registry_watch;
int registry_watch_open(struct registry_watch **out);
void registry_watch_close(struct registry_watch *w); /* NULL does nothing */
/* -EACCES and the like: this one is not watched. */
int registry_watch_add(struct registry_watch *w, const char *path, enum registry_view view);
/* Forgets the keys and the change; what is to be watched on is added anew, before it is read. */
void registry_watch_reset(struct registry_watch *w);
bool registry_watch_ready(const struct registry_watch *w);
wait_t registry_watch_wait(const struct registry_watch *w);

#endif

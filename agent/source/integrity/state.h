/*
 * What the baseline knows of one file, how it is stored, and what differs between two such states.
 *
 * A record in STORE_BASELINE, under the id of its folder (20 bytes) and its name, both as the
 * system compares them (a name of more than 255 bytes: its first 190, "/" and the digits of its
 * SHA-256), is
 *
 *   u8 version (1), u8 type (enum file_type), u16 mode, u32 uid, u32 gid, u64 size, u64 mtime_ns,
 *   u64 ctime_ns, u64 dev, u64 ino, u32 hashed (seconds since 1970, 0: no hash), then attributes
 *   { u8 tag, u16 length, bytes }: 1 SHA-256 of the content, 2 target of a link, 3 what
 *   attributes.h keeps (empty: read, and there were none), 4 u8 flags, if any (file.h), 5 the name
 *   as it is spelled, where the key has it otherwise: in another case (platform/spelling.h), or
 *   not whole
 *
 * little-endian; attributes with other tags are skipped, so that later versions may add some.
 */
#ifndef SOURCE_INTEGRITY_STATE_H
#define SOURCE_INTEGRITY_STATE_H

#include "base/buf.h"
#include "base/span.h"
#include "platform/file.h"
#include "source/integrity/attributes.h"

#include <stdbool.h>
#include <stdint.h>

#define INTEGRITY_ID_SIZE  20
#define INTEGRITY_NAME_MAX (255 * 3) /* bytes: Windows has 255 units of UTF-16 */
#define INTEGRITY_KEY_MAX  (INTEGRITY_ID_SIZE + 255)
#define INTEGRITY_PATH_MAX 4096
#define INTEGRITY_RECORD_MAX                                                                       \
    (64 + 3 + 32 + 3 + INTEGRITY_PATH_MAX + 3 + INTEGRITY_ATTRIBUTES_MAX + 3 + 1 + 3 +             \
     INTEGRITY_NAME_MAX)

struct integrity_state {
    struct file_info info; /* nlink is not kept */
    bool has_sha256;
    uint8_t sha256[32];
    uint32_t hashed_s;  /* when the content was read last */
    struct span target; /* borrowed: from the record, or from the reader's buffer */
    bool has_attributes;
    struct span attributes; /* borrowed too */
    struct span name;       /* borrowed too; empty: as in the key. Set by integrity_state_name */
};

void integrity_state_encode(struct buf *out, const struct integrity_state *s);
/* False on anything that is no such record; *s borrows from record. */
bool integrity_state_decode(struct span record, struct integrity_state *s);

struct integrity_key {
    size_t n;
    char bytes[INTEGRITY_KEY_MAX];
};

/* However the path is spelled: four numbers of 16 bits made of the first four parts of the path, so
 * that neighbours on disk are neighbours in the store and a scan reads it from front to back, and
 * 96 bits of the path's SHA-256, so that no two folders are one. */
void integrity_folder_id(struct span folder, uint8_t out[INTEGRITY_ID_SIZE]);
/* However the name is spelled. False when it cannot be a key: empty or too long. */
bool integrity_key_make(struct integrity_key *k, const uint8_t folder[INTEGRITY_ID_SIZE],
                        struct span name);
static inline struct span integrity_key_span(const struct integrity_key *k)
{
    return (struct span){k->bytes, k->n};
}
static inline struct span integrity_key_name(const struct integrity_key *k)
{
    return (struct span){k->bytes + INTEGRITY_ID_SIZE, k->n - INTEGRITY_ID_SIZE};
}
/* The key of a path: its folder and its last part. */
bool integrity_key_of_path(struct integrity_key *k, struct span path);
/* To be called before a state is kept. */
void integrity_state_name(struct integrity_state *s, const struct integrity_key *k,
                          struct span path);
/* What stands before the last slash ("" for an entry of the root folder), and behind it. */
void integrity_path_split(struct span path, struct span *folder, struct span *name);

enum integrity_change { /* bits */
                        INTEGRITY_CREATED = 1,
                        INTEGRITY_DELETED = 2,
                        INTEGRITY_TYPE = 4,
                        INTEGRITY_CONTENT = 8, /* by hash, or by size and time where there is none;
                                                  a link's target */
                        INTEGRITY_MODE = 16,
                        INTEGRITY_OWNER = 32,
                        INTEGRITY_TIMES = 64,    /* of modification */
                        INTEGRITY_SETUID = 128,  /* setuid or setgid came with it */
                        INTEGRITY_RENAMED = 256, /* set by who knows of both names */
                        INTEGRITY_CAPABILITIES = 512,
                        INTEGRITY_GAINED = 1024, /* capabilities came with it */
                        INTEGRITY_ACL = 2048,
                        INTEGRITY_XATTR = 4096,     /* another attribute of security: a label */
                        INTEGRITY_FLAGS = 8192,     /* immutable, append only; hidden ... */
                        INTEGRITY_STREAM = 1 << 14, /* an alternate data stream */
                        INTEGRITY_HIDDEN_PROGRAM = 1 << 15, /* one with a program came with it */
                        INTEGRITY_UNTOLD = 1 << 16, /* only what nobody is told: inode, time of
                                                       change, hashed again */
};

/* Bits that let a program do what who runs it may not. */
#define INTEGRITY_PRIVILEGE (INTEGRITY_SETUID | INTEGRITY_GAINED)
/* Bits of who may do what with it. */
#define INTEGRITY_SECURITY                                                                         \
    (INTEGRITY_MODE | INTEGRITY_OWNER | INTEGRITY_PRIVILEGE | INTEGRITY_CAPABILITIES |             \
     INTEGRITY_ACL | INTEGRITY_XATTR | INTEGRITY_FLAGS)

/* NULL stands for "not there". 0: nothing differs. */
unsigned integrity_compare(const struct integrity_state *before,
                           const struct integrity_state *after);
/* Whether the file need not be opened: what stat says is what the record says. */
bool integrity_stat_equal(const struct integrity_state *s, const struct file_info *info);

#endif

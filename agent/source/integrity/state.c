#include "source/integrity/state.h"

#include "base/hex.h"
#include "base/sha256.h"
#include "platform/spelling.h"

#define VERSION        1
#define TAG_SHA256     1
#define TAG_TARGET     2
#define TAG_ATTRIBUTES 3
#define TAG_FLAGS      4
#define TAG_NAME       5

#define NEAR_PARTS 4 /* of a path, that its id begins with */

#define NAME_IN_KEY (INTEGRITY_KEY_MAX - INTEGRITY_ID_SIZE)
#define LONG_KEPT   (NAME_IN_KEY - 1 - 2 * SHA256_SIZE)

#define SETUID_BITS 06000u

static void put_u16(struct buf *b, uint32_t v)
{
    buf_put_byte(b, (char)(v & 0xff));
    buf_put_byte(b, (char)(v >> 8 & 0xff));
}

static void put_attribute(struct buf *b, uint8_t tag, struct span value)
{
    buf_put_byte(b, (char)tag);
    put_u16(b, (uint32_t)value.n);
    buf_put_span(b, value);
}

void integrity_state_encode(struct buf *out, const struct integrity_state *s)
{
    uint8_t flags = (uint8_t)s->info.flags;
    buf_put_byte(out, VERSION);
    buf_put_byte(out, (char)s->info.type);
    put_u16(out, s->info.mode);
    buf_put_u32(out, s->info.uid);
    buf_put_u32(out, s->info.gid);
    buf_put_u64(out, s->info.size);
    buf_put_u64(out, (uint64_t)s->info.mtime_ns);
    buf_put_u64(out, (uint64_t)s->info.ctime_ns);
    buf_put_u64(out, s->info.dev);
    buf_put_u64(out, s->info.ino);
    buf_put_u32(out, s->hashed_s);
    if (s->has_sha256)
        put_attribute(out, TAG_SHA256, span_make(s->sha256, sizeof(s->sha256)));
    if (s->target.n > 0 && s->target.n < INTEGRITY_PATH_MAX)
        put_attribute(out, TAG_TARGET, s->target);
    if (s->has_attributes && s->attributes.n <= INTEGRITY_ATTRIBUTES_MAX)
        put_attribute(out, TAG_ATTRIBUTES, s->attributes);
    if (flags)
        put_attribute(out, TAG_FLAGS, span_make(&flags, 1));
    if (s->name.n > 0 && s->name.n <= INTEGRITY_NAME_MAX)
        put_attribute(out, TAG_NAME, s->name);
}

static bool take_small(struct span *rest, size_t n, uint32_t *out)
{
    struct span bytes;
    if (!span_take(rest, n, &bytes))
        return false;
    *out = 0;
    for (size_t i = n; i-- > 0;)
        *out = *out << 8 | (uint8_t)bytes.p[i];
    return true;
}

static bool take_i64(struct span *rest, int64_t *out)
{
    uint64_t v;
    bool fine = span_take_u64(rest, &v);
    *out = fine ? (int64_t)v : 0;
    return fine;
}

static bool are_attributes(struct span value)
{
    struct integrity_attribute one;
    if (value.n > INTEGRITY_ATTRIBUTES_MAX)
        return false;
    while (integrity_attributes_next(&value, &one))
        ;
    return value.n == 0;
}

static bool take_attribute(uint32_t tag, struct span value, struct integrity_state *s)
{
    switch (tag) {
    case TAG_SHA256:
        s->has_sha256 = value.n == sizeof(s->sha256);
        if (s->has_sha256)
            memcpy(s->sha256, value.p, sizeof(s->sha256));
        return s->has_sha256;
    case TAG_TARGET:
        s->target = value;
        return value.n > 0 && value.n < INTEGRITY_PATH_MAX;
    case TAG_ATTRIBUTES:
        s->has_attributes = true;
        s->attributes = value;
        return are_attributes(value);
    case TAG_FLAGS:
        s->info.flags = value.n == 1 ? (uint8_t)value.p[0] : 0;
        return value.n == 1;
    case TAG_NAME:
        s->name = value;
        return value.n > 0 && value.n <= INTEGRITY_NAME_MAX;
    default:
        return true;
    }
}

static bool take_attributes(struct span *rest, struct integrity_state *s)
{
    uint32_t tag, n;
    struct span value;
    while (rest->n > 0)
        if (!take_small(rest, 1, &tag) || !take_small(rest, 2, &n) || !span_take(rest, n, &value) ||
            !take_attribute(tag, value, s))
            return false;
    return true;
}

bool integrity_state_decode(struct span record, struct integrity_state *s)
{
    uint32_t version, type;
    struct file_info *i = &s->info;
    *s = (struct integrity_state){.has_sha256 = false};
    bool fine = take_small(&record, 1, &version) && version == VERSION &&
                take_small(&record, 1, &type) && type <= FILE_BLOCK_DEVICE &&
                take_small(&record, 2, &i->mode) && i->mode <= 07777 &&
                span_take_u32(&record, &i->uid) && span_take_u32(&record, &i->gid) &&
                span_take_u64(&record, &i->size) && take_i64(&record, &i->mtime_ns) &&
                take_i64(&record, &i->ctime_ns) && span_take_u64(&record, &i->dev) &&
                span_take_u64(&record, &i->ino) && span_take_u32(&record, &s->hashed_s) &&
                take_attributes(&record, s);
    if (fine)
        i->type = (enum file_type)type;
    return fine;
}

/* FNV-1a, folded. */
static uint32_t number_of(struct span part)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < part.n; i++)
        h = (h ^ (uint8_t)part.p[i]) * 16777619u;
    return (h >> 16 ^ h) & 0xffff;
}

void integrity_folder_id(struct span folder, uint8_t out[INTEGRITY_ID_SIZE])
{
    uint8_t full[SHA256_SIZE];
    char folded[INTEGRITY_PATH_MAX];
    struct span rest, part;
    if (!spelling_case_counts() && span_copy(folder, folded, sizeof(folded))) {
        spelling_fold(folded, folder.n);
        folder.p = folded;
    }
    rest = folder;
    sha256_of(folder.p, folder.n, full);
    span_take_until(&rest, '/', &part); /* what stands before the first slash: nothing */
    for (size_t i = 0; i < NEAR_PARTS; i++) {
        uint32_t number = span_take_until(&rest, '/', &part) ? number_of(part) : 0;
        out[2 * i] = (uint8_t)(number >> 8);
        out[2 * i + 1] = (uint8_t)number;
    }
    memcpy(out + (size_t)2 * NEAR_PARTS, full, INTEGRITY_ID_SIZE - (size_t)2 * NEAR_PARTS);
}

/* A slash is in no name, so none is the same as what stands for a long one. */
static struct span shortened(struct span name, char out[NAME_IN_KEY + 1])
{
    uint8_t hash[SHA256_SIZE];
    sha256_of(name.p, name.n, hash);
    memcpy(out, name.p, LONG_KEPT);
    out[LONG_KEPT] = '/';
    hex_encode(hash, sizeof(hash), out + LONG_KEPT + 1);
    return (struct span){out, NAME_IN_KEY};
}

bool integrity_key_make(struct integrity_key *k, const uint8_t folder[INTEGRITY_ID_SIZE],
                        struct span name)
{
    char folded[INTEGRITY_NAME_MAX], instead[NAME_IN_KEY + 1];
    if (name.n == 0 || name.n > INTEGRITY_NAME_MAX)
        return false;
    memcpy(folded, name.p, name.n);
    spelling_fold(folded, name.n);
    name.p = folded;
    if (name.n > NAME_IN_KEY)
        name = shortened(name, instead);
    memcpy(k->bytes, folder, INTEGRITY_ID_SIZE);
    memcpy(k->bytes + INTEGRITY_ID_SIZE, name.p, name.n);
    k->n = INTEGRITY_ID_SIZE + name.n;
    return true;
}

void integrity_path_split(struct span path, struct span *folder, struct span *name)
{
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '/')
        at--;
    *folder = (struct span){path.p, at > 0 ? at - 1 : 0};
    *name = (struct span){path.p + at, path.n - at};
}

bool integrity_key_of_path(struct integrity_key *k, struct span path)
{
    struct span folder, name;
    uint8_t id[INTEGRITY_ID_SIZE];
    integrity_path_split(path, &folder, &name);
    integrity_folder_id(folder, id);
    return integrity_key_make(k, id, name);
}

void integrity_state_name(struct integrity_state *s, const struct integrity_key *k,
                          struct span path)
{
    struct span folder, name;
    integrity_path_split(path, &folder, &name);
    s->name = span_equal(name, integrity_key_name(k)) ? SPAN("") : name;
}

static bool content_differs(const struct integrity_state *a, const struct integrity_state *b)
{
    if (a->info.type == FILE_SYMLINK)
        return !span_equal(a->target, b->target);
    if (a->info.type != FILE_REGULAR)
        return false;
    if (a->has_sha256 && b->has_sha256)
        return memcmp(a->sha256, b->sha256, sizeof(a->sha256)) != 0;
    return a->info.size != b->info.size || a->info.mtime_ns != b->info.mtime_ns;
}

static unsigned compare_attributes(const struct integrity_state *a, const struct integrity_state *b)
{
    static const struct {
        unsigned attribute, change;
    } rows[] = {{INTEGRITY_ATTRIBUTE_CAPABILITIES, INTEGRITY_CAPABILITIES},
                {INTEGRITY_ATTRIBUTE_GAINED, INTEGRITY_GAINED},
                {INTEGRITY_ATTRIBUTE_ACL, INTEGRITY_ACL},
                {INTEGRITY_ATTRIBUTE_OWNER, INTEGRITY_OWNER},
                {INTEGRITY_ATTRIBUTE_STREAM, INTEGRITY_STREAM},
                {INTEGRITY_ATTRIBUTE_PROGRAM, INTEGRITY_HIDDEN_PROGRAM},
                {INTEGRITY_ATTRIBUTE_OTHER, INTEGRITY_XATTR}};
    unsigned change = a->info.flags != b->info.flags ? (unsigned)INTEGRITY_FLAGS : 0;
    if (!a->has_attributes || !b->has_attributes)
        return change;
    unsigned found = integrity_attributes_compare(a->attributes, b->attributes);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        change |= found & rows[i].attribute ? rows[i].change : 0;
    return change;
}

static unsigned compare_present(const struct integrity_state *a, const struct integrity_state *b)
{
    unsigned change = compare_attributes(a, b);
    if (a->info.type != b->info.type)
        change |= INTEGRITY_TYPE | INTEGRITY_CONTENT;
    else if (content_differs(a, b))
        change |= INTEGRITY_CONTENT;
    if (a->info.mode != b->info.mode)
        change |= INTEGRITY_MODE;
    if (a->info.uid != b->info.uid || a->info.gid != b->info.gid)
        change |= INTEGRITY_OWNER;
    /* the time of a folder says only that an entry of it changed, which is told by itself */
    if (a->info.mtime_ns != b->info.mtime_ns && b->info.type != FILE_FOLDER)
        change |= INTEGRITY_TIMES;
    if (b->info.mode & ~a->info.mode & SETUID_BITS && b->info.type == FILE_REGULAR)
        change |= INTEGRITY_SETUID;
    if (change == 0 && (!integrity_stat_equal(a, &b->info) || a->hashed_s != b->hashed_s ||
                        a->has_attributes != b->has_attributes))
        change = INTEGRITY_UNTOLD;
    return change;
}

unsigned integrity_compare(const struct integrity_state *before,
                           const struct integrity_state *after)
{
    if (before && after)
        return compare_present(before, after);
    if (before)
        return INTEGRITY_DELETED;
    if (!after)
        return 0;
    bool setuid = after->info.mode & SETUID_BITS && after->info.type == FILE_REGULAR;
    unsigned with = integrity_attributes_compare(SPAN(""), after->attributes);
    return INTEGRITY_CREATED | (setuid ? INTEGRITY_SETUID : 0u) |
           (with & INTEGRITY_ATTRIBUTE_GAINED ? INTEGRITY_GAINED : 0u) |
           (with & INTEGRITY_ATTRIBUTE_PROGRAM ? INTEGRITY_HIDDEN_PROGRAM : 0u);
}

bool integrity_stat_equal(const struct integrity_state *s, const struct file_info *info)
{
    const struct file_info *a = &s->info;
    bool same = a->type == info->type && a->mode == info->mode && a->uid == info->uid &&
                a->gid == info->gid && a->flags == info->flags;
    if (info->type == FILE_FOLDER) /* its time of change tells of new attributes, too */
        return same && a->ctime_ns == info->ctime_ns;
    return same && a->size == info->size && a->mtime_ns == info->mtime_ns &&
           a->ctime_ns == info->ctime_ns && a->dev == info->dev && a->ino == info->ino;
}

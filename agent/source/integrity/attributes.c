#include "source/integrity/attributes.h"

#include "base/text.h"
#include "source/integrity/capability.h"

#include "platform/account.h"

#define MORE_NAME "(more)"
#define MORE_SIZE (1 + sizeof(MORE_NAME) - 1 + 1 + 2 + SHA256_SIZE)
#define ACL_PRE   "system.posix_acl_"

/* What a name says of the kind of attribute; the first that fits. */
static const struct {
    const char *begin;
    bool whole; /* it is all of the name */
    unsigned change;
} kinds[] = {
    {ACL_PRE, false, INTEGRITY_ATTRIBUTE_ACL},
    {"security.dacl", true, INTEGRITY_ATTRIBUTE_ACL},
    {"security.owner", true, INTEGRITY_ATTRIBUTE_OWNER},
    {"security.group", true, INTEGRITY_ATTRIBUTE_OWNER},
    {"security.capability", true, INTEGRITY_ATTRIBUTE_CAPABILITIES},
    {"stream:", false, INTEGRITY_ATTRIBUTE_STREAM},
    {"program:", false, INTEGRITY_ATTRIBUTE_STREAM | INTEGRITY_ATTRIBUTE_PROGRAM},
};

static unsigned kind_of(struct span name)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].whole ? span_equal_text(name, kinds[i].begin)
                           : span_starts(name, span_of(kinds[i].begin)))
            return kinds[i].change;
    return INTEGRITY_ATTRIBUTE_OTHER;
}

/* ---- putting together ---- */

void integrity_attributes_begin(struct integrity_attributes *a)
{
    a->n = 0;
    a->more = false;
    sha256_init(&a->rest);
}

/* Where in the order of names this one belongs. */
static size_t place_of(const struct integrity_attributes *a, struct span name)
{
    struct span rest = {a->bytes, a->n};
    struct integrity_attribute one;
    size_t at = 0;
    while (integrity_attributes_next(&rest, &one)) {
        size_t n = one.name.n < name.n ? one.name.n : name.n;
        int order = memcmp(one.name.p, name.p, n);
        if (order > 0 || (order == 0 && one.name.n >= name.n))
            break;
        at = a->n - rest.n;
    }
    return at;
}

static void insert(struct integrity_attributes *a, struct span name, bool is_hash,
                   struct span value)
{
    size_t size = 1 + name.n + 1 + 2 + value.n, at = place_of(a, name);
    char *p = a->bytes + at;
    memmove(p + size, p, a->n - at);
    a->n += size;
    *p++ = (char)name.n;
    memcpy(p, name.p, name.n);
    p += name.n;
    *p++ = (char)is_hash;
    *p++ = (char)(value.n & 0xff);
    *p++ = (char)(value.n >> 8);
    memcpy(p, value.p, value.n);
}

void integrity_attributes_add(void *ctx, const char *name, const void *value, size_t n)
{
    struct integrity_attributes *a = ctx;
    uint8_t digest[SHA256_SIZE];
    struct span what = span_of(name), is = span_make(n ? value : "", n);
    bool is_hash = n > INTEGRITY_ATTRIBUTE_MAX;
    if (is_hash) {
        sha256_of(value, n, digest);
        is = span_make(digest, sizeof(digest));
    }
    if (what.n == 0 || what.n > UINT8_MAX ||
        a->n + 1 + what.n + 1 + 2 + is.n + MORE_SIZE > sizeof(a->bytes)) {
        a->more = true;
        sha256_update(&a->rest, name, what.n + 1);
        sha256_update(&a->rest, is.p, is.n);
        return;
    }
    insert(a, what, is_hash, is);
}

struct span integrity_attributes_end(struct integrity_attributes *a)
{
    uint8_t digest[SHA256_SIZE];
    if (a->more) {
        sha256_final(&a->rest, digest);
        insert(a, SPAN(MORE_NAME), true, span_make(digest, sizeof(digest)));
    }
    return (struct span){a->bytes, a->n};
}

/* ---- taking apart ---- */

static bool take_u8(struct span *rest, size_t *out)
{
    struct span byte;
    if (!span_take(rest, 1, &byte))
        return false;
    *out = (uint8_t)byte.p[0];
    return true;
}

bool integrity_attributes_next(struct span *rest, struct integrity_attribute *out)
{
    struct span at = *rest;
    size_t n, kind, low, high;
    if (!take_u8(&at, &n) || n == 0 || !span_take(&at, n, &out->name) || !take_u8(&at, &kind) ||
        kind > 1 || !take_u8(&at, &low) || !take_u8(&at, &high) ||
        !span_take(&at, high << 8 | low, &out->value))
        return false;
    out->is_hash = kind == 1;
    *rest = at;
    return true;
}

/* ---- comparing ---- */

static bool find(struct span all, struct span name, struct integrity_attribute *out)
{
    while (integrity_attributes_next(&all, out))
        if (span_equal(out->name, name))
            return true;
    *out = (struct integrity_attribute){.name = name, .value = SPAN("")};
    return false;
}

static bool gained(const struct integrity_attribute *before,
                   const struct integrity_attribute *after)
{
    struct integrity_capability was, is;
    if (!after->is_hash && after->value.n == 0)
        return false;
    bool known = integrity_capability_read(after->value, &is) && !after->is_hash;
    if (!integrity_capability_read(before->value, &was) || before->is_hash)
        was = (struct integrity_capability){.root_uid = is.root_uid};
    return !known || integrity_capability_gained(&was, &is);
}

static unsigned change_of(const struct integrity_attribute *before,
                          const struct integrity_attribute *after)
{
    unsigned kind = kind_of(after->name);
    if (after->value.n == 0) /* it is gone */
        kind &= ~(unsigned)INTEGRITY_ATTRIBUTE_PROGRAM;
    if (kind == INTEGRITY_ATTRIBUTE_CAPABILITIES && gained(before, after))
        kind |= INTEGRITY_ATTRIBUTE_GAINED;
    return kind;
}

bool integrity_attributes_find(struct span all, const char *name, struct integrity_attribute *out)
{
    return find(all, span_of(name), out);
}

unsigned integrity_attributes_compare(struct span before, struct span after)
{
    struct integrity_attribute a, b;
    struct span rest = after;
    unsigned change = 0;
    if (span_equal(before, after))
        return 0;
    while (integrity_attributes_next(&rest, &b)) {
        bool was = find(before, b.name, &a);
        if (!was || a.is_hash != b.is_hash || !span_equal(a.value, b.value))
            change |= change_of(&a, &b);
    }
    rest = before;
    while (integrity_attributes_next(&rest, &a))
        if (!find(after, a.name, &b))
            change |= change_of(&a, &b);
    return change ? change : INTEGRITY_ATTRIBUTE_OTHER;
}

/* ---- for people ---- */

#define ACL_VERSION 2

static const struct {
    uint16_t tag;
    const char *word;
} acl_tags[] = {{0x01, "user"},  {0x02, "user"}, {0x04, "group"},
                {0x08, "group"}, {0x10, "mask"}, {0x20, "other"}};

static const char *acl_word(uint32_t tag)
{
    for (size_t i = 0; i < sizeof(acl_tags) / sizeof(acl_tags[0]); i++)
        if (acl_tags[i].tag == tag)
            return acl_tags[i].word;
    return NULL;
}

/* acl(5), as Linux keeps it: u32 version, then { u16 tag, u16 permissions, u32 id }. */
static bool put_acl(struct buf *out, struct span value)
{
    uint32_t version, kind, id;
    const char *between = "";
    if (!span_take_u32(&value, &version) || version != ACL_VERSION || value.n % 8 != 0)
        return false;
    while (span_take_u32(&value, &kind) && span_take_u32(&value, &id)) {
        const char *word = acl_word(kind & 0xffff);
        char name[64] = "";
        uint32_t may = kind >> 16;
        if (!word || may > 7)
            return false;
        if ((kind & 0xffff) == 0x02)
            account_user_name(id, name, sizeof(name));
        else if ((kind & 0xffff) == 0x08)
            account_group_name(id, name, sizeof(name));
        buf_printf(out, "%s%s:%s:%c%c%c", between, word, name, may & 4 ? 'r' : '-',
                   may & 2 ? 'w' : '-', may & 1 ? 'x' : '-');
        between = ",";
    }
    return true;
}

static bool put_label(struct buf *out, struct span value)
{
    if (value.n > 0 && value.p[value.n - 1] == '\0')
        value.n--;
    for (size_t i = 0; i < value.n; i++)
        if (value.p[i] < ' ' || value.p[i] > '~')
            return false;
    buf_put_span(out, value);
    return true;
}

/* walk.h: u64 size, then how it begins, which must be text to be told. */
static bool put_stream(struct buf *out, struct span value)
{
    uint64_t size;
    if (!span_take_u64(&value, &size))
        return false;
    buf_printf(out, "%llu bytes: ", (unsigned long long)size);
    for (size_t i = 0; i < value.n; i++) {
        char c = value.p[i];
        bool end = c == '\r' || c == '\n' || c == '\t';
        if (!end && (c < ' ' || c > '~'))
            return false;
        buf_put_byte(out, end ? ' ' : c);
    }
    return true;
}

static bool put_capability(struct buf *out, struct span value)
{
    struct integrity_capability c;
    if (!integrity_capability_read(value, &c))
        return false;
    integrity_capability_put_text(out, &c);
    return true;
}

void integrity_attribute_put_text(struct buf *out, const struct integrity_attribute *a)
{
    size_t at = out->n;
    bool told = false;
    if (a->is_hash)
        buf_put_text(out, "sha256:");
    else if (span_equal_text(a->name, "security.capability"))
        told = put_capability(out, a->value);
    else if (span_starts(a->name, SPAN(ACL_PRE)))
        told = put_acl(out, a->value);
    else if (kind_of(a->name) & INTEGRITY_ATTRIBUTE_STREAM)
        told = put_stream(out, a->value);
    else
        told = put_label(out, a->value);
    if (told)
        return;
    if (!a->is_hash && out->n > at)
        out->n = at; /* what was begun of it */
    buf_put_hex(out, a->value.p, a->value.n);
}

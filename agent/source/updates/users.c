#include "source/updates/users.h"

#include "base/buf.h"
#include "platform/registry.h"

#define PROFILES  "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList\\"
#define PREFIX    "user "
#define VALUE_MAX (60 * 1024)
#define KEPT_MAX  (4 << 20) /* of all users that are away */

/* ---- an entry: texts ended by NUL, and a byte ---- */

static void put_entries(struct buf *out, const struct software *s, const char *user)
{
    for (size_t i = 0; i < s->n; i++) {
        const struct software_item *item = &s->items[i];
        size_t fitted = out->n;
        if (strcmp(item->user, user) != 0)
            continue;
        const char *texts[] = {item->name, item->version, item->publisher};
        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
            buf_put(out, texts[k], strlen(texts[k]) + 1);
        buf_put_byte(out, (char)item->of_32_bits);
        if (out->failed) {
            out->n = fitted;
            return;
        }
    }
}

static bool take_text(struct span *rest, char *out, size_t size)
{
    struct span text;
    size_t n = span_find(*rest, '\0');
    return n < rest->n && span_take(rest, n, &text) && span_take_char(rest, '\0') &&
           span_copy(text, out, size);
}

static void take_entries(struct software *s, struct span rest, char *user)
{
    char name[SOFTWARE_TEXT_MAX], version[SOFTWARE_TEXT_MAX], publisher[SOFTWARE_TEXT_MAX];
    struct span flag;
    while (take_text(&rest, name, sizeof(name)) && take_text(&rest, version, sizeof(version)) &&
           take_text(&rest, publisher, sizeof(publisher)) && span_take(&rest, 1, &flag))
        software_add(s, &(struct software_item){name, version, publisher, user, flag.p[0] != 0});
}

/* ---- the store ---- */

static void keep(const struct source_host *h, const struct software *s, const char *user)
{
    char key[300];
    struct buf value = BUF_INIT(VALUE_MAX), kept = BUF_INIT(VALUE_MAX);
    snprintf(key, sizeof(key), PREFIX "%s", user);
    put_entries(&value, s, user);
    bool known = store_get(h->store, STORE_PATCH, span_of(key), &kept) == 0;
    if (value.n > 0 ? !span_equal(buf_span(&kept), buf_span(&value)) : known)
        h->put(h->ctx, STORE_PATCH, span_of(key),
               value.n > 0 ? buf_span(&value) : (struct span){NULL, 0});
    buf_release(&value);
    buf_release(&kept);
}

struct away { /* what is kept of users that were not read: SID, NUL, length, entries */
    const struct software *read;
    struct buf kept;
};

static bool is_read(const struct software *s, struct span user)
{
    for (size_t i = 0; i < s->users_n; i++)
        if (span_equal_text(user, s->users[i]))
            return true;
    return false;
}

static bool take_away(void *ctx, struct span key, struct span value)
{
    struct away *away = ctx;
    struct span user = {key.p + sizeof(PREFIX) - 1, key.n - (sizeof(PREFIX) - 1)};
    if (!is_read(away->read, user)) {
        buf_put_span(&away->kept, user);
        buf_put_byte(&away->kept, '\0');
        buf_put_u32(&away->kept, (uint32_t)value.n);
        buf_put_span(&away->kept, value);
    }
    return !away->kept.failed;
}

static bool has_profile(const char *user)
{
    struct registry_key *key;
    char path[400];
    snprintf(path, sizeof(path), PROFILES "%s", user);
    int rc = registry_open(path, REGISTRY_64, &key);
    registry_close(key);
    return rc == 0;
}

void users_complete(const struct source_host *h, struct software *s)
{
    struct away away = {s, BUF_INIT(KEPT_MAX)};
    char user[300];
    struct span entries;
    uint32_t n;
    for (size_t i = 0; i < s->users_n; i++)
        keep(h, s, s->users[i]);
    store_each(h->store, STORE_PATCH, SPAN(PREFIX), take_away, &away);
    struct span rest = buf_span(&away.kept);
    while (take_text(&rest, user, sizeof(user)) && span_take_u32(&rest, &n) &&
           span_take(&rest, n, &entries)) {
        if (has_profile(user)) {
            take_entries(s, entries, user);
        } else {
            char key[320];
            snprintf(key, sizeof(key), PREFIX "%s", user);
            h->put(h->ctx, STORE_PATCH, span_of(key), (struct span){NULL, 0});
        }
    }
    software_finish(s);
    buf_release(&away.kept);
}

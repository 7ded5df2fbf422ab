#include "platform/clock.h"
#include "source/integrity/state.h"
#include "source/registry/read.h"
#include "source/registry/self.h"

#include <errno.h>

/* ---- what is told, and how grave it is ---- */

static enum event_severity severity_of(const struct registry *self, const char *path,
                                       struct span name, unsigned change)
{
    char folded[REGISTRY_PATH_MAX + REGISTRY_NAME_MAX], value[REGISTRY_NAME_MAX];
    if (!registry_fold(path, folded, REGISTRY_PATH_MAX))
        return SEVERITY_MEDIUM;
    if (name.p) {
        size_t n = strlen(folded);
        span_copy(name, value, sizeof(value));
        folded[n++] = '/';
        registry_fold(value, folded + n, sizeof(folded) - n);
        for (char *c = folded + n; *c; c++)
            *c = *c == '/' ? '_' : *c;
    }
    return integrity_severity_of(self->severity, folded, change, false);
}

static bool is_new_hive(const struct registry *self, const char *path)
{
    char folded[REGISTRY_PATH_MAX];
    registry_fold(path, folded, sizeof(folded));
    for (size_t i = 0; i < self->pass.new_hives_n; i++) {
        size_t n = strlen(self->pass.new_hives[i]);
        if (strncmp(folded, self->pass.new_hives[i], n) == 0 && folded[n] == '/')
            return true;
    }
    return false;
}

static struct registry_fact fact_of(const struct registry *self, const char *path,
                                    const struct registry_state *before,
                                    const struct registry_state *after)
{
    const struct registry_pass *pass = &self->pass;
    unsigned slot = 1u << self->keys->items[pass->item].slot;
    return (struct registry_fact){.path = path,
                                  .before = before,
                                  .after = after,
                                  .seen_ms = clock_wall_ms(),
                                  .by_scan = !(pass->noticed & slot),
                                  .while_off = pass->first,
                                  .first = is_new_hive(self, path)};
}

/* False: it is counted, and not told. */
static bool takes(struct registry *self, struct registry_fact *f, struct span name, unsigned change)
{
    f->severity = severity_of(self, f->path, name, change);
    if (f->first && f->severity > SEVERITY_LOW)
        f->severity = SEVERITY_LOW; /* a user's first time here: nobody has changed anything */
    self->pass.told++;
    return !registry_storms_take(self->storms, self->pass.item, f->severity, clock_mono_ms());
}

static void tell_key(struct registry *self, struct registry_fact *f, int activity, unsigned change)
{
    if (takes(self, f, (struct span){NULL, 0}, change))
        registry_tell_key(f, activity, self->host.emit, self->host.ctx);
}

static void tell_value(struct registry *self, struct registry_fact *f,
                       const struct registry_entry *before, const struct registry_entry *after)
{
    unsigned change = !after ? INTEGRITY_DELETED : !before ? INTEGRITY_CREATED : INTEGRITY_CONTENT;
    if (takes(self, f, after ? after->name : before->name, change))
        registry_tell_value(f, before, after, self->host.emit, self->host.ctx);
}

/* ---- what differs ---- */

static const struct registry_state nothing = {.values = {"", 0}};

/* Calls back each value that is not the same on both sides. */
static size_t each_change(const struct registry_state *before, const struct registry_state *after,
                          void (*each)(void *ctx, const struct registry_entry *before,
                                       const struct registry_entry *after),
                          void *ctx)
{
    struct registry_entry a, b;
    struct span rest = after->values;
    size_t n = 0;
    while (registry_state_next(&rest, &a)) {
        bool was = registry_state_find(before, a.name, &b);
        if (was && !registry_entry_differs(&a, &b))
            continue;
        each(ctx, was ? &b : NULL, &a);
        n++;
    }
    for (rest = before->values; registry_state_next(&rest, &b);) {
        if (registry_state_find(after, b.name, &a))
            continue;
        each(ctx, &b, NULL);
        n++;
    }
    return n;
}

struct telling {
    struct registry *self;
    struct registry_fact *fact;
    unsigned change;
    enum event_severity severity; /* the gravest */
    struct span name;             /* of that */
};

static void tell_one(void *ctx, const struct registry_entry *before,
                     const struct registry_entry *after)
{
    struct telling *t = ctx;
    tell_value(t->self, t->fact, before, after);
}

static void weigh_one(void *ctx, const struct registry_entry *before,
                      const struct registry_entry *after)
{
    struct telling *t = ctx;
    struct span name = after ? after->name : before->name;
    unsigned change = !after ? INTEGRITY_DELETED : !before ? INTEGRITY_CREATED : INTEGRITY_CONTENT;
    enum event_severity severity = severity_of(t->self, t->fact->path, name, change);
    if (severity <= t->severity)
        return;
    t->severity = severity;
    t->change = change;
    t->name = name;
}

/* All changes of a service's key are one event, as grave as its gravest. */
static void tell_service(struct registry *self, struct registry_fact *f)
{
    struct telling t = {.self = self, .fact = f};
    if (!f->before || !f->after)
        t.change = f->after ? INTEGRITY_CREATED : INTEGRITY_DELETED;
    else if (each_change(f->before, f->after, weigh_one, &t) == 0)
        return;
    if (takes(self, f, t.name, t.change))
        registry_tell_service(f, self->host.emit, self->host.ctx);
}

static void tell_differences(struct registry *self, const char *path,
                             const struct registry_state *before,
                             const struct registry_state *after)
{
    struct registry_fact f = fact_of(self, path, before, after);
    struct telling t = {.self = self, .fact = &f};
    bool service = registry_service_of(path).n > 0;
    if (before && memcmp(before->security, after->security, REGISTRY_SECURITY) != 0)
        tell_key(self, &f, REGISTRY_KEY_SET_SECURITY, INTEGRITY_ACL);
    if (service) {
        tell_service(self, &f);
        return;
    }
    if (!before)
        tell_key(self, &f, REGISTRY_KEY_CREATE, INTEGRITY_CREATED);
    each_change(before ? before : &nothing, after, tell_one, &t);
}

/* ---- one key ---- */

static bool get_kept(struct registry *self, const char *path, struct registry_state *out)
{
    struct buf key = BUF_INIT(REGISTRY_STORE_KEY);
    buf_clear(&self->old);
    registry_state_key(path, &key);
    bool known = store_get(self->host.store, STORE_REGISTRY, buf_span(&key), &self->old) == 0 &&
                 registry_state_take(buf_span(&self->old), out);
    buf_release(&key);
    return known;
}

static void keep(struct registry *self, const char *path, bool adopted)
{
    struct buf key = BUF_INIT(REGISTRY_STORE_KEY);
    registry_state_key(path, &key);
    if (adopted && self->bulk) {
        int rc = store_bulk_put(self->bulk, STORE_REGISTRY, buf_span(&key), buf_span(&self->now));
        self->error = rc != 0 ? rc : self->error;
        self->pass.adopted++;
    } else {
        self->host.put(self->host.ctx, STORE_REGISTRY, buf_span(&key), buf_span(&self->now));
    }
    buf_release(&key);
}

void registry_apply(struct registry *self, const char *path, struct registry_key *key)
{
    struct registry_header header;
    struct registry_state before, after;
    uint64_t cut = 0;
    if (registry_read_header(key, &header) != 0)
        return; /* gone again, and the next look says so */
    bool known = get_kept(self, path, &before);
    if (known && !self->pass.full && before.written_ms == header.written_ms &&
        memcmp(before.security, header.security, REGISTRY_SECURITY) == 0)
        return;
    int rc = registry_read(key, path, self->keys, &header, &self->now, &cut);
    self->pass.cut += cut;
    if (rc != 0) {
        self->pass.unreadable += rc != -ENOENT;
        return;
    }
    if (!registry_state_take(buf_span(&self->now), &after) ||
        (known && span_equal(buf_span(&self->old), buf_span(&self->now))))
        return;
    bool adopted = !known && self->adopt[self->pass.item];
    if (!adopted)
        tell_differences(self, path, known ? &before : NULL, &after);
    keep(self, path, adopted);
}

/* What lies below a key that is gone needs no word of its own. */
static bool is_told_above(const struct registry *self, const char *path)
{
    char above[REGISTRY_PATH_MAX];
    struct registry_key *key;
    span_copy(span_of(path), above, sizeof(above));
    char *end = strrchr(above, '\\');
    if (!end)
        return false;
    *end = '\0';
    int rc = registry_open(above, REGISTRY_64, &key);
    registry_close(key);
    return rc == -ENOENT && registry_keys_cover(self->keys, above);
}

void registry_apply_gone(struct registry *self, const char *path)
{
    struct buf key = BUF_INIT(REGISTRY_STORE_KEY);
    struct registry_state before;
    if (get_kept(self, path, &before) && !is_told_above(self, path)) {
        struct registry_fact f = fact_of(self, path, &before, NULL);
        if (registry_service_of(path).n > 0)
            tell_service(self, &f);
        else
            tell_key(self, &f, REGISTRY_KEY_DELETE, INTEGRITY_DELETED);
    }
    registry_state_key(path, &key);
    self->host.put(self->host.ctx, STORE_REGISTRY, buf_span(&key), (struct span){NULL, 0});
    buf_release(&key);
}

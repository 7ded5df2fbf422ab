#include "base/mem.h"
#include "platform/clock.h"
#include "source/registry/self.h"

#include <errno.h>

#define RUN_MS      20
#define REST        4     /* keys that never rest make passes a fifth of the time ... */
#define REST_MAX_MS 10000 /* ... but a change is told in this time */
#define SWEEP_PAGE  32
#define HIVES_MAX   1024

static const struct span items_key = {"registry.items", 14};

/* ---- which items the baseline covers ---- */

/* SHA-256 of the excludes, then each item with a NUL behind it. */
static void describe_items(const struct registry_keys *keys, struct buf *out)
{
    struct sha256 sum;
    uint8_t digest[SHA256_SIZE];
    sha256_init(&sum);
    for (size_t i = 0; i < keys->excludes_n; i++)
        sha256_update(&sum, keys->excludes[i], strlen(keys->excludes[i]) + 1);
    sha256_final(&sum, digest);
    buf_put(out, digest, sizeof(digest));
    for (size_t i = 0; i < keys->n; i++)
        buf_put(out, keys->items[i].text, strlen(keys->items[i].text) + 1);
}

/* What was never looked at is adopted, not told: a new configuration is no change of the host. */
void registry_choose_adopted(struct registry *self)
{
    struct buf was = BUF_INIT(60000), now = BUF_INIT(60000);
    describe_items(self->keys, &now);
    self->baseline =
        store_get(self->host.store, STORE_META, items_key, &was) != 0 || was.n < SHA256_SIZE;
    bool same_excludes = !self->baseline && memcmp(was.p, now.p, SHA256_SIZE) == 0;
    self->items_changed = !self->baseline && !span_equal(buf_span(&was), buf_span(&now));
    struct span items = {was.p + SHA256_SIZE, self->baseline ? 0 : was.n - SHA256_SIZE};
    for (size_t i = 0; i < self->keys->n; i++) {
        self->adopt[i] = !same_excludes || !span_has_part(items, '\0', self->keys->items[i].text);
        self->adopt_any = self->adopt_any || self->adopt[i];
    }
    buf_release(&was);
    buf_release(&now);
}

static void keep_items(struct registry *self)
{
    struct buf now = BUF_INIT(60000);
    describe_items(self->keys, &now);
    self->host.put(self->host.ctx, STORE_META, items_key, buf_span(&now));
    buf_release(&now);
    memset(self->adopt, 0, self->keys->n * sizeof(*self->adopt));
    self->adopt_any = self->baseline = self->items_changed = false;
}

/* ---- users ---- */

static struct span hive_key(const char *folded, struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "registry.%s", folded);
    return buf_span(out);
}

/* Hives that are here for the first time; their users' keys are new to us, not to them. */
static void find_new_hives(struct registry *self)
{
    struct registry_pass *pass = &self->pass;
    struct registry_key *hives;
    struct buf key = BUF_INIT(480), value = BUF_INIT(16);
    char name[REGISTRY_NAME_MAX], path[REGISTRY_NAME_MAX + 8], folded[REGISTRY_NAME_MAX + 8];
    if (registry_open("HKU", REGISTRY_64, &hives) != 0)
        return;
    for (uint32_t i = 0; i < HIVES_MAX && pass->new_hives_n < REGISTRY_HIVES &&
                         registry_subkey(hives, i, name, sizeof(name)) == 1;
         i++) {
        snprintf(path, sizeof(path), "HKU\\%s", name);
        registry_fold(path, folded, sizeof(folded));
        buf_clear(&value);
        if (strlen(folded) < 400 &&
            store_get(self->host.store, STORE_META, hive_key(folded, &key), &value) == -ENOENT)
            pass->new_hives[pass->new_hives_n++] = mem_text(folded);
    }
    registry_close(hives);
    buf_release(&key);
    buf_release(&value);
}

static void drop_new_hives(struct registry *self, bool known)
{
    struct registry_pass *pass = &self->pass;
    struct buf key = BUF_INIT(480);
    while (pass->new_hives_n > 0) {
        char *folded = pass->new_hives[--pass->new_hives_n];
        if (known)
            self->host.put(self->host.ctx, STORE_META, hive_key(folded, &key), SPAN("1"));
        free(folded);
    }
    buf_release(&key);
}

/* ---- watching ---- */

static void watch_at(struct registry_slot *slot, const char *path)
{
    if (registry_watch_add(slot->watch, path, REGISTRY_64) != 0)
        slot->unwatched++;
}

/* A pattern right behind HKU stands for each user that is here: all of HKU never rests. */
static void watch_users(struct registry_slot *slot, const struct registry_item *item)
{
    struct registry_key *hives;
    char name[REGISTRY_NAME_MAX], path[REGISTRY_PATH_MAX];
    const char *rest = item->text + strlen(item->root) + 1;
    rest += strcspn(rest, "\\");
    size_t n = strcspn(rest, "*?[");
    while (n > 0 && rest[n] != '\0' && rest[n] != '\\')
        n--;
    if (registry_open(item->root, REGISTRY_64, &hives) != 0)
        return;
    for (uint32_t i = 0; i < HIVES_MAX && registry_subkey(hives, i, name, sizeof(name)) == 1; i++) {
        int length = snprintf(path, sizeof(path), "%s\\%s%.*s", item->root, name, (int)n, rest);
        bool classes = span_ends(span_of(name), SPAN("_Classes")); /* a part of another hive */
        if (length < (int)sizeof(path) && !classes)
            watch_at(slot, path);
    }
    registry_close(hives);
}

/* Before the keys are read, so that nothing falls between. */
static void watch_slot(struct registry *self, size_t s)
{
    struct registry_slot *slot = &self->slots[s];
    slot->noticed = false;
    slot->unwatched = 0;
    if (!slot->watch)
        return;
    registry_watch_reset(slot->watch);
    for (size_t i = 0; i < self->keys->n; i++) {
        const struct registry_item *item = &self->keys->items[i];
        if (item->slot == s && item->literal > 1)
            watch_at(slot, item->root);
        else if (item->slot == s)
            watch_users(slot, item);
    }
}

/* ---- what is gone ---- */

struct page {
    struct registry *self;
    struct buf paths; /* each with a NUL behind it */
    size_t n;
};

static bool collect(void *ctx, struct span key, struct span value)
{
    struct page *p = ctx;
    struct registry_state state;
    if (registry_state_take(value, &state)) {
        buf_put_span(&p->paths, state.path);
        buf_put_byte(&p->paths, '\0');
    }
    buf_clear(&p->self->from);
    buf_put_span(&p->self->from, key);
    buf_put_byte(&p->self->from, '\0');
    return ++p->n < SWEEP_PAGE;
}

/* Of a user who is not logged on nothing is known. */
static bool is_here(const char *path)
{
    char hive[REGISTRY_PATH_MAX];
    struct registry_key *key;
    span_copy(span_of(path), hive, sizeof(hive));
    char *end = strchr(hive, '\\');
    end = end ? strchr(end + 1, '\\') : NULL;
    if (end)
        *end = '\0';
    int rc = registry_open(hive, REGISTRY_64, &key);
    registry_close(key);
    return rc == 0;
}

static void look_for(struct registry *self, const char *path)
{
    struct registry_key *key;
    if (!registry_item_covers(&self->keys->items[self->pass.item], path))
        return;
    int rc = registry_open(path, REGISTRY_64, &key);
    registry_close(key);
    if (rc == -ENOENT && is_here(path))
        registry_apply_gone(self, path);
}

/* One page of what is kept below the item's root; false when there is no more. */
static bool sweep(struct registry *self)
{
    struct buf prefix = BUF_INIT(REGISTRY_STORE_KEY);
    struct page page = {.self = self, .paths = BUF_INIT(SWEEP_PAGE * REGISTRY_PATH_MAX)};
    registry_state_prefix(self->keys->items[self->pass.item].root, &prefix);
    if (!self->sweeping_from) {
        buf_clear(&self->from);
        buf_put_span(&self->from, buf_span(&prefix));
        self->sweeping_from = true;
    }
    int rc = store_each_from(self->host.store, STORE_REGISTRY, buf_span(&prefix),
                             buf_span(&self->from), collect, &page);
    struct span rest = buf_span(&page.paths), path;
    while (rc == 0 && span_take_until(&rest, '\0', &path))
        look_for(self, path.p);
    buf_release(&prefix);
    buf_release(&page.paths);
    return rc == 0 && page.n == SWEEP_PAGE;
}

/* What no item covers any more, so that it is no old story when one does again. */
static void forget_uncovered(struct registry *self)
{
    struct page page = {.self = self, .paths = BUF_INIT(SWEEP_PAGE * REGISTRY_PATH_MAX)};
    struct buf key = BUF_INIT(REGISTRY_STORE_KEY);
    struct span rest, path;
    int rc;
    buf_clear(&self->from);
    buf_put_text(&self->from, "hk");
    do {
        page.n = 0;
        buf_clear(&page.paths);
        rc = store_each_from(self->host.store, STORE_REGISTRY, SPAN("hk"), buf_span(&self->from),
                             collect, &page);
        for (rest = buf_span(&page.paths); rc == 0 && span_take_until(&rest, '\0', &path);) {
            if (registry_keys_cover(self->keys, path.p))
                continue;
            buf_clear(&key);
            registry_state_key(path.p, &key);
            self->host.put(self->host.ctx, STORE_REGISTRY, buf_span(&key), (struct span){NULL, 0});
        }
    } while (rc == 0 && page.n == SWEEP_PAGE);
    buf_release(&key);
    buf_release(&page.paths);
}

/* ---- a pass ---- */

void registry_pass_begin(struct registry *self, unsigned slots, bool full, int64_t now_ms)
{
    struct registry_pass *pass = &self->pass;
    bool first = pass->first;
    *pass = (struct registry_pass){.active = true,
                                   .first = first,
                                   .full = full,
                                   .manual = full && self->manual,
                                   .slots = slots,
                                   .started_ms = clock_wall_ms(),
                                   .started_mono_ms = now_ms};
    if (full)
        self->manual = false;
    find_new_hives(self);
    if (pass->new_hives_n > 0)
        pass->slots = (1u << REGISTRY_SLOTS) - 1;
    for (size_t s = 0; s < REGISTRY_SLOTS; s++) {
        if (!(pass->slots & 1u << s))
            continue;
        pass->noticed |= self->slots[s].noticed ? 1u << s : 0;
        watch_slot(self, s);
    }
    if (self->adopt_any)
        store_bulk_begin(self->host.store, &self->bulk);
}

static void end_bulk(struct registry *self, bool keep)
{
    if (!self->bulk)
        return;
    int rc = store_bulk_end(self->bulk, keep);
    self->bulk = NULL;
    self->error = rc != 0 ? rc : self->error;
}

static void end_pass(struct registry *self, int64_t now_ms)
{
    struct registry_pass *pass = &self->pass;
    end_bulk(self, true);
    int64_t took_ms = now_ms - pass->started_mono_ms, rest_ms = REST * pass->worked_ms;
    for (size_t i = 0; i < REGISTRY_SLOTS; i++) {
        struct registry_slot *slot = &self->slots[i];
        if (pass->slots & 1u << i)
            slot->rest_until_ms = now_ms + (rest_ms < REST_MAX_MS ? rest_ms : REST_MAX_MS);
        if (pass->noticed & 1u << i)
            slot->fruitless = pass->told > 0 ? 0 : slot->fruitless + 1;
    }
    drop_new_hives(self, self->error == 0);
    if (pass->full) {
        struct registry_scan_fact f = {self->baseline ? "Registry baseline" : "Registry re-check",
                                       pass->manual,
                                       pass->started_ms,
                                       took_ms,
                                       pass->keys,
                                       pass->told,
                                       pass->unreadable + pass->cut};
        registry_tell_scan(&f, self->host.emit, self->host.ctx);
        if (pass->unreadable > 0)
            self->host.dropped(self->host.ctx, "registry key unreadable", pass->unreadable);
        if (pass->cut > 0)
            self->host.dropped(self->host.ctx, "registry over its limit", pass->cut);
        if (self->items_changed)
            forget_uncovered(self);
        if (self->error == 0)
            keep_items(self);
        self->keys_n = pass->keys;
        self->skipped = pass->unreadable + pass->cut;
    }
    pass->active = pass->first = false;
}

void registry_pass_drop(struct registry *self)
{
    registry_walk_end(&self->walk);
    end_bulk(self, false);
    drop_new_hives(self, false);
    self->pass.active = false;
}

/* One key, or one page of what is kept; false: the item is done. */
static bool step(struct registry *self)
{
    struct registry_pass *pass = &self->pass;
    struct registry_key *key;
    if (!pass->walking && !pass->sweeping) {
        registry_walk_begin(&self->walk, self->keys, &self->keys->items[pass->item]);
        pass->walking = true;
    }
    if (pass->sweeping)
        return pass->sweeping = sweep(self);
    if (registry_walk_next(&self->walk, &key)) {
        pass->keys++;
        registry_apply(self, self->walk.path, key);
        return true;
    }
    pass->unreadable += self->walk.unreadable;
    pass->cut += self->walk.cut;
    pass->walking = false;
    pass->sweeping = true;
    self->sweeping_from = false;
    return true;
}

bool registry_pass_run(struct registry *self, int64_t now_ms)
{
    struct registry_pass *pass = &self->pass;
    while (pass->item < self->keys->n) {
        if (!(pass->slots & 1u << self->keys->items[pass->item].slot) || !step(self))
            pass->item++;
        int64_t worked_ms = clock_mono_ms() - now_ms;
        if (worked_ms >= RUN_MS) {
            pass->worked_ms += worked_ms;
            return false;
        }
    }
    pass->worked_ms += clock_mono_ms() - now_ms;
    end_pass(self, clock_mono_ms());
    return true;
}

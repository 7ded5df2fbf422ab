/*
 * Inventory: what this machine is and has. Every part (part.h) is looked at every
 * [inventory] look_every, and at once when a folder that it names changed; what differs from what
 * was told is told as a change. All of it is told again every [inventory] every, at a time of day
 * that each endpoint has for itself.
 */
#include "base/mem.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/host.h"
#include "platform/notify.h"
#include "source/all.h"
#include "source/inventory/tell.h"

#include <errno.h>

#define SETTLE_MS    1000 /* files are often written several times in a row */
#define PRIME_MS     5000 /* from a part's -EAGAIN to the next try */
#define RARELY_MS    3600000
#define BOOT_S       180 /* services start for so long: what is looked at before is not the rule */
#define FOLDERS_MAX  32
#define SLOT_UNKNOWN INT64_MIN

struct part {
    struct inventory_kept kept; /* what was told */
    bool known;                 /* kept holds something */
    bool looked;                /* since open */
    bool woken;                 /* its folder changed */
    bool due;                   /* in the present look */
    bool has_stamp;
    uint8_t stamp[SHA256_SIZE];
    int64_t read_ms; /* monotonic, of the last read() */
    int rc;
    char why[200];
};

struct inventory {
    struct source_host host;
    struct inventory_reader reader;
    struct notify *notify;
    struct part parts[INVENTORY_PARTS_MAX];
    uint64_t cut[INVENTORY_PARTS_MAX];
    size_t n;
    struct {
        int id;
        size_t part;
    } folders[FOLDERS_MAX];
    size_t folders_n;
    bool looking;
    bool forced; /* a person asked: nothing is taken as unchanged */
    bool full_wanted, full_asked;
    int64_t look_due, woken_due; /* monotonic */
    int64_t offset_s;            /* this endpoint's own time of day */
};

/* ---- one part ---- */

/* True if nothing that the part depends on has changed since it was read. */
static bool is_same(struct inventory *self, size_t i, int64_t now_ms)
{
    struct part *p = &self->parts[i];
    struct sha256 s;
    uint8_t stamp[SHA256_SIZE];
    if (inventory_parts[i]->rarely && p->looked && now_ms - p->read_ms < RARELY_MS)
        return !self->forced;
    if (!inventory_parts[i]->stamp)
        return false;
    sha256_init(&s);
    inventory_parts[i]->stamp(&self->reader, &s);
    sha256_final(&s, stamp);
    if (p->has_stamp && memcmp(p->stamp, stamp, sizeof(stamp)) == 0)
        return !self->forced;
    memcpy(p->stamp, stamp, sizeof(stamp));
    p->has_stamp = true;
    return false;
}

static void compare(struct inventory *self, size_t i, const struct inventory_list *list)
{
    struct part *p = &self->parts[i];
    uint8_t digest[SHA256_SIZE];
    inventory_list_digest(list, digest);
    if (p->known && memcmp(p->kept.digest, digest, sizeof(digest)) == 0)
        return;
    if (list->cut > 0)
        self->host.dropped(self->host.ctx, "inventory over its limit", list->cut);
    if (!p->known) {
        inventory_keep_first(&self->host, inventory_parts[i], list, &p->kept);
        self->full_wanted = true;
    } else {
        struct inventory_list before = {0};
        struct inventory_telling t = {&self->host, &self->reader, clock_wall_ms(), !p->looked};
        inventory_state_load(&self->host, inventory_parts[i], &before);
        inventory_tell_changes(&t, inventory_parts[i], &before, list, &p->kept);
        inventory_list_release(&before);
    }
    p->known = true;
}

static void look_at(struct inventory *self, size_t i, int64_t now_ms)
{
    struct part *p = &self->parts[i];
    struct inventory_list list = {0};
    if (is_same(self, i, now_ms))
        return;
    inventory_list_init(&list);
    self->reader.why[0] = '\0';
    p->rc = inventory_parts[i]->read(&self->reader, &list);
    p->read_ms = now_ms;
    memcpy(p->why, self->reader.why, sizeof(p->why));
    if (p->rc == 0) {
        inventory_list_finish(&list);
        self->cut[i] = list.cut;
        compare(self, i, &list);
        p->looked = true;
    } else {
        p->has_stamp = false;
    }
    if (p->rc == -EAGAIN) {
        p->woken = true;
        self->woken_due = now_ms + PRIME_MS;
    }
    inventory_list_release(&list);
}

/* ---- all of it ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* The full inventory is told once in each slot of time. */
static void tell_full_if_due(struct inventory *self)
{
    int64_t now_ms = clock_wall_ms(), told;
    int64_t every = self->host.config->inventory_every_s;
    int64_t slot = floor_div(now_ms / 1000 - self->offset_s, every);
    bool has_told = inventory_state_slot(&self->host, &told);
    for (size_t i = 0; i < self->n; i++)
        if (self->parts[i].rc == -EAGAIN)
            return;
    if (!self->full_wanted && has_told && told == slot)
        return;
    struct inventory_telling t = {&self->host, &self->reader, now_ms, false};
    inventory_tell_full(&t, slot, self->full_asked, self->cut);
    inventory_state_put_slot(&self->host, slot);
    self->full_wanted = self->full_asked = false;
}

static void begin_look(struct inventory *self, int64_t now_ms)
{
    bool all = now_ms >= self->look_due;
    for (size_t i = 0; i < self->n; i++) {
        self->parts[i].due = all || self->parts[i].woken;
        self->parts[i].woken = false;
    }
    if (all)
        self->look_due = now_ms + self->host.config->inventory_look_s * 1000;
    self->woken_due = INT64_MAX;
    self->looking = true;
}

/* One part a call, so that nothing else waits for long. */
static void go_on(struct inventory *self, int64_t now_ms)
{
    for (size_t i = 0; i < self->n; i++) {
        if (!self->parts[i].due)
            continue;
        self->parts[i].due = false;
        look_at(self, i, now_ms);
        return;
    }
    self->looking = self->forced = false;
    tell_full_if_due(self);
}

/* ---- the contract ---- */

static void watch_folders(struct inventory *self, size_t part)
{
    const char *wakes = inventory_parts[part]->wakes;
    struct span rest = span_of(wakes ? wakes : ""), folder;
    while (self->folders_n < FOLDERS_MAX && span_take_until(&rest, '\n', &folder)) {
        char path[4400];
        snprintf(path, sizeof(path), "%s%.*s", self->host.config->host_root, (int)folder.n,
                 folder.p);
        int id = notify_add(self->notify, path); /* not there: the look by time remains */
        if (id >= 0) {
            self->folders[self->folders_n].id = id;
            self->folders[self->folders_n++].part = part;
        }
    }
}

static int64_t own_offset(const char *root, int64_t every_s)
{
    struct host_info host;
    uint8_t digest[SHA256_SIZE];
    uint64_t n;
    host_read(root, &host);
    sha256_of(&host, sizeof(host.hostname) + sizeof(host.machine_id), digest);
    memcpy(&n, digest, sizeof(n));
    return (int64_t)(n % (uint64_t)every_s);
}

/* After a start of the machine: when its services may be taken to have started. */
static int64_t wait_for_boot_ms(const struct inventory_reader *r)
{
    int64_t up_s = inventory_up_s(r);
    return up_s < BOOT_S ? (BOOT_S - up_s) * 1000 : 0;
}

static int open_inventory(const struct source_host *host, void **out, struct error *e)
{
    struct inventory *self = mem_new(1, sizeof(*self));
    self->host = *host;
    self->reader.root = host->config->host_root;
    self->woken_due = INT64_MAX;
    int rc = notify_open(&self->notify);
    if (rc != 0) {
        free(self);
        return error_set(e, "folders cannot be watched: %s", error_text(rc));
    }
    while (inventory_parts[self->n])
        self->n++;
    for (size_t i = 0; i < self->n && host->config->inventory; i++) {
        self->parts[i].known = inventory_state_get(host, inventory_parts[i], &self->parts[i].kept);
        watch_folders(self, i);
    }
    self->offset_s = own_offset(self->reader.root, host->config->inventory_every_s);
    self->look_due = clock_mono_ms() + wait_for_boot_ms(&self->reader);
    *out = self;
    return 0;
}

static size_t waits(void *ctx, wait_t *out, size_t max)
{
    const struct inventory *self = ctx;
    if (max == 0)
        return 0;
    out[0] = notify_wait(self->notify);
    return 1;
}

static void take_notices(struct inventory *self, int64_t now_ms)
{
    int id;
    while ((id = notify_next(self->notify)) != -1) {
        for (size_t i = 0; i < self->folders_n; i++)
            if (id == -2 || self->folders[i].id == id)
                self->parts[self->folders[i].part].woken = true;
        if (self->woken_due == INT64_MAX)
            self->woken_due = now_ms + SETTLE_MS;
    }
}

static int64_t run(void *ctx, int64_t now_ms)
{
    struct inventory *self = ctx;
    take_notices(self, now_ms);
    if (!self->host.config->inventory)
        return INT64_MAX;
    if (!self->looking && (now_ms >= self->look_due || now_ms >= self->woken_due))
        begin_look(self, now_ms);
    if (self->looking)
        go_on(self, now_ms);
    if (self->looking)
        return now_ms;
    return self->look_due < self->woken_due ? self->look_due : self->woken_due;
}

static bool request(void *ctx, const char *what)
{
    struct inventory *self = ctx;
    bool whole = strcmp(what, "inventory") == 0;
    if ((!whole && strcmp(what, "scan") != 0) || !self->host.config->inventory)
        return false;
    self->forced = true;
    self->full_wanted = self->full_wanted || whole;
    self->full_asked = self->full_asked || whole;
    self->look_due = 0;
    return true;
}

static void health(void *ctx, struct source_health *out)
{
    const struct inventory *self = ctx;
    *out = (struct source_health){.state = SOURCE_OK};
    if (!self->host.config->inventory)
        out->state = SOURCE_OFF;
    for (size_t i = 0; i < self->n && out->state == SOURCE_OK; i++) {
        const struct part *p = &self->parts[i];
        if (p->why[0] == '\0' && (p->rc == 0 || p->rc == -EAGAIN))
            continue;
        out->state = SOURCE_DEGRADED;
        if (p->why[0])
            snprintf(out->detail, sizeof(out->detail), "%s", p->why);
        else
            snprintf(out->detail, sizeof(out->detail), "%s are unknown: %s",
                     inventory_parts[i]->many, error_text(p->rc));
    }
}

static void close_inventory(void *ctx)
{
    struct inventory *self = ctx;
    notify_close(self->notify);
    for (size_t i = 0; i < self->n; i++)
        if (inventory_parts[i]->close)
            inventory_parts[i]->close(&self->reader);
    free(self);
}

const struct source source_inventory = {
    .name = "inventory",
    .open = open_inventory,
    .waits = waits,
    .run = run,
    .request = request,
    .health = health,
    .close = close_inventory,
};

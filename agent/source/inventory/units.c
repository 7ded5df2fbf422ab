#include "source/inventory/units.h"

#include "base/mem.h"
#include "event/mask.h"
#include "platform/file.h"

#define ENTRIES_MAX 8192
#define UNIT_MAX    (256 * 1024)
#define LAST        (sizeof(folders) / sizeof(folders[0]) - 1)

static const char *const folders[] = {
    /* the first that has a unit counts: systemd.unit(5) */
    "/etc/systemd/system",     "/run/systemd/system", "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system", "/lib/systemd/system", /* where /lib is no link to /usr/lib */
};

struct reading {
    const struct inventory_reader *reader;
    const char *suffix;
    const char *folder;
    char sub[300]; /* of wants and requires */
    struct map *units;
    struct sha256 *stamp;
};

/* ---- a unit's file ---- */

static bool take_setting(struct span line, struct span *key, struct span *value)
{
    size_t at = span_find(line, '=');
    if (at >= line.n)
        return false;
    *key = span_trim((struct span){line.p, at});
    *value = span_trim((struct span){line.p + at + 1, line.n - at - 1});
    return true;
}

static void copy_masked(struct span text, char *out, size_t size)
{
    struct buf masked = BUF_INIT(8192);
    mask_put(&masked, (struct span){text.p, text.n < 1000 ? text.n : 1000});
    span_copy(buf_span(&masked), out, size);
    buf_release(&masked);
}

static void add_schedule(struct inventory_unit *u, struct span key, struct span value)
{
    size_t n = strlen(u->schedule), room = sizeof(u->schedule) - n;
    snprintf(u->schedule + n, room, "%s%.*s=%.*s", n ? "; " : "", (int)key.n, key.p,
             (int)(value.n < 100 ? value.n : 100), value.p);
}

static void take_line(struct inventory_unit *u, struct span section, struct span line)
{
    struct span key, value;
    if (!take_setting(line, &key, &value) || value.n == 0)
        return;
    if (span_equal_text(section, "[Service]")) {
        if (span_equal_text(key, "Type"))
            span_copy(value, u->type, sizeof(u->type));
        else if (span_equal_text(key, "ExecStart") && !u->command[0])
            copy_masked(value, u->command, sizeof(u->command));
    } else if (span_equal_text(section, "[Timer]") && key.n < 32 && span_starts(key, SPAN("On"))) {
        add_schedule(u, key, value);
    }
}

void inventory_unit_parse(struct inventory_unit *u, struct span text)
{
    struct span line, section = SPAN("");
    while (span_take_until(&text, '\n', &line)) {
        line = span_trim(line);
        if (line.n == 0 || line.p[0] == '#' || line.p[0] == ';')
            continue;
        if (line.p[0] == '[') {
            section = line;
            u->install = u->install || span_equal_text(section, "[Install]");
        } else {
            take_line(u, section, line);
        }
    }
}

static void read_unit(const struct inventory_reader *r, struct inventory_unit *u)
{
    char path[600], full[4400], target[4096];
    struct buf text = BUF_INIT(UNIT_MAX);
    snprintf(path, sizeof(path), "%s/%s", u->folder, u->name);
    snprintf(full, sizeof(full), "%s%s", r->root, path);
    if (file_link_target(full, target, sizeof(target)) >= 0) {
        const char *slash = strrchr(target, '/'), *base = slash ? slash + 1 : target;
        u->masked = strcmp(target, "/dev/null") == 0;
        if (strcmp(base, u->name) != 0 && !u->masked)
            span_copy(span_of(base), u->alias_of, sizeof(u->alias_of));
        span_copy(span_of(target[0] == '/' ? target : ""), path, sizeof(path));
    }
    if (path[0] && !u->masked && inventory_file(r, path, &text) == 0)
        inventory_unit_parse(u, buf_span(&text));
    buf_release(&text);
}

/* ---- folders ---- */

static bool fits(const struct reading *in, const char *name)
{
    return strlen(name) < 128 && span_ends(span_of(name), span_of(in->suffix));
}

static struct inventory_unit *unit_named(struct reading *in, const char *name)
{
    struct inventory_unit *u = map_get(in->units, span_of(name));
    bool full = false;
    if (u)
        return u;
    u = mem_new(1, sizeof(*u));
    span_copy(span_of(name), u->name, sizeof(u->name));
    map_set(in->units, span_of(name), u, &full);
    if (full) {
        free(u);
        return NULL;
    }
    return u;
}

static void add_unit(void *ctx, const char *name)
{
    struct reading *in = ctx;
    struct inventory_unit *u = fits(in, name) ? unit_named(in, name) : NULL;
    if (!u || u->has_file)
        return;
    u->has_file = true;
    u->folder = in->folder;
    read_unit(in->reader, u);
}

static void add_link(void *ctx, const char *name)
{
    struct reading *in = ctx;
    struct inventory_unit *u = fits(in, name) ? unit_named(in, name) : NULL;
    if (!u)
        return;
    if (in->folder == folders[0])
        u->enabled = true;
    else
        u->wanted = true;
}

static void count_dropin(void *ctx, const char *name)
{
    if (span_ends(span_of(name), SPAN(".conf")))
        ++*(size_t *)ctx;
}

static void look_at_folder(void *ctx, const char *name)
{
    struct reading *in = ctx;
    struct span text = span_of(name);
    if (text.n > 200)
        return;
    snprintf(in->sub, sizeof(in->sub), "%s/%s", in->folder, name);
    if (span_ends(text, SPAN(".wants")) || span_ends(text, SPAN(".requires"))) {
        inventory_folder(in->reader, in->sub, ENTRIES_MAX, add_link, in);
    } else if (span_ends(text, SPAN(".d"))) {
        char unit[256];
        span_copy((struct span){name, text.n - 2}, unit, sizeof(unit));
        struct inventory_unit *u = fits(in, unit) ? unit_named(in, unit) : NULL;
        if (u)
            inventory_folder(in->reader, in->sub, ENTRIES_MAX, count_dropin, &u->dropins);
    }
}

/* ---- what runs ---- */

struct running {
    const struct inventory_reader *reader;
    char folder[300];
    void *ctx;
    void (*each)(void *ctx, const char *name);
};

static void look_at_cgroup(void *ctx, const char *name)
{
    struct running *run = ctx;
    char path[600], text[256];
    bool slice =
        span_starts(span_of(name), SPAN("system-")) && span_ends(span_of(name), SPAN(".slice"));
    if (strlen(name) > 200)
        return;
    if (slice && strchr(run->folder + 1, '-') == NULL) { /* of templates: getty@tty1.service */
        struct running below = *run;
        snprintf(below.folder, sizeof(below.folder), "%.80s/%.200s", run->folder, name);
        inventory_folder(run->reader, below.folder, ENTRIES_MAX, look_at_cgroup, &below);
        return;
    }
    if (!span_ends(span_of(name), SPAN(".service")))
        return;
    snprintf(path, sizeof(path), "%s/%s/cgroup.events", run->folder, name);
    struct inventory_reader r = *run->reader;
    struct buf events = BUF_INIT(4096);
    if (inventory_kernel_file(&r, path, &events) == 0) {
        if (span_find_span(buf_span(&events), SPAN("populated 1")) < events.n)
            run->each(run->ctx, name);
    } else {
        snprintf(path, sizeof(path), "%s/%s/cgroup.procs", run->folder, name); /* version 1 */
        if (inventory_kernel_line(&r, path, text, sizeof(text)))
            run->each(run->ctx, name);
    }
    buf_release(&events);
}

static void each_running(const struct inventory_reader *r, void *ctx,
                         void (*each)(void *ctx, const char *name))
{
    static const char *const slices[] = {"/sys/fs/cgroup/system.slice",
                                         "/sys/fs/cgroup/systemd/system.slice"};
    struct running run = {.reader = r, .ctx = ctx, .each = each};
    for (size_t i = 0; i < 2; i++) {
        snprintf(run.folder, sizeof(run.folder), "%s", slices[i]);
        if (inventory_folder(r, run.folder, ENTRIES_MAX, look_at_cgroup, &run) >= 0)
            return;
    }
}

static void mark_running(void *ctx, const char *name)
{
    struct inventory_unit *u = map_get(ctx, span_of(name));
    if (u)
        u->running = true;
}

/* ---- all ---- */

static bool is_lib_linked(const struct inventory_reader *r)
{
    char full[4400], target[64];
    snprintf(full, sizeof(full), "%s/lib", r->root);
    return file_link_target(full, target, sizeof(target)) >= 0;
}

static void free_unit(void *unit)
{
    free(unit);
}

void inventory_units_free(struct map *units)
{
    if (units)
        map_free(units, free_unit);
}

struct map *inventory_units_read(const struct inventory_reader *r, const char *suffix)
{
    struct reading in = {.reader = r, .suffix = suffix, .units = map_new(INVENTORY_UNITS_MAX)};
    size_t n = is_lib_linked(r) ? LAST : LAST + 1;
    bool any = false;
    for (size_t i = 0; i < n; i++) {
        in.folder = folders[i];
        any = inventory_folder(r, folders[i], ENTRIES_MAX, add_unit, &in) >= 0 || any;
        inventory_folder(r, folders[i], ENTRIES_MAX, look_at_folder, &in);
    }
    each_running(r, in.units, mark_running);
    if (!any) {
        inventory_units_free(in.units);
        return NULL;
    }
    return in.units;
}

const char *inventory_unit_state(const struct inventory_unit *u)
{
    if (u->masked)
        return "masked";
    if (u->alias_of[0])
        return "alias";
    if (u->enabled)
        return "enabled";
    return u->install ? "disabled" : "static";
}

/* ---- the stamp: every unit's file, every link, and what runs ---- */

static void stamp_name(void *ctx, const char *name)
{
    sha256_update(ctx, name, strlen(name) + 1);
}

static void stamp_entry(void *ctx, const char *name)
{
    struct reading *in = ctx;
    struct span text = span_of(name);
    char path[600];
    bool links = span_ends(text, SPAN(".wants")) || span_ends(text, SPAN(".requires"));
    if (text.n > 200 || !(links || span_ends(text, SPAN(".d")) || fits(in, name)))
        return;
    snprintf(path, sizeof(path), "%s/%s", in->folder, name);
    inventory_stamp(in->reader, path, in->stamp);
}

void inventory_units_stamp(const struct inventory_reader *r, const char *suffix, struct sha256 *s)
{
    struct reading in = {.reader = r, .suffix = suffix, .stamp = s};
    size_t n = is_lib_linked(r) ? LAST : LAST + 1;
    for (size_t i = 0; i < n; i++) {
        in.folder = folders[i];
        inventory_folder(r, folders[i], ENTRIES_MAX, stamp_entry, &in);
    }
    if (strcmp(suffix, ".service") == 0)
        each_running(r, s, stamp_name);
}

/* Services: systemd's units, and scripts in /etc/init.d that no unit stands for. */
#include "source/inventory/service_change.h"
#include "source/inventory/units.h"

#define SCRIPTS_MAX 1024

struct writing {
    const struct inventory_reader *reader;
    struct inventory_list *out;
    struct map *units;
    struct map *timers;
    struct sha256 *stamp;
    const char *script; /* looked for among the links of the run levels */
    bool started;
};

/* Those that write down what happens: that one of them is gone is told, however it ended. */
static bool keeps_logs(struct span name)
{
    static const char *const names[] = {"rsyslog.service", "syslog-ng.service", "auditd.service",
                                        "systemd-journald.service"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal_text(name, names[i]))
            return true;
    return false;
}

/* Whether it runs is a fact about services that start with the system and stay; others (started by
 * timers, over D-Bus, once) come and go, which is not news. */
static bool has_steady_state(const struct writing *w, const struct inventory_unit *u)
{
    char timer[160];
    size_t n = strlen(u->name) - strlen(".service");
    snprintf(timer, sizeof(timer), "%.*s.timer", (int)n, u->name);
    return u->enabled && !u->masked && strcmp(u->type, "oneshot") != 0 &&
           !(w->timers && map_get(w->timers, span_of(timer)));
}

static bool put_unit(void *ctx, struct span key, void *value)
{
    struct writing *w = ctx;
    const struct inventory_unit *u = value;
    if (!u->has_file && !u->enabled)
        return true; /* named by others, not installed */
    struct json_out *j = inventory_begin(w->out, key);
    json_text(j, "state", inventory_unit_state(u));
    inventory_put(j, "alias_of", span_of(u->alias_of), 128);
    inventory_put(j, "folder", span_of(u->folder), 64);
    inventory_put(j, "type", span_of(u->type), 16);
    inventory_put(j, "command", span_of(u->command), 200);
    if (u->dropins > 0)
        json_uint(j, "dropins", u->dropins);
    if (has_steady_state(w, u) || (keeps_logs(key) && !u->masked))
        json_bool(j, "running", u->running);
    inventory_end(w->out);
    return true;
}

/* ---- scripts ---- */

static const char *const levels[] = {"/etc/rc2.d", "/etc/rc3.d",      "/etc/rc4.d",
                                     "/etc/rc5.d", "/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d"};

static void compare_link(void *ctx, const char *name)
{
    struct writing *w = ctx;
    if (name[0] == 'S' && strlen(name) > 3 && strcmp(name + 3, w->script) == 0)
        w->started = true;
}

static void put_script(void *ctx, const char *name)
{
    struct writing *w = ctx;
    char unit[300], key[300];
    struct inventory_unit *u;
    snprintf(unit, sizeof(unit), "%.200s.service", name);
    u = w->units ? map_get(w->units, span_of(unit)) : NULL;
    if (name[0] == '.' || strcmp(name, "README") == 0 || (u && u->has_file))
        return;
    w->script = name;
    w->started = false;
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        inventory_folder(w->reader, levels[i], SCRIPTS_MAX, compare_link, w);
    snprintf(key, sizeof(key), "init.d/%.250s", name);
    struct json_out *j = inventory_begin(w->out, span_of(key));
    json_text(j, "state", w->started ? "enabled" : "disabled");
    json_text(j, "folder", "/etc/init.d");
    inventory_end(w->out);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct writing w = {.reader = r, .out = out};
    w.units = inventory_units_read(r, ".service");
    w.timers = inventory_units_read(r, ".timer");
    if (w.units)
        map_each(w.units, put_unit, &w);
    inventory_folder(r, "/etc/init.d", SCRIPTS_MAX, put_script, &w);
    inventory_units_free(w.units);
    inventory_units_free(w.timers);
    return 0;
}

static void stamp(struct inventory_reader *r, struct sha256 *s)
{
    inventory_units_stamp(r, ".service", s);
    inventory_stamp(r, "/etc/init.d", s);
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        inventory_stamp(r, levels[i], s);
}

static enum event_severity severity(const struct inventory_change *c)
{
    return service_change_severity(c, keeps_logs(c->key));
}

const struct inventory_part inventory_services = {
    .name = "services",
    .one = "service",
    .many = "services",
    .wakes = "/etc/systemd/system\n/etc/systemd/system/multi-user.target.wants\n"
             "/usr/lib/systemd/system\n/etc/init.d\n",
    .stamp = stamp,
    .read = read_part,
    .severity = severity,
};

/* Timers of systemd: what starts when. (cron's tables are files that integrity watches.) */
#include "source/inventory/units.h"

static bool put_timer(void *ctx, struct span key, void *value)
{
    struct inventory_list *out = ctx;
    const struct inventory_unit *u = value;
    if (!u->has_file && !u->enabled)
        return true;
    struct json_out *j = inventory_begin(out, key);
    /* a target of the system's own may want a timer: it runs as if it were enabled */
    json_text(j, "state", u->wanted && !u->masked ? "enabled" : inventory_unit_state(u));
    inventory_put(j, "alias_of", span_of(u->alias_of), 128);
    inventory_put(j, "folder", span_of(u->folder), 64);
    inventory_put(j, "schedule", span_of(u->schedule), 160);
    if (u->dropins > 0)
        json_uint(j, "dropins", u->dropins);
    inventory_end(out);
    return true;
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct map *timers = inventory_units_read(r, ".timer");
    if (timers)
        map_each(timers, put_timer, out);
    inventory_units_free(timers);
    return 0;
}

static void stamp(struct inventory_reader *r, struct sha256 *s)
{
    inventory_units_stamp(r, ".timer", s);
}

static enum event_severity severity(const struct inventory_change *c)
{
    return c->kind == INVENTORY_REMOVED ? SEVERITY_INFORMATIONAL : SEVERITY_LOW;
}

const struct inventory_part inventory_timers = {
    .name = "timers",
    .one = "timer",
    .many = "timers",
    .wakes = "/etc/systemd/system\n/etc/systemd/system/timers.target.wants\n"
             "/usr/lib/systemd/system\n",
    .stamp = stamp,
    .read = read_part,
    .severity = severity,
};

/* Services of Windows as the registry has them, and which of them run. (Drivers are told by the
 * source "registry" as they change.) */
#include "base/map.h"
#include "event/mask.h"
#include "platform/registry.h"
#include "platform/services.h"
#include "source/inventory/part.h"
#include "source/inventory/service_change.h"
#include "source/inventory/watched.h"
#include "source/updates/read.h"

#define SERVICES     "HKLM\\SYSTEM\\CurrentControlSet\\Services"
#define SERVICES_MAX 16384 /* keys that are looked at, drivers among them */
#define RUNNING_MAX  4096
#define PROGRAM      0x30 /* Type: SERVICE_WIN32_OWN_PROCESS, SERVICE_WIN32_SHARE_PROCESS */
#define INSTANCE     0x80 /* of a user's service: comes and goes with a logon */
#define AUTOMATIC    2    /* Start */

/* Those that write down or tell what happens: that one of them is gone is told, however it ended.
 */
static bool keeps_logs(struct span name)
{
    static const char *const names[] = {"EventLog", "WinDefend", "Sense",  "mpssvc",
                                        "Sysmon",   "Sysmon64",  "wscsvc", "VigiaShip"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal_nocase(name, span_of(names[i])))
            return true;
    return false;
}

/* ---- which run ---- */

struct running {
    struct map *names; /* in lower case */
};

static void fold(const char *name, char *out, size_t size)
{
    size_t n = 0;
    for (; name[n] && n + 1 < size; n++)
        out[n] = name[n] >= 'A' && name[n] <= 'Z' ? (char)(name[n] | 0x20) : name[n];
    out[n] = '\0';
}

static bool add_running(void *ctx, const char *name, uint32_t pid)
{
    struct running *r = ctx;
    char folded[REGISTRY_NAME_MAX];
    bool full = false;
    (void)pid;
    fold(name, folded, sizeof(folded));
    map_set(r->names, span_of(folded), r, &full);
    return !full;
}

static bool stamp_running(void *ctx, const char *name, uint32_t pid)
{
    (void)pid;
    sha256_update(ctx, name, strlen(name) + 1);
    return true;
}

static bool is_running(const struct running *r, const char *name)
{
    char folded[REGISTRY_NAME_MAX];
    fold(name, folded, sizeof(folded));
    return map_get(r->names, span_of(folded)) != NULL;
}

/* ---- a service ---- */

struct reading {
    struct inventory_list *out;
    struct running running;
    bool knows_running;
};

static void put_command(struct json_out *j, struct registry_key *key)
{
    char text[1024];
    struct buf masked = BUF_INIT(8192);
    if (read_text_of(key, "ImagePath", text, sizeof(text))) {
        mask_put(&masked, span_of(text));
        inventory_put_text(j, "command", buf_span(&masked), 200);
    }
    buf_release(&masked);
}

static void put_value(struct json_out *j, struct registry_key *key, const char *name,
                      const char *member)
{
    char text[512];
    if (read_text_of(key, name, text, sizeof(text)))
        inventory_put_text(j, member, span_of(text), 200);
}

/* What svchost loads. */
static void put_library(struct json_out *j, struct registry_key *key)
{
    struct registry_key *parameters;
    if (registry_open_at(key, "Parameters", &parameters) != 0)
        return;
    put_value(j, parameters, "ServiceDll", "library");
    registry_close(parameters);
}

static bool has_trigger(struct registry_key *key)
{
    struct registry_key *trigger;
    bool there = registry_open_at(key, "TriggerInfo", &trigger) == 0;
    registry_close(trigger);
    return there;
}

static const char *state_of(uint64_t start)
{
    static const char *const states[] = {"boot", "system", "enabled", "manual", "disabled"};
    return start < sizeof(states) / sizeof(states[0]) ? states[start] : "unknown";
}

/* Whether it runs is a fact about those that start with the system and stay. */
static bool has_steady_state(struct registry_key *key, const char *name, uint64_t start)
{
    uint64_t delayed;
    read_number_of(key, "DelayedAutostart", &delayed);
    return keeps_logs(span_of(name)) || (start == AUTOMATIC && delayed == 0 && !has_trigger(key));
}

static void put_service(const struct reading *r, struct registry_key *key, const char *name)
{
    uint64_t type, start;
    if (!read_number_of(key, "Type", &type) || (type & PROGRAM) == 0 || (type & INSTANCE) != 0 ||
        !read_number_of(key, "Start", &start))
        return;
    struct json_out *j = inventory_begin(r->out, span_of(name));
    json_text(j, "state", state_of(start));
    put_command(j, key);
    put_value(j, key, "ObjectName", "account");
    put_library(j, key);
    if (r->knows_running && has_steady_state(key, name, start))
        json_bool(j, "running", is_running(&r->running, name));
    inventory_end(r->out);
}

/* ---- the part ---- */

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct reading reading = {.out = out, .running.names = map_new(RUNNING_MAX)};
    struct registry_key *services, *key;
    char name[REGISTRY_NAME_MAX];
    int rc = registry_open(SERVICES, REGISTRY_64, &services);
    reading.knows_running = services_running(add_running, &reading.running) == 0;
    for (uint32_t i = 0; rc == 0 && i < SERVICES_MAX; i++) {
        int found = registry_subkey(services, i, name, sizeof(name));
        if (found == 0)
            break;
        if (found < 0 || registry_open_at(services, name, &key) != 0)
            continue;
        put_service(&reading, key, name);
        registry_close(key);
    }
    registry_close(services);
    map_free(reading.running.names, NULL);
    if (rc != 0)
        snprintf(r->why, sizeof(r->why), "services are unknown: %s", error_text(rc));
    else if (!reading.knows_running)
        snprintf(r->why, sizeof(r->why), "which services run is unknown");
    return rc;
}

static void stamp(struct inventory_reader *r, struct sha256 *s)
{
    inventory_watched_stamp(&r->services, SERVICES, s);
    services_running(stamp_running, s);
}

static void close_part(struct inventory_reader *r)
{
    inventory_watched_free(r->services);
}

static enum event_severity severity(const struct inventory_change *c)
{
    return service_change_severity(c, keeps_logs(c->key));
}

const struct inventory_part inventory_services_registry = {
    .name = "services",
    .one = "service",
    .many = "services",
    .stamp = stamp,
    .read = read_part,
    .close = close_part,
    .severity = severity,
};

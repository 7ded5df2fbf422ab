#include "source/updates/reboot.h"

#include "source/updates/read.h"

#include "base/span.h"

#define CURRENT  "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\"
#define CBS      CURRENT "Component Based Servicing"
#define UPDATE   CURRENT "WindowsUpdate\\"
#define CONTROL  "HKLM\\SYSTEM\\CurrentControlSet\\Control\\"
#define SERVICES "HKLM\\SYSTEM\\CurrentControlSet\\Services\\"
#define NAMES    CONTROL "ComputerName\\"

/* ---- what a mark can be; each says whether it is there ---- */

struct place {
    const char *name;
    bool of_updates;
    bool (*is_set)(const struct place *p, struct reboot_mark *out);
    const char *path, *value;
    const char *other_path, *other_value; /* differs: what it is to be the same as */
};

static bool key_is_there(const struct place *p, struct reboot_mark *out)
{
    struct registry_key *key;
    (void)out;
    int rc = registry_open(p->path, REGISTRY_64, &key);
    registry_close(key);
    return rc == 0;
}

static bool has_subkeys(const struct place *p, struct reboot_mark *out)
{
    struct registry_key *key;
    struct registry_info info = {0};
    if (registry_open(p->path, REGISTRY_64, &key) != 0)
        return false;
    registry_info(key, &info);
    registry_close(key);
    out->count = info.subkeys;
    return info.subkeys > 0;
}

static bool value_is_there(const struct place *p, struct reboot_mark *out)
{
    struct registry_key *key;
    struct registry_value v;
    if (registry_open(p->path, REGISTRY_64, &key) != 0)
        return false;
    bool there = registry_get(key, p->value, &v) == 0;
    if (there)
        span_copy(span_of(v.text), out->detail, sizeof(out->detail));
    registry_close(key);
    return there;
}

static bool is_not_zero(const struct place *p, struct reboot_mark *out)
{
    uint64_t n;
    (void)out;
    return read_number(p->path, p->value, &n) && n != 0;
}

/* Pairs of what there is and what it is to be called, which is empty when it is to be removed. */
static bool lists_files(const struct place *p, struct reboot_mark *out)
{
    struct registry_key *key;
    struct registry_value v;
    if (registry_open(p->path, REGISTRY_64, &key) != 0)
        return false;
    if (registry_get(key, p->value, &v) == 0 && v.type == REGISTRY_MULTI_SZ) {
        struct span rest = span_of(v.text), one;
        while (span_take_until(&rest, '\n', &one))
            if (span_starts(one, SPAN("\\??\\")) && out->count++ == 0)
                span_copy((struct span){one.p + 4, one.n - 4}, out->detail, sizeof(out->detail));
    }
    registry_close(key);
    return out->count > 0;
}

static bool differs(const struct place *p, struct reboot_mark *out)
{
    char now[200];
    return read_text(p->path, p->value, now, sizeof(now)) &&
           read_text(p->other_path, p->other_value, out->detail, sizeof(out->detail)) &&
           !span_equal_nocase(span_of(now), span_of(out->detail));
}

static const struct place places[] = {
    {.name = "CBS RebootPending",
     .of_updates = true,
     .is_set = key_is_there,
     .path = CBS "\\RebootPending"},
    {.name = "CBS RebootInProgress",
     .of_updates = true,
     .is_set = key_is_there,
     .path = CBS "\\RebootInProgress"},
    {.name = "CBS PackagesPending",
     .of_updates = true,
     .is_set = key_is_there,
     .path = CBS "\\PackagesPending"},
    {.name = "Windows Update RebootRequired",
     .of_updates = true,
     .is_set = key_is_there,
     .path = UPDATE "Auto Update\\RebootRequired"},
    {.name = "Windows Update PostRebootReporting",
     .of_updates = true,
     .is_set = key_is_there,
     .path = UPDATE "Auto Update\\PostRebootReporting"},
    {.name = "Windows Update Services\\Pending",
     .of_updates = true,
     .is_set = has_subkeys,
     .path = UPDATE "Services\\Pending"},
    {.name = "UpdateExeVolatile",
     .of_updates = true,
     .is_set = is_not_zero,
     .path = "HKLM\\SOFTWARE\\Microsoft\\Updates",
     .value = "UpdateExeVolatile"},
    {.name = "PendingFileRenameOperations",
     .is_set = lists_files,
     .path = CONTROL "Session Manager",
     .value = "PendingFileRenameOperations"},
    {.name = "PendingFileRenameOperations2",
     .is_set = lists_files,
     .path = CONTROL "Session Manager",
     .value = "PendingFileRenameOperations2"},
    {.name = "RunOnce DVDRebootSignal",
     .is_set = value_is_there,
     .path = CURRENT "RunOnce",
     .value = "DVDRebootSignal"},
    {.name = "ServerManager CurrentRebootAttempts",
     .is_set = key_is_there,
     .path = "HKLM\\SOFTWARE\\Microsoft\\ServerManager\\CurrentRebootAttempts"},
    {.name = "Netlogon JoinDomain",
     .is_set = value_is_there,
     .path = SERVICES "Netlogon",
     .value = "JoinDomain"},
    {.name = "Netlogon AvoidSpnSet",
     .is_set = value_is_there,
     .path = SERVICES "Netlogon",
     .value = "AvoidSpnSet"},
    {.name = "ComputerName",
     .is_set = differs,
     .path = NAMES "ActiveComputerName",
     .value = "ComputerName",
     .other_path = NAMES "ComputerName",
     .other_value = "ComputerName"},
    {.name = "NV Hostname",
     .is_set = differs,
     .path = SERVICES "Tcpip\\Parameters",
     .value = "Hostname",
     .other_path = SERVICES "Tcpip\\Parameters",
     .other_value = "NV Hostname"},
};

_Static_assert(sizeof(places) / sizeof(places[0]) <= REBOOT_MARKS_MAX, "there is room for each");

void updates_reboot_read(struct updates_reboot *out)
{
    *out = (struct updates_reboot){.n = 0};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        struct reboot_mark mark = {.name = places[i].name, .of_updates = places[i].of_updates};
        if (places[i].is_set(&places[i], &mark))
            out->mark[out->n++] = mark;
    }
}

void updates_reboot_names(const struct updates_reboot *r, char *out, size_t size)
{
    struct buf b = BUF_INIT(4096);
    for (size_t i = 0; i < r->n; i++)
        buf_printf(&b, "%s%s", i > 0 ? ", " : "", r->mark[i].name);
    span_copy(buf_span(&b), out, size);
    buf_release(&b);
}

#include "source/updates/defender.h"

#include "source/updates/read.h"

#include "base/span.h"

#define SETTINGS   "HKLM\\SOFTWARE\\Microsoft\\Windows Defender"
#define POLICY     "HKLM\\SOFTWARE\\Policies\\Microsoft\\Windows Defender"
#define SIGNATURES SETTINGS "\\Signature Updates"
#define SERVICE    "HKLM\\SYSTEM\\CurrentControlSet\\Services\\WinDefend"
#define REALTIME   "\\Real-Time Protection"

const char *const defender_state_names[] = {
    [DEFENDER_ABSENT] = "absent",   [DEFENDER_OFF] = "off",
    [DEFENDER_PASSIVE] = "passive", [DEFENDER_NO_REALTIME] = "no real-time protection",
    [DEFENDER_ON] = "on",
};

/* What is wrong comes first; each holds when the value is this number. */
static const struct {
    const char *path, *value;
    uint64_t number;
    enum defender_state state;
} switches[] = {
    {SERVICE, "Start", 4, DEFENDER_OFF}, /* disabled */
    {POLICY, "DisableAntiSpyware", 1, DEFENDER_OFF},
    {POLICY, "DisableAntiVirus", 1, DEFENDER_OFF},
    {SETTINGS, "DisableAntiSpyware", 1, DEFENDER_OFF},
    {SETTINGS, "DisableAntiVirus", 1, DEFENDER_OFF},
    {SETTINGS, "PassiveMode", 1, DEFENDER_PASSIVE},
    {SETTINGS, "PassiveMode", 2, DEFENDER_PASSIVE},
    {POLICY REALTIME, "DisableRealtimeMonitoring", 1, DEFENDER_NO_REALTIME},
    {SETTINGS REALTIME, "DisableRealtimeMonitoring", 1, DEFENDER_NO_REALTIME},
};

static void judge(struct updates_defender *out)
{
    uint64_t n;
    out->state = DEFENDER_ON;
    for (size_t i = 0; i < sizeof(switches) / sizeof(switches[0]); i++) {
        if (!read_number(switches[i].path, switches[i].value, &n) || n != switches[i].number)
            continue;
        out->state = switches[i].state;
        span_copy(span_of(switches[i].value), out->why, sizeof(out->why));
        return;
    }
}

void updates_defender_read(struct updates_defender *out)
{
    *out = (struct updates_defender){.state = DEFENDER_ABSENT};
    struct registry_key *key;
    uint64_t n;
    if (registry_open(SIGNATURES, REGISTRY_64, &key) != 0)
        return;
    if (!read_text_of(key, "AVSignatureVersion", out->signatures, sizeof(out->signatures)))
        read_text_of(key, "ASSignatureVersion", out->signatures, sizeof(out->signatures));
    read_text_of(key, "EngineVersion", out->engine, sizeof(out->engine));
    registry_close(key);
    out->updated_ms = read_filetime(SIGNATURES, "SignaturesLastUpdated");
    if (out->updated_ms == 0)
        out->updated_ms = read_filetime(SIGNATURES, "AVSignatureApplied");
    if (read_number(SERVICE, "Start", &n) || out->signatures[0])
        judge(out);
}

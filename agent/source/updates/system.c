#include "source/updates/system.h"

#include "source/updates/read.h"

#include "base/span.h"

#define VERSION "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"

static uint32_t number_of_text(const char *text)
{
    uint64_t n;
    return span_to_u64(span_of(text), &n) && n <= UINT32_MAX ? (uint32_t)n : 0;
}

void updates_system_read(struct updates_system *out)
{
    struct registry_key *key;
    char build[16];
    uint64_t n;
    *out = (struct updates_system){.build = 0};
    if (registry_open(VERSION, REGISTRY_64, &key) != 0)
        return;
    read_text_of(key, "ProductName", out->product, sizeof(out->product));
    read_text_of(key, "EditionID", out->edition, sizeof(out->edition));
    read_text_of(key, "InstallationType", out->installation, sizeof(out->installation));
    if (!read_text_of(key, "DisplayVersion", out->release, sizeof(out->release)))
        read_text_of(key, "ReleaseId", out->release, sizeof(out->release));
    /* CurrentBuild is a text of the same on all but the oldest */
    read_text_of(key, "CurrentBuildNumber", build, sizeof(build));
    out->build = number_of_text(build);
    read_number_of(key, "UBR", &n);
    out->revision = (uint32_t)n;
    read_number_of(key, "InstallDate", &n);
    out->installed_ms = n <= UINT32_MAX ? (int64_t)n * 1000 : 0;
    registry_close(key);
}

const char *updates_system_kind(const struct updates_system *s)
{
    static const struct {
        const char *edition; /* what its id begins with; the longer ones first */
        const char *kind;
    } kinds[] = {
        {"EnterpriseS", "windows-ltsc"},
        {"IoTEnterpriseS", "windows-iot-ltsc"},
        {"Enterprise", "windows-enterprise"},
        {"IoTEnterprise", "windows-enterprise"},
        {"Education", "windows-enterprise"},
        {"ServerRdsh", "windows-enterprise"}, /* Enterprise for many users, no server */
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (span_starts(span_of(s->edition), span_of(kinds[i].edition)))
            return kinds[i].kind;
    return span_starts(span_of(s->installation), SPAN("Server")) ? "windows-server" : "windows";
}

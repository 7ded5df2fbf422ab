/* The operating system Windows: version, edition, how it was started, names, time zone. */
#include "event/mask.h"
#include "platform/host.h"
#include "source/inventory/part.h"
#include "source/updates/read.h"

#define VERSION "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
#define CONTROL "HKLM\\SYSTEM\\CurrentControlSet\\Control"
#define TCPIP   "HKLM\\SYSTEM\\CurrentControlSet\\Services\\Tcpip\\Parameters"

static void put_value(struct json_out *j, const char *member, const char *path, const char *name)
{
    char text[256];
    if (read_text(path, name, text, sizeof(text)))
        inventory_put_text(j, member, span_trim(span_of(text)), sizeof(text));
}

/* Test signing and a kernel's debugger stand there. */
static void put_start(struct inventory_list *out)
{
    char text[1024];
    struct buf masked = BUF_INIT(8192);
    if (read_text(CONTROL, "SystemStartOptions", text, sizeof(text))) {
        struct json_out *j = inventory_begin(out, SPAN("boot"));
        mask_put(&masked, span_trim(span_of(text)));
        inventory_put_text(j, "command_line", buf_span(&masked), 1000);
        inventory_end(out);
    }
    buf_release(&masked);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct host_info host;
    host_read(r->root, &host);

    struct json_out *j = inventory_begin(out, SPAN("os"));
    inventory_put(j, "name", span_of(host.os_name), 64);
    inventory_put(j, "id", span_of(host.os_id), 64);
    inventory_put(j, "version", span_of(host.os_version), 64); /* ends with the update's revision */
    inventory_put(j, "codename", span_of(host.os_codename), 64);
    inventory_put(j, "arch", span_of(host.arch), 64);
    put_value(j, "edition", VERSION, "EditionID");
    put_value(j, "installation", VERSION, "InstallationType");
    inventory_end(out);

    j = inventory_begin(out, SPAN("name"));
    inventory_put(j, "hostname", span_of(host.hostname), 256);
    put_value(j, "domain", TCPIP, "Domain");
    put_value(j, "timezone", CONTROL "\\TimeZoneInformation", "TimeZoneKeyName");
    inventory_end(out);
    put_start(out);
    return 0;
}

static enum event_severity severity(const struct inventory_change *c)
{
    return span_equal_text(c->key, "boot") ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

const struct inventory_part inventory_system_registry = {
    .name = "system",
    .one = "fact about the system",
    .many = "facts about the system",
    .read = read_part,
    .severity = severity,
};

/* The operating system: release, kernel, how it was started, host name, time zone. */
#include "event/mask.h"
#include "platform/host.h"
#include "source/inventory/part.h"

static void put_command_line(const struct inventory_reader *r, struct inventory_list *out)
{
    struct buf text = BUF_INIT(16384), masked = BUF_INIT(65536);
    if (inventory_kernel_file(r, "/proc/cmdline", &text) == 0) {
        struct json_out *j = inventory_begin(out, SPAN("boot"));
        mask_put(&masked, span_trim(buf_span(&text)));
        inventory_put(j, "command_line", buf_span(&masked), 1000);
        inventory_end(out);
    }
    buf_release(&text);
    buf_release(&masked);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct host_info host;
    char line[300];
    host_read(r->root, &host);

    struct json_out *j = inventory_begin(out, SPAN("os"));
    inventory_put(j, "name", span_of(host.os_name), 64);
    inventory_put(j, "id", span_of(host.os_id), 64);
    inventory_put(j, "version", span_of(host.os_version), 64);
    inventory_put(j, "codename", span_of(host.os_codename), 64);
    inventory_put(j, "arch", span_of(host.arch), 64);
    inventory_end(out);

    j = inventory_begin(out, SPAN("kernel"));
    inventory_put(j, "release", span_of(host.kernel), 96);
    if (inventory_kernel_line(r, "/proc/version", line, sizeof(line)))
        inventory_put(j, "version", span_of(line), sizeof(line));
    inventory_end(out);

    j = inventory_begin(out, SPAN("name"));
    inventory_put(j, "hostname", span_of(host.hostname), 256);
    if (inventory_kernel_line(r, "/etc/timezone", line, sizeof(line)))
        inventory_put(j, "timezone", span_of(line), 64);
    inventory_end(out);
    put_command_line(r, out);
    return 0;
}

static void stamp(struct inventory_reader *r, struct sha256 *s)
{
    static const char *const files[] = {"/etc/os-release", "/usr/lib/os-release",
                                        "/etc/debian_version", "/etc/hostname", "/etc/timezone"};
    char name[256];
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        inventory_stamp(r, files[i], s);
    inventory_kernel_line(r, "/proc/sys/kernel/hostname", name, sizeof(name));
    sha256_update(s, name, strlen(name));
}

static enum event_severity severity(const struct inventory_change *c)
{
    return span_equal_text(c->key, "boot") ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

const struct inventory_part inventory_system = {
    .name = "system",
    .one = "fact about the system",
    .many = "facts about the system",
    .wakes = "/etc\n",
    .stamp = stamp,
    .read = read_part,
    .severity = severity,
};

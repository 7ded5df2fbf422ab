#include "source/inventory/disks.h"

#define MOUNTS_MAX (1u << 20)
#define DISKS_MAX  512
#define LAYERS_MAX 8
#define SLAVES_MAX 64
#define NAME_SIZE  64

/* ---- encryption: /sys/block/dm-N/dm/uuid begins with CRYPT-, here or further down ---- */

struct layers {
    const struct inventory_reader *reader;
    int depth;
    bool encrypted;
};

static void look_at_layer(void *ctx, const char *name)
{
    struct layers *l = ctx;
    char path[512], uuid[160];
    if (l->encrypted || l->depth == LAYERS_MAX || strlen(name) >= NAME_SIZE)
        return;
    snprintf(path, sizeof(path), "/sys/block/%s/dm/uuid", name);
    if (inventory_kernel_line(l->reader, path, uuid, sizeof(uuid)) &&
        span_starts(span_of(uuid), SPAN("CRYPT-"))) {
        l->encrypted = true;
        return;
    }
    l->depth++;
    snprintf(path, sizeof(path), "/sys/block/%s/slaves", name);
    inventory_folder(l->reader, path, SLAVES_MAX, look_at_layer, l);
    l->depth--;
}

bool inventory_disk_is_encrypted(const struct inventory_reader *r, const char *name)
{
    struct layers l = {.reader = r};
    look_at_layer(&l, name);
    return l.encrypted;
}

/* ---- disks ---- */

struct disks {
    const struct inventory_reader *reader;
    struct inventory_list *out;
    struct sha256 *stamp;
    struct span wanted; /* name below /dev/mapper that a device is looked for by */
    char found[NAME_SIZE];
};

static bool is_disk(const char *name)
{
    static const char *const others[] = {"loop", "ram", "zram", "nbd", "fd"};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (span_starts(span_of(name), span_of(others[i])))
            return false;
    return strlen(name) < NAME_SIZE;
}

static void put_line_of(const struct disks *d, struct json_out *j, const char *name,
                        const char *file, const char *member)
{
    char path[512], line[256];
    snprintf(path, sizeof(path), "/sys/block/%s/%s", name, file);
    if (inventory_kernel_line(d->reader, path, line, sizeof(line)))
        inventory_put(j, member, span_of(line), 200);
}

static uint64_t number_of(const struct disks *d, const char *name, const char *file)
{
    char path[512], line[32];
    uint64_t n = 0;
    snprintf(path, sizeof(path), "/sys/block/%s/%s", name, file);
    if (!inventory_kernel_line(d->reader, path, line, sizeof(line)) ||
        !span_to_u64(span_of(line), &n))
        return 0;
    return n;
}

static void add_disk(void *ctx, const char *name)
{
    const struct disks *d = ctx;
    char key[NAME_SIZE + 8];
    if (!is_disk(name))
        return;
    snprintf(key, sizeof(key), "disk %s", name);
    struct json_out *j = inventory_begin(d->out, span_of(key));
    json_uint(j, "bytes", number_of(d, name, "size") * 512); /* the kernel counts in 512 bytes */
    put_line_of(d, j, name, "device/vendor", "vendor");
    put_line_of(d, j, name, "device/model", "model");
    put_line_of(d, j, name, "device/serial", "serial");
    put_line_of(d, j, name, "serial", "serial_number"); /* virtio */
    put_line_of(d, j, name, "dm/name", "dm_name");
    json_bool(j, "rotational", number_of(d, name, "queue/rotational") == 1);
    json_bool(j, "removable", number_of(d, name, "removable") == 1);
    json_bool(j, "encrypted", inventory_disk_is_encrypted(d->reader, name));
    inventory_end(d->out);
}

/* ---- mounts ---- */

bool inventory_mount_parse(struct span line, struct inventory_mount *out)
{
    struct span f[32];
    size_t n = inventory_fields(line, f, 32), at = 6; /* optional fields end with "-" */
    while (at < n && !span_equal_text(f[at], "-"))
        at++;
    if (n < 10 || at + 2 >= n)
        return false;
    *out = (struct inventory_mount){
        .root = f[3], .point = f[4], .options = f[5], .type = f[at + 1], .source = f[at + 2]};
    return true;
}

static void compare_mapper_name(void *ctx, const char *name)
{
    struct disks *d = ctx;
    char path[512], mapped[256];
    if (d->found[0] || !span_starts(span_of(name), SPAN("dm-")) || strlen(name) >= NAME_SIZE)
        return;
    snprintf(path, sizeof(path), "/sys/block/%s/dm/name", name);
    if (inventory_kernel_line(d->reader, path, mapped, sizeof(mapped)) &&
        span_equal_text(d->wanted, mapped))
        snprintf(d->found, sizeof(d->found), "%s", name);
}

/* /dev/mapper/NAME or /dev/sda2 */
static bool is_encrypted(struct disks *d, struct span device)
{
    struct span mapper = SPAN("/dev/mapper/"), dev = SPAN("/dev/");
    d->found[0] = '\0';
    if (span_starts(device, mapper)) {
        d->wanted = (struct span){device.p + mapper.n, device.n - mapper.n};
        inventory_folder(d->reader, "/sys/block", DISKS_MAX, compare_mapper_name, d);
    } else if (span_starts(device, dev) && device.n - dev.n < NAME_SIZE) {
        span_copy((struct span){device.p + dev.n, device.n - dev.n}, d->found, sizeof(d->found));
    }
    return d->found[0] && !strchr(d->found, '/') &&
           inventory_disk_is_encrypted(d->reader, d->found);
}

/* File systems on disks of this machine or on others; not the kernel's own, nor images (snap). */
static bool is_told(const struct inventory_mount *m)
{
    static const char *const remote[] = {"nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "ceph"};
    for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
        if (span_equal_text(m->type, remote[i]))
            return true;
    return span_starts(m->source, SPAN("/dev/")) && !span_starts(m->source, SPAN("/dev/loop")) &&
           (span_equal_text(m->root, "/") || span_equal_text(m->type, "btrfs"));
}

static bool has_option(struct span options, const char *name)
{
    struct span one;
    while (span_take_until(&options, ',', &one))
        if (span_equal_text(one, name))
            return true;
    return false;
}

static void put_mount(struct disks *d, const struct inventory_mount *m)
{
    static const char *const flags[] = {"ro", "nosuid", "nodev", "noexec"};
    bool local = span_starts(m->source, SPAN("/dev/"));
    struct buf key = BUF_INIT(8192);
    buf_put_text(&key, "mount ");
    buf_put_span(&key, m->point);
    struct json_out *j = inventory_begin(d->out, buf_span(&key));
    inventory_put(j, "source", m->source, 200);
    inventory_put(j, "type", m->type, 32);
    json_array(j, "options");
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
        if (has_option(m->options, flags[i]))
            json_text(j, NULL, flags[i]);
    json_end_array(j);
    if (local)
        json_bool(j, "encrypted", is_encrypted(d, m->source));
    else
        json_bool(j, "remote", true);
    inventory_end(d->out);
    buf_release(&key);
}

/* The service may see its own mounts otherwise than the host (read-only ones): the first process's
 * are the host's. */
static int read_mounts(const struct inventory_reader *r, struct buf *text)
{
    int rc = inventory_kernel_file(r, "/proc/1/mountinfo", text);
    if (rc == 0)
        return 0;
    buf_clear(text);
    return inventory_kernel_file(r, "/proc/self/mountinfo", text);
}

static void put_swaps(struct disks *d)
{
    struct buf text = BUF_INIT(65536);
    struct span rest, line, f[2];
    inventory_kernel_file(d->reader, "/proc/swaps", &text);
    rest = buf_span(&text);
    span_take_line(&rest, &line); /* headings */
    while (span_take_line(&rest, &line)) {
        struct buf key = BUF_INIT(8192);
        if (inventory_fields(line, f, 2) < 2)
            continue;
        buf_put_text(&key, "swap ");
        buf_put_span(&key, f[0]);
        struct json_out *j = inventory_begin(d->out, buf_span(&key));
        inventory_put(j, "type", f[1], 32);
        json_bool(j, "encrypted", is_encrypted(d, f[0]));
        inventory_end(d->out);
        buf_release(&key);
    }
    buf_release(&text);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct disks d = {.reader = r, .out = out};
    struct inventory_mount m;
    struct buf text = BUF_INIT(MOUNTS_MAX);
    struct span rest, line;
    inventory_folder(r, "/sys/block", DISKS_MAX, add_disk, &d);
    int rc = read_mounts(r, &text);
    if (rc != 0)
        snprintf(r->why, sizeof(r->why), "mounts are unknown: %s", error_text(rc));
    rest = buf_span(&text);
    while (span_take_line(&rest, &line))
        if (inventory_mount_parse(line, &m) && is_told(&m))
            put_mount(&d, &m);
    put_swaps(&d);
    buf_release(&text);
    return rc;
}

/* ---- has anything changed ---- */

static void stamp_disk(void *ctx, const char *name)
{
    const struct disks *d = ctx;
    if (!is_disk(name))
        return;
    uint64_t size = number_of(d, name, "size");
    sha256_update(d->stamp, name, strlen(name) + 1);
    sha256_update(d->stamp, &size, sizeof(size));
}

/* Swap's lines hold how much is used: only their names count. */
static void stamp_swaps(const struct inventory_reader *r, struct sha256 *s)
{
    struct buf text = BUF_INIT(65536);
    struct span rest, line, name;
    inventory_kernel_file(r, "/proc/swaps", &text);
    rest = buf_span(&text);
    while (span_take_line(&rest, &line))
        if (inventory_fields(line, &name, 1) == 1)
            sha256_update(s, name.p, name.n);
    buf_release(&text);
}

static void stamp(struct inventory_reader *r, struct sha256 *s)
{
    struct disks d = {.reader = r, .stamp = s};
    struct buf text = BUF_INIT(MOUNTS_MAX);
    inventory_folder(r, "/sys/block", DISKS_MAX, stamp_disk, &d);
    read_mounts(r, &text);
    sha256_update(s, buf_span(&text).p, text.n);
    stamp_swaps(r, s);
    buf_release(&text);
}

enum event_severity inventory_disks_severity(const struct inventory_change *c)
{
    struct json_doc *doc = json_read(c->after, NULL), *old = json_read(c->before, NULL);
    const struct json_value *after = json_root(doc), *before = json_root(old);
    enum event_severity severity = SEVERITY_LOW;
    if ((json_get_bool(before, "encrypted", false) && after &&
         !json_get_bool(after, "encrypted", false)) ||
        (c->kind == INVENTORY_ADDED && json_get_bool(after, "removable", false)))
        severity = SEVERITY_MEDIUM;
    json_free(doc);
    json_free(old);
    return severity;
}

const struct inventory_part inventory_disks = {
    .name = "disks",
    .one = "disk or mount",
    .many = "disks and mounts",
    .stamp = stamp,
    .read = read_part,
    .severity = inventory_disks_severity,
};

/* Disks and drives of Windows, and whether the one it starts from is encrypted. */
#include "platform/disks.h"
#include "source/inventory/disks.h"
#include "source/updates/read.h"

#define VERSION   "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
#define BITLOCKER "HKLM\\SYSTEM\\CurrentControlSet\\Control\\BitlockerStatus"

struct reading {
    struct inventory_list *out;
    char drive; /* the letter that Windows lies on, 0: not known */
};

static void put_disk(void *ctx, const struct disk *d)
{
    const struct reading *r = ctx;
    char key[32];
    snprintf(key, sizeof(key), "disk %u", d->number);
    struct json_out *j = inventory_begin(r->out, span_of(key));
    json_uint(j, "bytes", d->bytes);
    inventory_put(j, "vendor", span_of(d->vendor), 200);
    inventory_put(j, "model", span_of(d->model), 200);
    inventory_put(j, "serial", span_of(d->serial), 200);
    json_bool(j, "removable", d->removable);
    inventory_end(r->out);
}

/* BootStatus: 1 when BitLocker guarded the start. Of other drives the registry says nothing. */
static void put_encrypted(struct json_out *j)
{
    uint64_t status;
    json_bool(j, "encrypted", read_number(BITLOCKER, "BootStatus", &status) && status == 1);
}

static void put_volume(void *ctx, const struct volume *v)
{
    const struct reading *r = ctx;
    char key[32];
    snprintf(key, sizeof(key), "mount %s", v->point);
    struct json_out *j = inventory_begin(r->out, span_of(key));
    inventory_put(j, "type", span_of(v->type), 32);
    json_array(j, "options");
    if (v->read_only)
        json_text(j, NULL, "ro");
    json_end_array(j);
    if (v->removable)
        json_bool(j, "removable", true);
    if (v->remote)
        json_bool(j, "remote", true);
    if (r->drive && v->point[0] == r->drive)
        put_encrypted(j);
    inventory_end(r->out);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct reading reading = {.out = out};
    char root[8] = "";
    if (read_text(VERSION, "SystemRoot", root, sizeof(root)) && root[1] == ':')
        reading.drive = root[0] >= 'a' ? (char)(root[0] - 0x20) : root[0];
    int rc = disks_each(put_disk, &reading);
    if (rc == 0)
        rc = volumes_each(put_volume, &reading);
    if (rc != 0)
        snprintf(r->why, sizeof(r->why), "disks are unknown: %s", error_text(rc));
    return rc;
}

const struct inventory_part inventory_volumes = {
    .name = "disks",
    .one = "disk or mount",
    .many = "disks and mounts",
    .read = read_part,
    .severity = inventory_disks_severity,
};

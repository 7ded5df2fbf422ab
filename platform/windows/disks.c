/* By IOCTL_STORAGE_QUERY_PROPERTY and IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, of handles without rights:
 * no disk is woken up to read from it. */
#include "platform/disks.h"

#include "platform/windows/path.h"

#include <stdio.h>
#include <string.h>
#include <winioctl.h>

#define DISKS_MAX  64
#define GAP_MAX    8 /* numbers of what was unplugged stay free */
#define ANSWER_MAX 1024
#define DRIVES     26

/* ---- disks ---- */

/* A text at that place of the answer, without blanks around it. */
static void take_text(const uint8_t *answer, DWORD n, DWORD at, char *out, size_t size)
{
    size_t length = 0;
    while (at > 0 && at < n && answer[at] == ' ')
        at++;
    while (at > 0 && at + length < n && answer[at + length] != '\0' && length + 1 < size)
        length++;
    while (length > 0 && answer[at + length - 1] == ' ')
        length--;
    memcpy(out, answer + (length ? at : 0), length);
    out[length] = '\0';
}

static void describe(HANDLE h, struct disk *out)
{
    STORAGE_PROPERTY_QUERY query = {.PropertyId = StorageDeviceProperty,
                                    .QueryType = PropertyStandardQuery};
    uint8_t answer[ANSWER_MAX] = {0};
    STORAGE_DEVICE_DESCRIPTOR head;
    DWORD n = 0;
    if (!DeviceIoControl(h, IOCTL_STORAGE_QUERY_PROPERTY, &query, sizeof(query), answer,
                         sizeof(answer), &n, NULL) ||
        n < offsetof(STORAGE_DEVICE_DESCRIPTOR, RawDeviceProperties))
        return;
    memcpy(&head, answer, sizeof(head));
    take_text(answer, n, head.VendorIdOffset, out->vendor, sizeof(out->vendor));
    take_text(answer, n, head.ProductIdOffset, out->model, sizeof(out->model));
    take_text(answer, n, head.SerialNumberOffset, out->serial, sizeof(out->serial));
    out->removable = head.RemovableMedia || head.BusType == BusTypeUsb;
}

static void measure(HANDLE h, struct disk *out)
{
    uint8_t answer[ANSWER_MAX];
    DISK_GEOMETRY_EX geometry;
    DWORD n = 0;
    if (!DeviceIoControl(h, IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, NULL, 0, answer, sizeof(answer), &n,
                         NULL) ||
        n < sizeof(geometry))
        return;
    memcpy(&geometry, answer, sizeof(geometry));
    out->bytes = (uint64_t)geometry.DiskSize.QuadPart;
}

int disks_each(void (*each)(void *ctx, const struct disk *d), void *ctx)
{
    for (unsigned i = 0, gap = 0; i < DISKS_MAX && gap < GAP_MAX; i++) {
        struct disk disk = {.number = i};
        wchar_t path[32];
        _snwprintf(path, 32, L"\\\\.\\PhysicalDrive%u", i);
        HANDLE h =
            CreateFileW(path, 0, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
        if (h == INVALID_HANDLE_VALUE) {
            gap++;
            continue;
        }
        gap = 0;
        describe(h, &disk);
        measure(h, &disk);
        CloseHandle(h);
        each(ctx, &disk);
    }
    return 0;
}

/* ---- volumes ---- */

static void ask(const wchar_t *root, struct volume *out)
{
    wchar_t type[32];
    DWORD flags = 0;
    if (!GetVolumeInformationW(root, NULL, 0, NULL, NULL, &flags, type, 32))
        return;
    out->read_only = (flags & FILE_READ_ONLY_VOLUME) != 0;
    if (text_of_wide(type, wcslen(type), out->type, sizeof(out->type)) < 0)
        out->type[0] = '\0';
}

int volumes_each(void (*each)(void *ctx, const struct volume *v), void *ctx)
{
    DWORD there = GetLogicalDrives();
    for (unsigned i = 0; i < DRIVES; i++) {
        wchar_t root[] = L"A:\\";
        root[0] = (wchar_t)(L'A' + i);
        UINT kind = there & 1u << i ? GetDriveTypeW(root) : DRIVE_NO_ROOT_DIR;
        if (kind == DRIVE_NO_ROOT_DIR || kind == DRIVE_UNKNOWN || kind == DRIVE_CDROM)
            continue;
        struct volume v = {.remote = kind == DRIVE_REMOTE, .removable = kind == DRIVE_REMOVABLE};
        snprintf(v.point, sizeof(v.point), "%c:", (char)('A' + i));
        if (!v.remote)
            ask(root, &v);
        each(ctx, &v);
    }
    return there ? 0 : errno_of_last();
}

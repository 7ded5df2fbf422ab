#include "platform/windows/handle.h"

#include "platform/common/reparse.h"
#include "platform/windows/rights.h"

#include <string.h>
#include <winioctl.h>

#define EPOCH_100NS 116444736000000000ll /* 1970 in ticks since 1601 */

enum file_type type_of_attributes(DWORD attributes, DWORD reparse_tag)
{
    if (attributes & FILE_ATTRIBUTE_REPARSE_POINT && IsReparseTagNameSurrogate(reparse_tag))
        return FILE_SYMLINK;
    return attributes & FILE_ATTRIBUTE_DIRECTORY ? FILE_FOLDER : FILE_REGULAR;
}

/* A file may claim any time: what does not fit in nanoseconds is cut to the ends. */
static int64_t ns_of(int64_t ticks)
{
    if (ticks <= 0)
        return 0;
    int64_t since = ticks - EPOCH_100NS;
    if (since > INT64_MAX / 100)
        return INT64_MAX;
    return since < INT64_MIN / 100 ? INT64_MIN : since * 100;
}

static uint32_t flags_of(DWORD attributes)
{
    return (attributes & FILE_ATTRIBUTE_HIDDEN ? (uint32_t)FILE_HIDDEN : 0) |
           (attributes & FILE_ATTRIBUTE_SYSTEM ? (uint32_t)FILE_SYSTEM : 0) |
           (attributes & FILE_ATTRIBUTE_ENCRYPTED ? (uint32_t)FILE_ENCRYPTED : 0);
}

int handle_info(HANDLE h, struct file_info *info)
{
    BY_HANDLE_FILE_INFORMATION by;
    FILE_BASIC_INFO basic;
    FILE_ATTRIBUTE_TAG_INFO tag = {0};
    *info = (struct file_info){0};
    if (GetFileType(h) != FILE_TYPE_DISK) {
        info->type = FILE_CHAR_DEVICE;
        return 0;
    }
    if (!GetFileInformationByHandle(h, &by) ||
        !GetFileInformationByHandleEx(h, FileBasicInfo, &basic, sizeof(basic)))
        return errno_of_last();
    if (by.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT &&
        !GetFileInformationByHandleEx(h, FileAttributeTagInfo, &tag, sizeof(tag)))
        return errno_of_last();
    uint32_t others = rights_of_others(h);
    bool folder = (by.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) != 0;
    others |= folder && others & 04 ? 01 : 0;
    bool fixed = !folder && by.dwFileAttributes & FILE_ATTRIBUTE_READONLY;
    *info = (struct file_info){
        .type = type_of_attributes(by.dwFileAttributes, tag.ReparseTag),
        .mode = (fixed    ? 0400u
                 : folder ? 0700u
                          : 0600u) |
                others << 3 | others,
        .nlink = by.nNumberOfLinks,
        .flags = flags_of(by.dwFileAttributes),
        .size = folder ? 0 : (uint64_t)by.nFileSizeHigh << 32 | by.nFileSizeLow,
        .mtime_ns = ns_of(basic.LastWriteTime.QuadPart),
        .ctime_ns = ns_of(basic.ChangeTime.QuadPart),
        .dev = by.dwVolumeSerialNumber,
        .ino = (uint64_t)by.nFileIndexHigh << 32 | by.nFileIndexLow,
    };
    return 0;
}

int handle_link(HANDLE h, char *out, size_t size)
{
    unsigned char data[REPARSE_SIZE_MAX];
    DWORD n;
    if (!DeviceIoControl(h, FSCTL_GET_REPARSE_POINT, NULL, 0, data, sizeof(data), &n, NULL))
        return errno_of_last();
    int length = reparse_target(data, n, out, size);
    return length < 0 ? length : path_of_text(out);
}

int handle_path(HANDLE h, wchar_t out[PATH_WIDE_MAX])
{
    DWORD n = GetFinalPathNameByHandleW(h, out, PATH_WIDE_MAX, FILE_NAME_NORMALIZED);
    if (n == 0)
        return errno_of_last();
    return n < PATH_WIDE_MAX ? 0 : -ENAMETOOLONG;
}

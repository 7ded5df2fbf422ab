#include "platform/windows/handle.h"

#include "platform/windows/rights.h"

#include <string.h>
#include <winioctl.h>

#define EPOCH_100NS 116444736000000000ll /* 1970 in ticks since 1601 */
#define LINK_MAX    (16 * 1024)          /* MAXIMUM_REPARSE_DATA_BUFFER_SIZE */

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
        .size = folder ? 0 : (uint64_t)by.nFileSizeHigh << 32 | by.nFileSizeLow,
        .mtime_ns = ns_of(basic.LastWriteTime.QuadPart),
        .ctime_ns = ns_of(basic.ChangeTime.QuadPart),
        .dev = by.dwVolumeSerialNumber,
        .ino = (uint64_t)by.nFileIndexHigh << 32 | by.nFileIndexLow,
    };
    return 0;
}

/* The two kinds of link (REPARSE_DATA_BUFFER of ntifs.h): a header of 8 bytes, then where the name
 * to show and the name to use lie, in bytes from the end of these, for symbolic links a flag
 * between. */
static int link_name(const unsigned char *data, size_t n, char *out, size_t size)
{
    uint32_t tag;
    uint16_t at, length;
    if (n < 16)
        return -EIO;
    memcpy(&tag, data, sizeof(tag));
    memcpy(&at, data + 8, sizeof(at));
    memcpy(&length, data + 10, sizeof(length));
    size_t names = tag == IO_REPARSE_TAG_SYMLINK ? 20 : 16;
    if (tag != IO_REPARSE_TAG_SYMLINK && tag != IO_REPARSE_TAG_MOUNT_POINT)
        return -EINVAL;
    if (length % 2 != 0 || names + at + length > n)
        return -EIO;
    wchar_t name[LINK_MAX / 2 + 1];
    memcpy(name, data + names + at, length);
    name[length / 2] = L'\0';
    if (wcsncmp(name, L"\\??\\", 4) == 0)
        name[1] = L'\\'; /* the kernel's prefix becomes the one that text_of_path knows */
    return text_of_path(name, out, size);
}

int handle_link(HANDLE h, char *out, size_t size)
{
    unsigned char data[LINK_MAX];
    DWORD n;
    if (!DeviceIoControl(h, FSCTL_GET_REPARSE_POINT, NULL, 0, data, sizeof(data), &n, NULL))
        return errno_of_last();
    return link_name(data, n, out, size);
}

int handle_path(HANDLE h, wchar_t out[PATH_WIDE_MAX])
{
    DWORD n = GetFinalPathNameByHandleW(h, out, PATH_WIDE_MAX, FILE_NAME_NORMALIZED);
    if (n == 0)
        return errno_of_last();
    return n < PATH_WIDE_MAX ? 0 : -ENAMETOOLONG;
}

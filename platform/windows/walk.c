#include "platform/walk.h"

#include "platform/windows/reach.h"
#include "platform/windows/wide.h"

#include <sddl.h>
#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

#define ENTRIES_SIZE   (32 * 1024)
#define DESCRIPTOR_MAX (64 * 1024)
#define NAME_SIZE      1024 /* 255 characters in UTF-8 */
#define WHAT_DECIDES                                                                               \
    (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)

struct walk_folder {
    HANDLE handle;
    bool begun;
    bool drained;
    const FILE_ID_BOTH_DIR_INFO *next;
    union {
        FILE_ID_BOTH_DIR_INFO first; /* for its alignment */
        char bytes[ENTRIES_SIZE];
    } * entries;
    char name[NAME_SIZE];
};

static int wrap(int rc, HANDLE h, struct walk_folder **out)
{
    *out = NULL;
    if (rc != 0)
        return rc;
    struct walk_folder *f = calloc(1, sizeof(*f));
    if (!f) {
        CloseHandle(h);
        return -ENOMEM;
    }
    f->handle = h;
    *out = f;
    return 0;
}

int walk_open(const char *path, struct walk_folder **out)
{
    HANDLE h;
    int rc = reach(path, REACH_FOLDER, FILE_LIST_DIRECTORY | FILE_TRAVERSE, 0, &h);
    return wrap(rc, h, out);
}

int walk_open_anywhere(const char *path, struct walk_folder **out)
{
    HANDLE h;
    int rc = reach(path, REACH_FOLDER, FILE_LIST_DIRECTORY | FILE_TRAVERSE, REACH_REMOTE, &h);
    return wrap(rc, h, out);
}

static int open_in(const struct walk_folder *parent, const char *name, enum reach_kind kind,
                   ACCESS_MASK access, HANDLE *out)
{
    wchar_t wide[NAME_SIZE];
    int rc = wide_of_text(name, wide, NAME_SIZE);
    *out = INVALID_HANDLE_VALUE;
    return rc < 0 ? rc : reach_in(parent->handle, wide, kind, access, out);
}

int walk_enter(const struct walk_folder *parent, const char *name, struct walk_folder **out)
{
    HANDLE h;
    int rc = open_in(parent, name, REACH_FOLDER, FILE_LIST_DIRECTORY | FILE_TRAVERSE, &h);
    return wrap(rc, h, out);
}

void walk_close(struct walk_folder *f)
{
    if (!f)
        return;
    CloseHandle(f->handle);
    free(f->entries);
    free(f);
}

static int fill(struct walk_folder *f)
{
    FILE_INFO_BY_HANDLE_CLASS what =
        f->begun ? FileIdBothDirectoryInfo : FileIdBothDirectoryRestartInfo;
    if (!f->entries && !(f->entries = malloc(sizeof(*f->entries))))
        return -ENOMEM;
    f->begun = true;
    if (GetFileInformationByHandleEx(f->handle, what, f->entries, sizeof(*f->entries))) {
        f->next = &f->entries->first;
        return 1;
    }
    DWORD error = GetLastError();
    f->drained = error == ERROR_NO_MORE_FILES || error == ERROR_FILE_NOT_FOUND;
    return f->drained ? 0 : windows_error(error);
}

static enum file_type type_of(const FILE_ID_BOTH_DIR_INFO *e)
{
    /* of a reparse point the tag stands where other entries have the size of their attributes */
    if (e->FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT)
        return IsReparseTagNameSurrogate(e->EaSize) ? FILE_SYMLINK : FILE_NO_TYPE;
    return e->FileAttributes & FILE_ATTRIBUTE_DIRECTORY ? FILE_FOLDER : FILE_REGULAR;
}

static const FILE_ID_BOTH_DIR_INFO *behind(const FILE_ID_BOTH_DIR_INFO *e)
{
    return e->NextEntryOffset ? (const void *)((const char *)e + e->NextEntryOffset) : NULL;
}

int walk_next(struct walk_folder *f, const char **name, enum file_type *type)
{
    for (;;) {
        if (!f->next) {
            int rc = f->drained ? 0 : fill(f);
            if (rc <= 0)
                return rc;
        }
        const FILE_ID_BOTH_DIR_INFO *e = f->next;
        f->next = behind(e);
        if (text_of_wide(e->FileName, e->FileNameLength / sizeof(wchar_t), f->name, NAME_SIZE) < 0)
            continue; /* no file system of Windows has one so long */
        if (strcmp(f->name, ".") == 0 || strcmp(f->name, "..") == 0)
            continue;
        *name = f->name;
        *type = type_of(e);
        return 1;
    }
}

int walk_info(const struct walk_folder *f, const char *name, struct file_info *info)
{
    HANDLE h;
    int rc = open_in(f, name, REACH_ANY, FILE_READ_ATTRIBUTES, &h);
    if (rc != 0)
        return rc;
    rc = info_of_handle(h, info);
    CloseHandle(h);
    return rc;
}

int walk_file(const struct walk_folder *f, const char *name, file_t *out, struct file_info *info)
{
    HANDLE h;
    *out = FILE_NONE;
    int rc = open_in(f, name, REACH_FILE, FILE_READ_DATA | READ_CONTROL, &h);
    if (rc != 0)
        return rc == -EISDIR ? -EINVAL : rc;
    rc = info_of_handle(h, info);
    if (rc == 0 && info->type != FILE_REGULAR)
        rc = -EINVAL;
    if (rc != 0) {
        CloseHandle(h);
        return rc;
    }
    *out = (file_t)h;
    return 0;
}

int walk_link(const struct walk_folder *f, const char *name, char *out, size_t size)
{
    wchar_t target[WIDE_MAX];
    HANDLE h;
    int rc = open_in(f, name, REACH_ANY, FILE_READ_ATTRIBUTES, &h);
    if (rc != 0)
        return rc;
    union { /* REPARSE_DATA_BUFFER of ntifs.h, which is for drivers */
        struct {
            ULONG tag;
            USHORT length, reserved, name_at, name_n, print_at, print_n;
        } head;
        char bytes[MAXIMUM_REPARSE_DATA_BUFFER_SIZE];
    } *data = malloc(sizeof(*data));
    DWORD got = 0;
    if (!data ||
        !DeviceIoControl(h, FSCTL_GET_REPARSE_POINT, NULL, 0, data, sizeof(*data), &got, NULL))
        rc = data ? windows_error(GetLastError()) : -ENOMEM;
    CloseHandle(h);
    size_t from = rc == 0 && data->head.tag == IO_REPARSE_TAG_SYMLINK ? 20 : 16; /* it has flags */
    if (rc == 0 && got >= from && from + data->head.name_at + (size_t)data->head.name_n <= got &&
        data->head.name_n / sizeof(wchar_t) < WIDE_MAX) {
        memcpy(target, data->bytes + from + data->head.name_at, data->head.name_n);
        rc = text_of_wide(target, data->head.name_n / sizeof(wchar_t), out, size);
    } else if (rc == 0) {
        rc = -EINVAL;
    }
    free(data);
    return rc;
}

/* Owner, group and access list in SDDL, as administrators know them. */
int walk_attributes(const struct walk_folder *folder, const char *name, file_t f,
                    walk_attribute_fn *each, void *ctx)
{
    HANDLE h = (HANDLE)f;
    char *text = NULL;
    DWORD n = 0;
    int rc = f == FILE_NONE ? open_in(folder, name, REACH_ANY, READ_CONTROL, &h) : 0;
    if (rc != 0)
        return rc;
    GetKernelObjectSecurity(h, WHAT_DECIDES, NULL, 0, &n);
    void *descriptor = n > 0 && n <= DESCRIPTOR_MAX ? malloc(n) : NULL;
    if (descriptor && GetKernelObjectSecurity(h, WHAT_DECIDES, descriptor, n, &n) &&
        ConvertSecurityDescriptorToStringSecurityDescriptorA(descriptor, SDDL_REVISION_1,
                                                             WHAT_DECIDES, &text, NULL))
        each(ctx, "security.sddl", text, strlen(text));
    LocalFree(text);
    free(descriptor);
    if (f == FILE_NONE)
        CloseHandle(h);
    return 0;
}

int walk_real_path(const char *path, char *out, size_t size)
{
    wchar_t wide[WIDE_MAX];
    int rc = wide_path(path, wide);
    if (rc < 0)
        return rc;
    HANDLE h = CreateFileW(wide, FILE_READ_ATTRIBUTES,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return windows_error(GetLastError());
    DWORD n = GetFinalPathNameByHandleW(h, wide, WIDE_MAX, FILE_NAME_NORMALIZED | VOLUME_NAME_DOS);
    CloseHandle(h);
    if (n < 7 || n >= WIDE_MAX || size < 2)
        return -ENAMETOOLONG;
    rc = text_of_wide(wide + 4, n - 4, out + 1, size - 1); /* without "\\?\" */
    out[0] = '/';
    for (char *p = out; rc >= 0 && *p; p++)
        if (*p == '\\')
            *p = '/';
    return rc < 0 ? rc : rc + 1;
}

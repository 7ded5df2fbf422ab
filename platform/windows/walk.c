#include "platform/walk.h"

#include "platform/windows/reach.h"
#include "platform/windows/streams.h"

#include <sddl.h>
#include <stdlib.h>
#include <string.h>

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
    int rc = reach_path(path, REACH_FOLDER, FILE_LIST_DIRECTORY | FILE_TRAVERSE, 0, &h);
    return wrap(rc, h, out);
}

int walk_open_anywhere(const char *path, struct walk_folder **out)
{
    HANDLE h;
    int rc = reach_path(path, REACH_FOLDER, FILE_LIST_DIRECTORY | FILE_TRAVERSE, REACH_REMOTE, &h);
    return wrap(rc, h, out);
}

static int open_in(const struct walk_folder *parent, const char *name, enum reach_kind kind,
                   ACCESS_MASK access, HANDLE *out)
{
    wchar_t wide[NAME_SIZE];
    int rc = wide_of_text(name, strlen(name), wide, NAME_SIZE);
    *out = INVALID_HANDLE_VALUE;
    return rc < 0 ? rc : reach_in(parent->handle, wide, kind, access, 0, out);
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
    return f->drained ? 0 : errno_of_error(error);
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
        /* of a reparse point the tag stands where others have the size of their attributes */
        *type = type_of_attributes(e->FileAttributes, e->EaSize);
        return 1;
    }
}

int walk_info(const struct walk_folder *f, const char *name, struct file_info *info)
{
    HANDLE h;
    int rc = open_in(f, name, REACH_ANY, READ_CONTROL, &h);
    if (rc != 0)
        return rc;
    rc = handle_info(h, info);
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
    rc = handle_info(h, info);
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
    HANDLE h;
    int rc = open_in(f, name, REACH_ANY, FILE_READ_ATTRIBUTES, &h);
    if (rc != 0)
        return rc;
    rc = handle_link(h, out, size);
    CloseHandle(h);
    return rc;
}

static void hand_on_sid(PSID sid, const char *name, walk_attribute_fn *each, void *ctx)
{
    char *text = NULL;
    if (sid && ConvertSidToStringSidA(sid, &text))
        each(ctx, name, text, strlen(text));
    LocalFree(text);
}

static void hand_on_security(PSECURITY_DESCRIPTOR d, walk_attribute_fn *each, void *ctx)
{
    PSID owner = NULL, group = NULL;
    BOOL by_default;
    char *text = NULL;
    if (GetSecurityDescriptorOwner(d, &owner, &by_default))
        hand_on_sid(owner, "security.owner", each, ctx);
    if (GetSecurityDescriptorGroup(d, &group, &by_default))
        hand_on_sid(group, "security.group", each, ctx);
    if (ConvertSecurityDescriptorToStringSecurityDescriptorA(
            d, SDDL_REVISION_1, DACL_SECURITY_INFORMATION, &text, NULL))
        each(ctx, "security.dacl", text, strlen(text));
    LocalFree(text);
}

int walk_attributes(const struct walk_folder *folder, const char *name, file_t f,
                    walk_attribute_fn *each, void *ctx)
{
    HANDLE h = (HANDLE)f;
    DWORD n = 0;
    int rc = f == FILE_NONE ? open_in(folder, name, REACH_ANY, READ_CONTROL, &h) : 0;
    if (rc != 0)
        return rc;
    GetKernelObjectSecurity(h, WHAT_DECIDES, NULL, 0, &n);
    void *descriptor = n > 0 && n <= DESCRIPTOR_MAX ? malloc(n) : NULL;
    if (descriptor && GetKernelObjectSecurity(h, WHAT_DECIDES, descriptor, n, &n))
        hand_on_security(descriptor, each, ctx);
    free(descriptor);
    streams_each(h, each, ctx);
    if (f == FILE_NONE)
        CloseHandle(h);
    return 0;
}

int walk_real_path(const char *path, char *out, size_t size)
{
    wchar_t wide[PATH_WIDE_MAX];
    int rc = path_wide(path, wide);
    if (rc != 0)
        return rc;
    HANDLE h = CreateFileW(wide, FILE_READ_ATTRIBUTES, SHARE_ALL, NULL, OPEN_EXISTING,
                           FILE_FLAG_BACKUP_SEMANTICS, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return errno_of_last();
    rc = handle_path(h, wide);
    CloseHandle(h);
    return rc == 0 ? text_of_path(wide, out, size) : rc;
}

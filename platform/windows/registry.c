#include "platform/registry.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define SECURITY                                                                                   \
    (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)
#define VALUE_NAME_MAX 16384 /* wchar_t, with the end; of Windows' documentation */
#define KEY_NAME_MAX   256
#define EPOCH_MS       11644473600000 /* from 1601 to 1970 */

struct registry_key {
    HKEY handle;
    REGSAM view;
    HANDLE changed;               /* NULL until it is watched */
    wchar_t name[VALUE_NAME_MAX]; /* of the value looked at */
    union {
        uint8_t bytes[REGISTRY_DATA_MAX];
        wchar_t wide[REGISTRY_DATA_MAX / sizeof(wchar_t)];
    } data;
    char text[REGISTRY_DATA_MAX / sizeof(wchar_t) * 3 + 5];
};

static int open_below(HKEY parent, const char *path, REGSAM view, struct registry_key **out)
{
    wchar_t wide[REGISTRY_PATH_MAX];
    *out = NULL;
    int n = wide_of_text(path, strlen(path), wide, REGISTRY_PATH_MAX);
    if (n < 0)
        return n;
    struct registry_key *key = malloc(sizeof(*key));
    if (!key)
        return -ENOMEM;
    key->view = view;
    key->changed = NULL;
    LSTATUS status = RegOpenKeyExW(parent, wide, 0, KEY_READ | view, &key->handle);
    if (status != ERROR_SUCCESS) {
        free(key);
        return errno_of_error((DWORD)status);
    }
    *out = key;
    return 0;
}

int registry_open(const char *path, enum registry_view view, struct registry_key **out)
{
    static const struct {
        const char *name;
        HKEY hive;
    } hives[] = {{"HKLM", HKEY_LOCAL_MACHINE}, {"HKU", HKEY_USERS}};
    *out = NULL;
    for (size_t i = 0; i < sizeof(hives) / sizeof(hives[0]); i++) {
        size_t n = strlen(hives[i].name);
        if (_strnicmp(path, hives[i].name, n) == 0 && (path[n] == '\\' || path[n] == '\0'))
            return open_below(hives[i].hive, path + n + (path[n] == '\\'),
                              view == REGISTRY_32 ? KEY_WOW64_32KEY : KEY_WOW64_64KEY, out);
    }
    return -ENOENT;
}

int registry_open_at(const struct registry_key *key, const char *name, struct registry_key **out)
{
    return open_below(key->handle, name, key->view, out);
}

void registry_close(struct registry_key *key)
{
    if (!key)
        return;
    RegCloseKey(key->handle);
    if (key->changed)
        CloseHandle(key->changed);
    free(key);
}

int registry_info(const struct registry_key *key, struct registry_info *out)
{
    DWORD subkeys, values;
    FILETIME written;
    LSTATUS status = RegQueryInfoKeyW(key->handle, NULL, NULL, NULL, &subkeys, NULL, NULL, &values,
                                      NULL, NULL, NULL, &written);
    if (status != ERROR_SUCCESS)
        return errno_of_error((DWORD)status);
    int64_t ticks = (int64_t)written.dwHighDateTime << 32 | written.dwLowDateTime;
    *out = (struct registry_info){subkeys, values, ticks / 10000 - EPOCH_MS};
    return 0;
}

int registry_subkey(const struct registry_key *key, uint32_t i, char *name, size_t size)
{
    wchar_t wide[KEY_NAME_MAX];
    DWORD n = KEY_NAME_MAX;
    LSTATUS status = RegEnumKeyExW(key->handle, i, wide, &n, NULL, NULL, NULL, NULL);
    if (status == ERROR_NO_MORE_ITEMS)
        return 0;
    if (status != ERROR_SUCCESS)
        return errno_of_error((DWORD)status);
    int length = text_of_wide(wide, n, name, size);
    return length < 0 ? length : 1;
}

/* ---- values ---- */

static uint64_t number_of(uint32_t type, const uint8_t *data, uint32_t n)
{
    uint64_t number = 0;
    uint32_t bytes = type == REGISTRY_QWORD ? 8 : 4;
    if ((type != REGISTRY_DWORD && type != REGISTRY_DWORD_BIG_ENDIAN && type != REGISTRY_QWORD) ||
        n < bytes)
        return 0;
    for (uint32_t i = 0; i < bytes; i++)
        number = number << 8 | data[type == REGISTRY_DWORD_BIG_ENDIAN ? i : bytes - 1 - i];
    return number;
}

static const char *text_of(struct registry_key *key, uint32_t type, uint32_t n)
{
    wchar_t *wide = key->data.wide;
    size_t length = n / sizeof(wchar_t);
    key->text[0] = '\0';
    if (type != REGISTRY_SZ && type != REGISTRY_EXPAND_SZ && type != REGISTRY_LINK &&
        type != REGISTRY_MULTI_SZ)
        return key->text;
    if (type != REGISTRY_MULTI_SZ)
        length = wcsnlen(wide, length);
    while (type == REGISTRY_MULTI_SZ && length > 1 && !wide[length - 1] && !wide[length - 2])
        length--;
    int used = text_of_wide(wide, length, key->text, sizeof(key->text));
    for (int i = 0; i < used; i++)
        if (key->text[i] == '\0')
            key->text[i] = '\n';
    return key->text;
}

/* What was read into the key; size: of what there is. */
static int tell(struct registry_key *key, size_t name_n, DWORD type, DWORD size,
                struct registry_value *out)
{
    uint32_t n = size < REGISTRY_DATA_MAX ? size : REGISTRY_DATA_MAX;
    int length = text_of_wide(key->name, name_n, out->name, sizeof(out->name));
    if (length == -ENAMETOOLONG)
        length = text_of_wide(key->name, (sizeof(out->name) - 5) / 3, out->name, sizeof(out->name));
    if (length < 0)
        return length;
    out->type = type;
    out->size = size;
    out->data = key->data.bytes;
    out->n = n;
    out->number = number_of(type, key->data.bytes, n);
    out->text = text_of(key, type, n);
    return 0;
}

/* Of what is too long for the key's buffer, its beginning; there is no call that gives a part. */
static LSTATUS read_long(struct registry_key *key, DWORD *type, DWORD *size)
{
    LSTATUS status = ERROR_MORE_DATA;
    for (int tries = 0; status == ERROR_MORE_DATA && tries < 4; tries++) {
        uint8_t *all = malloc(*size);
        if (!all)
            return ERROR_NOT_ENOUGH_MEMORY;
        status = RegQueryValueExW(key->handle, key->name, NULL, type, all, size);
        if (status == ERROR_SUCCESS)
            memcpy(key->data.bytes, all, *size < REGISTRY_DATA_MAX ? *size : REGISTRY_DATA_MAX);
        free(all);
    }
    return status;
}

static int read_value(struct registry_key *key, size_t name_n, struct registry_value *out)
{
    DWORD type, size = REGISTRY_DATA_MAX;
    LSTATUS status = RegQueryValueExW(key->handle, key->name, NULL, &type, key->data.bytes, &size);
    if (status == ERROR_MORE_DATA)
        status = read_long(key, &type, &size);
    return status == ERROR_SUCCESS ? tell(key, name_n, type, size, out)
                                   : errno_of_error((DWORD)status);
}

int registry_value(struct registry_key *key, uint32_t i, struct registry_value *out)
{
    DWORD n = VALUE_NAME_MAX;
    LSTATUS status = RegEnumValueW(key->handle, i, key->name, &n, NULL, NULL, NULL, NULL);
    if (status == ERROR_NO_MORE_ITEMS)
        return 0;
    if (status != ERROR_SUCCESS)
        return errno_of_error((DWORD)status);
    int rc = read_value(key, n, out);
    return rc < 0 ? rc : 1;
}

int registry_get(struct registry_key *key, const char *name, struct registry_value *out)
{
    int n = wide_of_text(name, strlen(name), key->name, VALUE_NAME_MAX);
    return n < 0 ? n : read_value(key, (size_t)n, out);
}

int registry_security(const struct registry_key *key, char *out, size_t size)
{
    union {
        SECURITY_DESCRIPTOR first;
        uint8_t bytes[16 * 1024];
    } descriptor;
    DWORD n = sizeof(descriptor);
    LSTATUS status = RegGetKeySecurity(key->handle, SECURITY, &descriptor, &n);
    if (status != ERROR_SUCCESS)
        return errno_of_error((DWORD)status);
    wchar_t *wide;
    if (!ConvertSecurityDescriptorToStringSecurityDescriptorW(&descriptor, SDDL_REVISION_1,
                                                              SECURITY, &wide, NULL))
        return errno_of_last();
    int length = text_of_wide(wide, wcslen(wide), out, size);
    LocalFree(wide);
    return length < 0 ? length : 0;
}

/* ---- changes ---- */

int registry_watch(struct registry_key *key)
{
    if (!key->changed)
        key->changed = CreateEventW(NULL, FALSE, FALSE, NULL);
    if (!key->changed)
        return errno_of_last();
    LSTATUS status =
        RegNotifyChangeKeyValue(key->handle, TRUE,
                                REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET |
                                    REG_NOTIFY_CHANGE_SECURITY | REG_NOTIFY_THREAD_AGNOSTIC,
                                key->changed, TRUE);
    return errno_of_error((DWORD)status) * (status != ERROR_SUCCESS);
}

wait_t registry_wait(const struct registry_key *key)
{
    return key->changed ? (wait_t)key->changed : WAIT_NONE;
}

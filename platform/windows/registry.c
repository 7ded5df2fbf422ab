#include "platform/registry.h"

#include "platform/windows/path.h"
#include "platform/windows/registry.h"

#include <errno.h>
#include <sddl.h>
#include <stdlib.h>
#include <string.h>
#include <windows.h>

#define SECURITY                                                                                   \
    (OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION)
#define VALUE_NAME_MAX 16384 /* wchar_t, with the end; of Windows' documentation */
#define KEY_NAME_MAX   256
#define NAME_USUAL     256 /* wchar_t */
#define DATA_USUAL     1024
#define EPOCH_MS       11644473600000 /* from 1601 to 1970 */

struct registry_key {
    HKEY handle;
    REGSAM view;
    wchar_t *name; /* of the value looked at; these three grow as they have to */
    uint8_t *data;
    char *text;
    uint32_t name_room, data_room, text_room; /* wchar_t, bytes, bytes */
};

bool registry_hive(const char *path, HKEY *hive, const char **rest)
{
    static const struct {
        const char *name;
        HKEY hive;
    } hives[] = {{"HKLM", HKEY_LOCAL_MACHINE}, {"HKU", HKEY_USERS}};
    for (size_t i = 0; i < sizeof(hives) / sizeof(hives[0]); i++) {
        size_t n = strlen(hives[i].name);
        if (_strnicmp(path, hives[i].name, n) != 0 || (path[n] != '\\' && path[n] != '\0'))
            continue;
        *hive = hives[i].hive;
        *rest = path + n + (path[n] == '\\');
        return true;
    }
    return false;
}

REGSAM registry_sam(enum registry_view view)
{
    return view == REGISTRY_32 ? KEY_WOW64_32KEY : KEY_WOW64_64KEY;
}

static int open_below(HKEY parent, const char *path, REGSAM view, struct registry_key **out)
{
    wchar_t wide[REGISTRY_PATH_MAX];
    *out = NULL;
    int n = wide_of_text(path, strlen(path), wide, REGISTRY_PATH_MAX);
    if (n < 0)
        return n;
    struct registry_key *key = calloc(1, sizeof(*key));
    if (!key)
        return -ENOMEM;
    key->view = view;
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
    HKEY hive;
    const char *rest;
    *out = NULL;
    return registry_hive(path, &hive, &rest) ? open_below(hive, rest, registry_sam(view), out)
                                             : -ENOENT;
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
    free(key->name);
    free(key->data);
    free(key->text);
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

static bool is_text(uint32_t type)
{
    return type == REGISTRY_SZ || type == REGISTRY_EXPAND_SZ || type == REGISTRY_LINK ||
           type == REGISTRY_MULTI_SZ;
}

/* What is in it is lost. False: no memory. */
static bool make_room(void *at, uint32_t *room, uint32_t wanted, size_t unit)
{
    void *old, *grown;
    if (*room >= wanted)
        return true;
    memcpy(&old, at, sizeof(old));
    free(old);
    grown = malloc(wanted * unit);
    memcpy(at, &grown, sizeof(grown));
    *room = grown ? wanted : 0;
    return grown != NULL;
}

static int put_text(struct registry_key *key, uint32_t type, uint32_t n)
{
    size_t length = is_text(type) ? n / sizeof(wchar_t) : 0;
    const wchar_t *wide = (const wchar_t *)(const void *)key->data;
    if (!make_room(&key->text, &key->text_room, (uint32_t)length * 3 + 5, 1))
        return -ENOMEM;
    if (type != REGISTRY_MULTI_SZ)
        length = wcsnlen(wide, length);
    while (type == REGISTRY_MULTI_SZ && length > 1 && !wide[length - 1] && !wide[length - 2])
        length--;
    if (type == REGISTRY_MULTI_SZ && length == 1 && !wide[0])
        length = 0;
    int used = text_of_wide(wide, length, key->text, key->text_room);
    for (int i = 0; i < used; i++)
        if (key->text[i] == '\0')
            key->text[i] = '\n';
    return used < 0 ? used : 0;
}

/* What was read into the key; n: bytes of it, size: of what there is. */
static int tell(struct registry_key *key, size_t name_n, DWORD type, uint32_t n, DWORD size,
                struct registry_value *out)
{
    int length = text_of_wide(key->name, name_n, out->name, sizeof(out->name));
    if (length == -ENAMETOOLONG)
        length = text_of_wide(key->name, (sizeof(out->name) - 5) / 3, out->name, sizeof(out->name));
    if (length < 0)
        return length;
    for (int i = 0; i < length; i++)
        if (out->name[i] == '\0')
            out->name[i] = '\1';
    int rc = put_text(key, type, n);
    out->type = type;
    out->size = size;
    out->data = key->data;
    out->n = n;
    out->number = number_of(type, key->data, n);
    out->text = key->text;
    return rc;
}

/* Which value a read is about: the i-th, or the one that is named. */
struct wanted {
    bool by_number;
    uint32_t i;
    DWORD name_n; /* wchar_t, of the one that was read */
};

/* A name may hold NULs, so what is enumerated is not asked for by its name again. */
static LSTATUS ask(struct registry_key *key, struct wanted *w, DWORD *type, uint8_t *data,
                   DWORD *size)
{
    *size = data ? key->data_room : 0;
    if (!w->by_number)
        return RegQueryValueExW(key->handle, key->name, NULL, type, data, size);
    w->name_n = key->name_room;
    return RegEnumValueW(key->handle, w->i, key->name, &w->name_n, NULL, type, data, size);
}

/* What is too long to be read: its name, its type and how long it is. */
static int tell_long(struct registry_key *key, struct wanted *w, struct registry_value *out)
{
    DWORD type, size = 0;
    if (w->by_number && !make_room(&key->name, &key->name_room, VALUE_NAME_MAX, sizeof(wchar_t)))
        return -ENOMEM;
    LSTATUS status = ask(key, w, &type, NULL, &size);
    if (status != ERROR_SUCCESS)
        return errno_of_error((DWORD)status);
    int rc = tell(key, w->name_n, type, 0, size, out);
    return rc < 0 ? rc : 1;
}

/* It may grow while it is read, so it is tried some times. */
static int read_value(struct registry_key *key, struct wanted *w, struct registry_value *out)
{
    DWORD type = 0, size = DATA_USUAL;
    LSTATUS status = ERROR_MORE_DATA;
    for (int tries = 0; status == ERROR_MORE_DATA && tries < 4; tries++) {
        bool short_name = tries > 0 && size <= key->data_room;
        if (w->by_number && !make_room(&key->name, &key->name_room,
                                       short_name ? VALUE_NAME_MAX : NAME_USUAL, sizeof(wchar_t)))
            return -ENOMEM;
        if (size > REGISTRY_READ_MAX)
            return tell_long(key, w, out);
        if (!make_room(&key->data, &key->data_room, size, 1))
            return -ENOMEM;
        status = ask(key, w, &type, key->data, &size);
    }
    if (status == ERROR_NO_MORE_ITEMS)
        return 0;
    if (status != ERROR_SUCCESS)
        return errno_of_error((DWORD)status);
    int rc =
        tell(key, w->name_n, type, size < REGISTRY_DATA_MAX ? size : REGISTRY_DATA_MAX, size, out);
    return rc < 0 ? rc : 1;
}

int registry_value(struct registry_key *key, uint32_t i, struct registry_value *out)
{
    struct wanted w = {true, i, 0};
    return read_value(key, &w, out);
}

int registry_get(struct registry_key *key, const char *name, struct registry_value *out)
{
    if (!make_room(&key->name, &key->name_room, (uint32_t)strlen(name) + NAME_USUAL,
                   sizeof(wchar_t)))
        return -ENOMEM;
    int n = wide_of_text(name, strlen(name), key->name, key->name_room);
    struct wanted w = {false, 0, n < 0 ? 0 : (DWORD)n};
    int rc = n < 0 ? n : read_value(key, &w, out);
    return rc < 0 ? rc : 0;
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

#include "source/updates/software.h"

#include "source/updates/read.h"

#include "base/mem.h"
#include "base/sha256.h"

#include <errno.h>

#define UNINSTALL   "Microsoft\\Windows\\CurrentVersion\\Uninstall"
#define ENTRIES_MAX 20000 /* that are looked at in one key */
#define SID_MAX     200

/* ---- the list ---- */

bool software_add(struct software *s, const struct software_item *item)
{
    if (s->n == SOFTWARE_MAX) {
        s->left_out++;
        return false;
    }
    if (s->n == s->room) {
        s->room = s->room ? 2 * s->room : 64;
        s->items = mem_grow(s->items, s->room, sizeof(*s->items));
    }
    s->items[s->n++] =
        (struct software_item){mem_text(item->name), mem_text(item->version),
                               mem_text(item->publisher), mem_text(item->user), item->of_32_bits};
    return true;
}

static int compare(const void *a, const void *b)
{
    const struct software_item *x = a, *y = b;
    int by = strcmp(x->name, y->name);
    by = by ? by : strcmp(x->version, y->version);
    by = by ? by : strcmp(x->user, y->user);
    by = by ? by : strcmp(x->publisher, y->publisher);
    return by ? by : x->of_32_bits - y->of_32_bits;
}

static void free_item(struct software_item *item)
{
    free(item->name);
    free(item->version);
    free(item->publisher);
    free(item->user);
}

void software_finish(struct software *s)
{
    size_t kept = 0;
    if (s->n > 0)
        qsort(s->items, s->n, sizeof(*s->items), compare);
    for (size_t i = 0; i < s->n; i++)
        if (kept > 0 && compare(&s->items[kept - 1], &s->items[i]) == 0)
            free_item(&s->items[i]);
        else
            s->items[kept++] = s->items[i];
    s->n = kept;
}

void software_digest(const struct software *s, uint8_t out[32])
{
    struct sha256 hash;
    sha256_init(&hash);
    for (size_t i = 0; i < s->n; i++) {
        const struct software_item *item = &s->items[i];
        const char *texts[] = {item->name, item->version, item->publisher, item->user};
        for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
            sha256_update(&hash, texts[k], strlen(texts[k]) + 1);
        sha256_update(&hash, &item->of_32_bits, sizeof(item->of_32_bits));
    }
    sha256_final(&hash, out);
}

void software_release(struct software *s)
{
    for (size_t i = 0; i < s->n; i++)
        free_item(&s->items[i]);
    for (size_t i = 0; i < s->users_n; i++)
        free(s->users[i]);
    free(s->items);
    *s = (struct software){0};
}

/* ---- the registry ---- */

static void take_entry(struct software *s, struct registry_key *key, const char *user, bool is_32)
{
    char name[SOFTWARE_TEXT_MAX], version[64], publisher[SOFTWARE_TEXT_MAX], of[8];
    const struct software_item item = {name, version, publisher, (char *)(uintptr_t)user, is_32};
    if (!read_text_of(key, "DisplayName", name, sizeof(name)) || !name[0] ||
        read_text_of(key, "ParentKeyName", of, sizeof(of)))
        return;
    read_text_of(key, "DisplayVersion", version, sizeof(version));
    read_text_of(key, "Publisher", publisher, sizeof(publisher));
    software_add(s, &item);
}

static int read_folder(struct software *s, const char *path, enum registry_view view,
                       const char *user)
{
    struct registry_key *folder, *entry;
    char name[REGISTRY_NAME_MAX];
    int rc = registry_open(path, view, &folder);
    if (rc != 0)
        return rc;
    for (uint32_t i = 0; i < ENTRIES_MAX; i++) {
        rc = registry_subkey(folder, i, name, sizeof(name));
        if (rc == 0)
            break;
        if (rc < 0 || registry_open_at(folder, name, &entry) != 0)
            continue;
        take_entry(s, entry, user, view == REGISTRY_32);
        registry_close(entry);
    }
    registry_close(folder);
    return 0;
}

/* Accounts of people and services; not their file classes, which lie beside them. */
static bool is_user(const char *sid)
{
    return span_starts(span_of(sid), SPAN("S-1-5-")) &&
           !span_ends(span_of(sid), SPAN("_Classes")) && strlen(sid) < SID_MAX;
}

static void read_user(struct software *s, const char *sid)
{
    char path[REGISTRY_NAME_MAX + 100];
    s->users[s->users_n++] = mem_text(sid);
    snprintf(path, sizeof(path), "HKU\\%s\\Software\\" UNINSTALL, sid);
    read_folder(s, path, REGISTRY_64, sid);
    snprintf(path, sizeof(path), "HKU\\%s\\Software\\WOW6432Node\\" UNINSTALL, sid);
    read_folder(s, path, REGISTRY_64, sid);
}

static void read_users(struct software *s)
{
    struct registry_key *users;
    char sid[REGISTRY_NAME_MAX];
    if (registry_open("HKU", REGISTRY_64, &users) != 0)
        return;
    for (uint32_t i = 0; s->users_n < SOFTWARE_USERS_MAX; i++) {
        int rc = registry_subkey(users, i, sid, sizeof(sid));
        if (rc == 0)
            break;
        if (rc > 0 && is_user(sid))
            read_user(s, sid);
    }
    registry_close(users);
}

void software_read(struct software *out)
{
    *out = (struct software){0};
    out->rc = read_folder(out, "HKLM\\SOFTWARE\\" UNINSTALL, REGISTRY_64, "");
    int other = read_folder(out, "HKLM\\SOFTWARE\\" UNINSTALL, REGISTRY_32, "");
    if (out->rc == -ENOENT)
        out->rc = other;
    read_users(out);
    software_finish(out);
}

#include "source/registry/keys.h"

#include "base/mem.h"
#include "base/text.h"

bool registry_fold(const char *path, char *out, size_t size)
{
    size_t n = strlen(path);
    if (n >= size)
        return false;
    for (size_t i = 0; i <= n; i++) {
        char c = path[i];
        out[i] = c == '\\'              ? '/'
                 : c == '/'             ? '_'
                 : c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a')
                                        : c;
    }
    return true;
}

static bool begins_with_hive(const char *folded)
{
    return strncmp(folded, "hklm/", 5) == 0 || strncmp(folded, "hku/", 4) == 0;
}

/* Cuts the folded text into its parts. */
static bool cut(struct registry_item *item)
{
    char *at = item->parts;
    for (;;) {
        char *end = strchr(at, '/');
        if (item->n == REGISTRY_PARTS_MAX || *at == '\0' || at == end)
            return false;
        if (end)
            *end = '\0';
        item->part[item->n++] = at;
        if (!end)
            return true;
        at = end + 1;
    }
}

static bool set_item(struct registry_item *item, const char *text)
{
    size_t n = strlen(text) + 1, root = 0;
    item->text = mem_text(text);
    item->parts = mem_new(n, 1);
    if (!registry_fold(text, item->parts, n) || !begins_with_hive(item->parts) || !cut(item))
        return false;
    item->deep = strcmp(item->part[item->n - 1], "**") == 0;
    item->n -= item->deep;
    while (item->literal < item->n && !text_has_wildcard(item->part[item->literal]))
        root += strlen(item->part[item->literal++]) + 1;
    item->root = mem_text_span((struct span){text, root - 1});
    for (size_t i = 0; i < item->n; i++)
        if (strstr(item->part[i], "**"))
            return false;
    return true;
}

static void release(struct registry_item *item)
{
    free(item->text);
    free(item->parts);
    free(item->root);
    *item = (struct registry_item){0};
}

/* The configuration names the place that is written most first: services. */
static void set_slots(struct registry_keys *keys)
{
    size_t groups = 0;
    for (size_t i = 0; i < keys->n; i++) {
        struct registry_item *item = &keys->items[i];
        size_t same = 0;
        while (strcmp(keys->items[same].root, item->root) != 0)
            same++;
        size_t group = same < i ? 0 : groups++;
        item->slot = same < i     ? keys->items[same].slot
                     : group == 0 ? 0
                                  : 1 + (group - 1) % (REGISTRY_SLOTS - 1);
    }
}

static void add_exclude(struct registry_keys *keys, const char *text)
{
    size_t n = strlen(text) + 1;
    char *folded = mem_new(n, 1);
    registry_fold(text, folded, n);
    keys->excludes[keys->excludes_n++] = folded;
    if (span_ends(span_of(folded), SPAN("/**"))) /* all below, and the key itself */
        keys->excludes[keys->excludes_n++] = mem_text_span((struct span){folded, n - 4});
}

struct registry_keys *registry_keys_new(const struct config *c)
{
    struct registry_keys *keys = mem_new(1, sizeof(*keys));
    keys->items = mem_new(c->registry_keys.n + 1, sizeof(*keys->items));
    keys->excludes = mem_new(2 * c->registry_excludes.n + 1, sizeof(*keys->excludes));
    for (size_t i = 0; i < c->registry_keys.n; i++) {
        if (set_item(&keys->items[keys->n], c->registry_keys.items[i])) {
            keys->n++;
            continue;
        }
        release(&keys->items[keys->n]);
        if (!keys->wrong)
            keys->wrong = mem_text(c->registry_keys.items[i]);
    }
    set_slots(keys);
    for (size_t i = 0; i < c->registry_excludes.n; i++)
        add_exclude(keys, c->registry_excludes.items[i]);
    return keys;
}

void registry_keys_free(struct registry_keys *keys)
{
    if (!keys)
        return;
    for (size_t i = 0; i < keys->n; i++)
        release(&keys->items[i]);
    for (size_t i = 0; i < keys->excludes_n; i++)
        free(keys->excludes[i]);
    free(keys->items);
    free(keys->excludes);
    free(keys->wrong);
    free(keys);
}

bool registry_item_covers(const struct registry_item *item, const char *path)
{
    char folded[REGISTRY_PATH_MAX], *at = folded;
    if (!registry_fold(path, folded, sizeof(folded)))
        return false;
    for (size_t i = 0; i < item->n; i++) {
        char *end = at ? strchr(at, '/') : NULL;
        if (end)
            *end++ = '\0';
        if (!at || !text_glob(item->part[i], at))
            return false;
        at = end;
    }
    return !at || item->deep;
}

bool registry_keys_excluded(const struct registry_keys *keys, const char *path, const char *value)
{
    char folded[REGISTRY_PATH_MAX + REGISTRY_NAME_MAX];
    if (!registry_fold(path, folded, sizeof(folded)))
        return true;
    size_t n = strlen(folded);
    if (value) {
        folded[n++] = '/';
        if (!registry_fold(value, folded + n, sizeof(folded) - n))
            return true;
        for (char *c = folded + n; *c; c++)
            *c = *c == '/' ? '_' : *c; /* a backslash in a value's name is no border */
    }
    for (size_t i = 0; i < keys->excludes_n; i++)
        if (text_glob(keys->excludes[i], folded))
            return true;
    return false;
}

bool registry_keys_cover(const struct registry_keys *keys, const char *path)
{
    for (size_t i = 0; i < keys->n; i++)
        if (registry_item_covers(&keys->items[i], path))
            return !registry_keys_excluded(keys, path, NULL);
    return false;
}

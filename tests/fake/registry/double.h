/* The code of unit/registry_kit.h: a table of keys, each with a table of values. */
#ifndef FAKE_REGISTRY_DOUBLE_H
#define FAKE_REGISTRY_DOUBLE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KIT_KEYS   4096
#define KIT_VALUES 16384
#define KIT_START  1600000000000

struct kit_key {
    char *path; /* "HKLM\\SOFTWARE" */
    size_t n, above_n;
    uint32_t hash, above; /* of the path, and of the key's that it lies in */
    char *security;
    int64_t written_ms;
    bool denied;
};

struct kit_value {
    size_t key;
    char *name;
    uint32_t type, size;
    uint8_t *data; /* as stored, with two zeros behind */
    char *text;
};

static struct {
    struct kit_key keys[KIT_KEYS];
    struct kit_value values[KIT_VALUES];
    size_t keys_n, values_n;
    int64_t now_ms;
    unsigned opened, opens, reads;
    struct registry_watch *watches;
} kit = {.now_ms = KIT_START};

struct registry_key {
    enum registry_view view;
    char path[REGISTRY_PATH_MAX];
};

struct registry_watch {
    struct bell *bell;
    struct registry_watch *next;
    bool ready;
    size_t n;
    char *paths[256];
};

static void kit_must(bool ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "registry kit: %s\n", what);
        abort();
    }
}

static char *kit_copy(const char *p, size_t n)
{
    char *copy = calloc(1, n + 1);
    kit_must(copy != NULL, "no memory");
    memcpy(copy, p, n);
    return copy;
}

static bool kit_same(const char *a, const char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int x = a[i] >= 'a' && a[i] <= 'z' ? a[i] - 32 : a[i];
        int y = b[i] >= 'a' && b[i] <= 'z' ? b[i] - 32 : b[i];
        if (x != y)
            return false;
    }
    return true;
}

static bool kit_equal(const char *a, const char *b)
{
    return strlen(a) == strlen(b) && kit_same(a, b, strlen(a));
}

/* path is at or below folder */
static bool kit_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strlen(path) >= n && kit_same(path, folder, n) && (path[n] == '\\' || path[n] == '\0');
}

static uint32_t kit_hash(const char *p, size_t n)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (uint8_t)(p[i] >= 'a' && p[i] <= 'z' ? p[i] - 32 : p[i])) * 16777619u;
    return hash;
}

static size_t kit_find(const char *path)
{
    size_t n = strlen(path);
    uint32_t hash = kit_hash(path, n);
    for (size_t i = 0; i < kit.keys_n; i++)
        if (kit.keys[i].hash == hash && kit.keys[i].n == n && kit_same(kit.keys[i].path, path, n))
            return i;
    return KIT_KEYS;
}

static void kit_changed(size_t key)
{
    kit.now_ms += 1000;
    kit.keys[key].written_ms = kit.now_ms;
    for (struct registry_watch *w = kit.watches; w; w = w->next)
        for (size_t i = 0; i < w->n; i++)
            if (kit_below(kit.keys[key].path, w->paths[i])) {
                w->ready = true;
                bell_ring(w->bell);
            }
}

static size_t kit_key(const char *path, size_t n)
{
    char *copy = kit_copy(path, n);
    size_t at = kit_find(copy);
    if (at < KIT_KEYS) {
        free(copy);
        return at;
    }
    char *end = strrchr(copy, '\\');
    size_t above = end ? kit_key(copy, (size_t)(end - copy)) : KIT_KEYS;
    kit_must(kit.keys_n < KIT_KEYS, "too many keys");
    size_t above_n = end ? (size_t)(end - copy) : 0;
    kit.keys[kit.keys_n++] = (struct kit_key){.path = copy,
                                              .n = n,
                                              .above_n = above_n,
                                              .hash = kit_hash(copy, n),
                                              .above = kit_hash(copy, above_n)};
    kit_changed(kit.keys_n - 1);
    if (above < KIT_KEYS)
        kit.keys[above].written_ms = kit.now_ms;
    return kit.keys_n - 1;
}

/* ---- values ---- */

static const struct {
    const char *name;
    uint32_t type;
} kit_types[] = {{"none", REGISTRY_NONE},           {"sz", REGISTRY_SZ},
                 {"expand_sz", REGISTRY_EXPAND_SZ}, {"binary", REGISTRY_BINARY},
                 {"dword", REGISTRY_DWORD},         {"dword_be", REGISTRY_DWORD_BIG_ENDIAN},
                 {"link", REGISTRY_LINK},           {"multi_sz", REGISTRY_MULTI_SZ},
                 {"qword", REGISTRY_QWORD}};

static uint32_t kit_type(const char *word)
{
    for (size_t i = 0; i < sizeof(kit_types) / sizeof(kit_types[0]); i++)
        if (strcmp(kit_types[i].name, word) == 0)
            return kit_types[i].type;
    kit_must(*word >= '0' && *word <= '9', word);
    return (uint32_t)strtoul(word, NULL, 0);
}

static bool kit_is_text(uint32_t type)
{
    return type == REGISTRY_SZ || type == REGISTRY_EXPAND_SZ || type == REGISTRY_LINK ||
           type == REGISTRY_MULTI_SZ;
}

/* ASCII to UTF-16LE: what lies beyond it stands in `text` alone. */
static void kit_set_text(struct kit_value *v, const char *data)
{
    size_t n = strlen(data);
    bool multi = v->type == REGISTRY_MULTI_SZ;
    v->text = kit_copy(data, n + 1);
    v->size = (uint32_t)(2 * (n + 1 + multi));
    v->data = calloc(1, v->size + 2);
    kit_must(v->data != NULL, "no memory");
    for (size_t i = 0; i < n; i++) {
        bool cut = multi && data[i] == '|';
        v->text[i] = cut ? '\n' : data[i];
        v->data[2 * i] = cut ? 0 : (uint8_t)data[i];
    }
    if (multi && n > 0)
        v->text[n] = '\n';
}

static void kit_set_hex(struct kit_value *v, const char *data)
{
    v->text = kit_copy("", 0);
    v->data = calloc(1, strlen(data) / 2 + 2);
    kit_must(v->data != NULL, "no memory");
    for (; data[0] && data[1]; data += 2) {
        char digits[3] = {data[0], data[1], '\0'};
        v->data[v->size++] = (uint8_t)strtoul(digits, NULL, 16);
    }
}

static void kit_set_number(struct kit_value *v, const char *data)
{
    uint64_t number = strtoull(data, NULL, 0);
    v->size = v->type == REGISTRY_QWORD ? 8 : 4;
    v->text = kit_copy("", 0);
    v->data = calloc(1, 10);
    kit_must(v->data != NULL, "no memory");
    for (uint32_t i = 0; i < v->size; i++)
        v->data[v->type == REGISTRY_DWORD_BIG_ENDIAN ? v->size - 1 - i : i] =
            (uint8_t)(number >> 8 * i);
}

static struct kit_value *kit_find_value(size_t key, const char *name)
{
    for (size_t i = 0; i < kit.values_n; i++)
        if (kit.values[i].key == key && kit_equal(kit.values[i].name, name))
            return &kit.values[i];
    return NULL;
}

static void kit_release(struct kit_value *v)
{
    free(v->name);
    free(v->data);
    free(v->text);
}

static void kit_set_value(size_t key, const char *name, const char *type, const char *data)
{
    struct kit_value *v = kit_find_value(key, name);
    if (v) {
        kit_release(v);
    } else {
        kit_must(kit.values_n < KIT_VALUES, "too many values");
        v = &kit.values[kit.values_n++];
    }
    *v = (struct kit_value){.key = key, .name = kit_copy(name, strlen(name))};
    v->type = kit_type(type);
    if (kit_is_text(v->type))
        kit_set_text(v, data);
    else if (v->type == REGISTRY_DWORD || v->type == REGISTRY_DWORD_BIG_ENDIAN ||
             v->type == REGISTRY_QWORD)
        kit_set_number(v, data);
    else
        kit_set_hex(v, data);
    kit_changed(key);
}

/* ---- text ---- */

/* Cuts at the next '|'; NULL when there is none. */
static char *kit_cut(char *s)
{
    char *end = s ? strchr(s, '|') : NULL;
    if (end)
        *end++ = '\0';
    return end;
}

static void kit_line(char *line)
{
    char *name = kit_cut(line), *type = kit_cut(name), *data;
    size_t key = kit_key(line, strlen(line));
    if (!name)
        return;
    if (strcmp(name, "!denied") == 0) {
        kit.keys[key].denied = true;
        return;
    }
    kit_must(type != NULL, line);
    if (strcmp(name, "!written") == 0) {
        kit.keys[key].written_ms = strtoll(type, NULL, 10);
        return;
    }
    if (strcmp(name, "!security") == 0) {
        kit_changed(key);
        free(kit.keys[key].security);
        kit.keys[key].security = kit_copy(type, strlen(type));
        return;
    }
    data = kit_cut(type);
    kit_set_value(key, name, type, data ? data : "");
}

void registry_kit_add(const char *lines)
{
    while (*lines) {
        size_t n = strcspn(lines, "\n"), end = n;
        while (end > 0 && lines[end - 1] == '\r')
            end--;
        if (end > 0 && lines[0] != '#') {
            char *line = kit_copy(lines, end);
            kit_line(line);
            free(line);
        }
        lines += n + (lines[n] == '\n');
    }
}

void registry_kit_add_file(const char *path)
{
    static char text[1 << 20];
    FILE *file = fopen(path, "rb");
    kit_must(file != NULL, path);
    size_t n = fread(text, 1, sizeof(text) - 1, file);
    kit_must(n < sizeof(text) - 1, "file too long");
    fclose(file);
    text[n] = '\0';
    registry_kit_add(text);
}

static void kit_drop_value(size_t i)
{
    kit_release(&kit.values[i]);
    memmove(&kit.values[i], &kit.values[i + 1], (--kit.values_n - i) * sizeof(kit.values[0]));
}

static void kit_drop_key(size_t i)
{
    for (size_t v = kit.values_n; v-- > 0;) {
        if (kit.values[v].key == i)
            kit_drop_value(v);
        else
            kit.values[v].key -= kit.values[v].key > i;
    }
    free(kit.keys[i].path);
    free(kit.keys[i].security);
    memmove(&kit.keys[i], &kit.keys[i + 1], (--kit.keys_n - i) * sizeof(kit.keys[0]));
}

void registry_kit_remove(const char *path)
{
    char above[REGISTRY_PATH_MAX];
    size_t at = kit_find(path);
    kit_must(at < KIT_KEYS, path);
    snprintf(above, sizeof(above), "%s", path);
    kit_changed(at);
    for (size_t i = kit.keys_n; i-- > 0;)
        if (kit_below(kit.keys[i].path, above))
            kit_drop_key(i);
    char *end = strrchr(above, '\\');
    if (end) {
        *end = '\0';
        kit_changed(kit_find(above));
    }
}

void registry_kit_remove_value(const char *path, const char *name)
{
    size_t key = kit_find(path);
    struct kit_value *v = key < KIT_KEYS ? kit_find_value(key, name) : NULL;
    kit_must(v != NULL, path);
    kit_drop_value((size_t)(v - kit.values));
    kit_changed(key);
}

void registry_kit_clear(void)
{
    while (kit.keys_n > 0)
        kit_drop_key(kit.keys_n - 1);
    kit.now_ms = KIT_START;
}

unsigned registry_kit_opened(void)
{
    return kit.opened;
}

unsigned registry_kit_opens(void)
{
    return kit.opens;
}

unsigned registry_kit_reads(void)
{
    return kit.reads;
}

/* ---- platform/registry.h ---- */

/* The path as the view has it. */
static void kit_view(const char *path, enum registry_view view, char out[REGISTRY_PATH_MAX])
{
    static const char software[] = "HKLM\\SOFTWARE", other[] = "HKLM\\SOFTWARE\\WOW6432Node";
    bool moved = view == REGISTRY_32 && kit_below(path, software) && !kit_below(path, other);
    snprintf(out, REGISTRY_PATH_MAX, "%s%s", moved ? other : path,
             moved ? path + sizeof(software) - 1 : "");
}

int registry_open(const char *path, enum registry_view view, struct registry_key **out)
{
    char real[REGISTRY_PATH_MAX];
    *out = NULL;
    kit_view(path, view, real);
    size_t at = kit_find(real);
    if (at == KIT_KEYS)
        return -ENOENT;
    if (kit.keys[at].denied)
        return -EACCES;
    struct registry_key *key = calloc(1, sizeof(*key));
    kit_must(key != NULL, "no memory");
    key->view = view;
    snprintf(key->path, sizeof(key->path), "%s", kit.keys[at].path);
    kit.opened++;
    kit.opens++;
    *out = key;
    return 0;
}

int registry_open_at(const struct registry_key *key, const char *name, struct registry_key **out)
{
    char path[2 * REGISTRY_PATH_MAX];
    int n = snprintf(path, sizeof(path), "%s\\%s", key->path, name);
    *out = NULL;
    return n >= REGISTRY_PATH_MAX ? -ENAMETOOLONG : registry_open(path, key->view, out);
}

void registry_close(struct registry_key *key)
{
    kit.opened -= key != NULL;
    free(key);
}

/* The name of the i-th key right below path, NULL if there is none; *count: how many there are up
 * to it. */
static const char *kit_subkey(const char *path, uint32_t i, uint32_t *count)
{
    size_t n = strlen(path);
    uint32_t hash = kit_hash(path, n);
    *count = 0;
    for (size_t k = 0; k < kit.keys_n; k++) {
        const struct kit_key *key = &kit.keys[k];
        if (key->above == hash && key->above_n == n && kit_same(key->path, path, n) &&
            (*count)++ == i)
            return key->path + n + 1;
    }
    return NULL;
}

static struct kit_value *kit_nth(size_t key, uint32_t i)
{
    for (size_t v = 0; v < kit.values_n; v++)
        if (kit.values[v].key == key && i-- == 0)
            return &kit.values[v];
    return NULL;
}

int registry_info(const struct registry_key *key, struct registry_info *out)
{
    size_t at = kit_find(key->path);
    if (at == KIT_KEYS)
        return -ENOENT;
    *out = (struct registry_info){.written_ms = kit.keys[at].written_ms};
    kit_subkey(key->path, UINT32_MAX, &out->subkeys);
    while (kit_nth(at, out->values))
        out->values++;
    return 0;
}

int registry_subkey(const struct registry_key *key, uint32_t i, char *name, size_t size)
{
    uint32_t count;
    const char *found = kit_subkey(key->path, i, &count);
    if (kit_find(key->path) == KIT_KEYS)
        return -ENOENT;
    if (!found)
        return 0;
    return snprintf(name, size, "%s", found) < (int)size ? 1 : -ENAMETOOLONG;
}

static int kit_tell(const struct kit_value *v, struct registry_value *out)
{
    bool big = v->type == REGISTRY_DWORD_BIG_ENDIAN;
    bool number = big || v->type == REGISTRY_DWORD || v->type == REGISTRY_QWORD;
    uint32_t most = v->size > REGISTRY_READ_MAX ? 0 : REGISTRY_DATA_MAX;
    kit.reads++;
    *out = (struct registry_value){.type = v->type, .size = v->size};
    snprintf(out->name, sizeof(out->name), "%s", v->name);
    out->data = v->data;
    out->n = v->size < most ? v->size : most;
    out->text = out->n < v->size ? "" : v->text;
    for (uint32_t i = 0; number && i < v->size; i++)
        out->number |= (uint64_t)v->data[big ? v->size - 1 - i : i] << 8 * i;
    return 1;
}

int registry_value(struct registry_key *key, uint32_t i, struct registry_value *out)
{
    size_t at = kit_find(key->path);
    struct kit_value *v = kit_nth(at, i);
    if (at == KIT_KEYS)
        return -ENOENT;
    return v ? kit_tell(v, out) : 0;
}

int registry_get(struct registry_key *key, const char *name, struct registry_value *out)
{
    struct kit_value *v = kit_find_value(kit_find(key->path), name);
    return v ? kit_tell(v, out) - 1 : -ENOENT;
}

int registry_security(const struct registry_key *key, char *out, size_t size)
{
    size_t at = kit_find(key->path);
    if (at == KIT_KEYS)
        return -ENOENT;
    const char *text = kit.keys[at].security ? kit.keys[at].security : "O:BAG:SYD:";
    return snprintf(out, size, "%s", text) < (int)size ? 0 : -ENAMETOOLONG;
}

/* ---- watching ---- */

int registry_watch_open(struct registry_watch **out)
{
    struct registry_watch *w = calloc(1, sizeof(*w));
    kit_must(w && bell_open(&w->bell) == 0, "no bell");
    w->next = kit.watches;
    kit.watches = w;
    *out = w;
    return 0;
}

void registry_watch_reset(struct registry_watch *w)
{
    while (w->n > 0)
        free(w->paths[--w->n]);
    w->ready = false;
    bell_clear(w->bell);
}

void registry_watch_close(struct registry_watch *w)
{
    struct registry_watch **at = &kit.watches;
    if (!w)
        return;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    registry_watch_reset(w);
    bell_close(w->bell);
    free(w);
}

int registry_watch_add(struct registry_watch *w, const char *path, enum registry_view view)
{
    char real[REGISTRY_PATH_MAX];
    kit_view(path, view, real);
    size_t at = kit_find(real);
    if (at < KIT_KEYS && kit.keys[at].denied)
        return -EACCES;
    kit_must(w->n < sizeof(w->paths) / sizeof(w->paths[0]), "too many keys are watched");
    w->paths[w->n++] = kit_copy(real, strlen(real));
    return 0;
}

bool registry_watch_ready(const struct registry_watch *w)
{
    return w->ready;
}

wait_t registry_watch_wait(const struct registry_watch *w)
{
    return bell_wait(w->bell);
}

#endif

#include "base/names.h"

#include "base/mem.h"
#include "base/span.h"
#include "platform/file.h"

#include <errno.h>
#include <stdlib.h>

/* Whatever it is: who reads it says that it is no file. */
static bool is_wanted(const char *name, const char *const *endings)
{
    if (name[0] == '.')
        return false;
    for (size_t i = 0; endings[i]; i++)
        if (span_ends(span_of(name), span_of(endings[i])))
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

#define DEPTH_MAX 16

static int add(struct names *out, size_t max, char *item)
{
    if (out->n == max) {
        free(item);
        return -E2BIG;
    }
    if ((out->n & (out->n - 1)) == 0)
        out->items = mem_grow(out->items, out->n ? 2 * out->n : 1, sizeof(*out->items));
    out->items[out->n++] = item;
    return 0;
}

static int read_names(struct folder *d, const char *const *endings, size_t max, struct names *out)
{
    const char *name;
    enum file_type type;
    int result;
    while ((result = folder_next(d, &name, &type)) > 0)
        if (is_wanted(name, endings) && (result = add(out, max, mem_text(name))) != 0)
            return result;
    return result;
}

static void sort(struct names *names)
{
    if (names->n > 1)
        qsort(names->items, names->n, sizeof(*names->items), compare);
}

int names_list(const char *folder, const char *const *endings, size_t max, struct names *out)
{
    struct folder *d;
    *out = (struct names){0};
    int result = folder_open(folder, &d);
    if (result != 0)
        return result;
    result = read_names(d, endings, max, out);
    folder_close(d);
    sort(out);
    return result;
}

/* Open folders are no more than the depth. */
static int read_below(const char *path, int depth, const char *const *endings, size_t max,
                      struct names *out)
{
    struct folder *d;
    const char *name;
    enum file_type type;
    int result = depth == DEPTH_MAX ? -ELOOP : folder_open(path, &d);
    if (result != 0)
        return result;
    while (result == 0 && (result = folder_next(d, &name, &type)) > 0) {
        result = 0;
        bool folder = type == FILE_FOLDER && name[0] != '.';
        if (!folder && !is_wanted(name, endings))
            continue;
        char *start = mem_join(path, "/"), *whole = mem_join(start, name);
        free(start);
        if (folder) {
            result = read_below(whole, depth + 1, endings, max, out);
            free(whole);
        } else {
            result = add(out, max, whole);
        }
    }
    folder_close(d);
    return result;
}

int names_below(const char *folder, const char *const *endings, size_t max, struct names *out)
{
    *out = (struct names){0};
    int result = read_below(folder, 0, endings, max, out);
    sort(out);
    return result;
}

void names_release(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct names){0};
}

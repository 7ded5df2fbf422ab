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

static int read_names(struct folder *d, const char *const *endings, size_t max, struct names *out)
{
    const char *name;
    enum file_type type;
    int result;
    while ((result = folder_next(d, &name, &type)) > 0) {
        if (!is_wanted(name, endings))
            continue;
        if (out->n == max)
            return -E2BIG;
        if ((out->n & (out->n - 1)) == 0)
            out->items = mem_grow(out->items, out->n ? 2 * out->n : 1, sizeof(*out->items));
        out->items[out->n++] = mem_text(name);
    }
    return result;
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
    if (out->n > 1)
        qsort(out->items, out->n, sizeof(*out->items), compare);
    return result;
}

void names_release(struct names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->items[i]);
    free(names->items);
    *names = (struct names){0};
}

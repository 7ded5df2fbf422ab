#include "source/log/glob.h"

#include "base/span.h"
#include "base/text.h"
#include "platform/file.h"
#include "platform/spelling.h"
#include "source/log/rotated.h"

#define DEPTH_MAX 16
#define PATH_SIZE 4096
#define NAME_SIZE 300

struct looking {
    const char *root;
    const char *pattern; /* as the system compares names, like each part of it that names are held
                            against */
    const char *begin;   /* of every path: "/", or "" before a drive */
    const struct log_glob_callbacks *cb;
    int folders, entries;
};

static bool is_there(const struct looking *l, const char *path)
{
    char on_disk[2 * PATH_SIZE];
    struct file_info info;
    snprintf(on_disk, sizeof(on_disk), "%s%s", l->root, path);
    return file_info_at(on_disk, &info) == 0;
}

static bool fits(const char *pattern, const char *text)
{
    char as_compared[PATH_SIZE + NAME_SIZE];
    return text_glob(pattern, spelling_of(text, as_compared, sizeof(as_compared)));
}

/* "app-20261124.log" beside "app.log" is what came before it; alone it is a log of its own.
 * "app.log.1" is never one where "app.log" would be followed as well. */
static bool is_earlier_generation(const struct looking *l, const char *folder, const char *name)
{
    char origin[NAME_SIZE], path[PATH_SIZE + NAME_SIZE];
    enum log_generation_kind kind;
    if (log_generation_is_packed(span_of(name)))
        return true;
    if (!log_generation_origin(span_of(name), origin, sizeof(origin), &kind))
        return false;
    snprintf(path, sizeof(path), "%s/%s", folder, origin);
    return is_there(l, path) || (kind == LOG_GENERATION_NUMBER && fits(l->pattern, path));
}

static bool has_room(struct looking *l, int *counter, int most)
{
    if (++*counter == most)
        l->cb->too_many(l->cb->ctx);
    return *counter < most;
}

/* folder: what of the path has no pattern or is settled ("" for the root); rest: what follows. */
static void look(struct looking *l, const char *folder, struct span rest, int depth)
{
    char on_disk[2 * PATH_SIZE], path[PATH_SIZE + NAME_SIZE], part[NAME_SIZE];
    struct span first;
    struct folder *d;
    const char *name;
    enum file_type type;
    if (depth == DEPTH_MAX || !span_take_until(&rest, '/', &first))
        return;
    bool last = rest.n == 0;
    const char *between = folder[0] ? "/" : l->begin;
    if (!span_copy(first, part, sizeof(part)))
        return;
    if (!text_has_wildcard(part)) {
        if (snprintf(path, sizeof(path), "%s%s%s", folder, between, part) < PATH_SIZE) {
            if (last)
                l->cb->folder(l->cb->ctx, folder[0] ? folder : "/");
            if (last)
                l->cb->file(l->cb->ctx, path);
            else
                look(l, path, rest, depth + 1);
        }
        return;
    }
    l->cb->folder(l->cb->ctx, folder[0] ? folder : "/");
    snprintf(on_disk, sizeof(on_disk), "%s%s", l->root, folder);
    if (!has_room(l, &l->folders, LOG_GLOB_FOLDERS_MAX) ||
        folder_open(on_disk[0] ? on_disk : "/", &d) != 0)
        return;
    spelling_fold(part, first.n);
    while (has_room(l, &l->entries, LOG_GLOB_ENTRIES_MAX) && folder_next(d, &name, &type) == 1) {
        if (!fits(part, name) ||
            snprintf(path, sizeof(path), "%s%s%s", folder, between, name) >= PATH_SIZE)
            continue;
        if (!last && (type == FILE_FOLDER || type == FILE_NO_TYPE))
            look(l, path, rest, depth + 1);
        else if (last && (type == FILE_REGULAR || type == FILE_NO_TYPE) && is_there(l, path) &&
                 !is_earlier_generation(l, folder, name))
            l->cb->file(l->cb->ctx, path);
    }
    folder_close(d);
}

void log_glob(const char *host_root, const char *pattern, const struct log_glob_callbacks *cb)
{
    char as_compared[PATH_SIZE];
    struct looking l = {.root = host_root,
                        .pattern = spelling_of(pattern, as_compared, sizeof(as_compared)),
                        .begin = pattern[0] == '/' ? "/" : "",
                        .cb = cb};
    struct span rest = span_of(pattern);
    while (rest.n > 0 && rest.p[0] == '/') {
        rest.p++;
        rest.n--;
    }
    look(&l, "", rest, 0);
}

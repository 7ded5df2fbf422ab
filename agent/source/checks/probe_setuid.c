/*
 * Setuid and setgid programs that the check does not name. Goes through trees, some entries at a
 * call; every folder is entered relative to the one above, so none can be swapped for a link.
 */
#include "base/mem.h"
#include "base/text.h"
#include "platform/walk.h"
#include "source/checks/probes.h"

#include <errno.h>

#define DEPTH_MAX   24
#define STEP        64 /* entries at a call: a cold disk needs milliseconds for each */
#define ENTRIES_MAX 2000000
#define MODE_SET    06000

struct level {
    struct walk_folder *folder;
    size_t path_n; /* of the path up to here */
};

struct inventory {
    struct check_words words; /* where in `folders` */
    struct level levels[DEPTH_MAX];
    size_t depth;
    char path[4096];
    size_t entries, known, unknown, too_deep, unread;
};

static void drop(void *walk)
{
    struct inventory *v = walk;
    while (v->depth > 0)
        walk_close(v->levels[--v->depth].folder);
    free(v);
}

static bool is_known(const struct check *c, const char *path)
{
    struct check_words words = {0};
    struct span word;
    char pattern[256];
    while (check_word(c, "known", &words, &word))
        if (span_copy(word, pattern, sizeof(pattern)) && text_glob(pattern, path))
            return true;
    return false;
}

/* A known program is only what it is known for while it is root's and nobody else writes to it. */
static void take_program(const struct probe_look *look, struct inventory *v,
                         const struct file_info *info)
{
    if (!(info->mode & MODE_SET) || !(info->mode & 0111))
        return;
    bool safe = info->uid == 0 && !(info->mode & 022);
    if (safe && is_known(look->check, v->path)) {
        v->known++;
        return;
    }
    if (v->unknown++ == 0)
        outcome_place(look, v->path, 0);
    outcome_fault(look, "%.200s (owner %u, group %u, mode %04o)", v->path, (unsigned)info->uid,
                  (unsigned)info->gid, (unsigned)info->mode);
}

static void enter(const struct probe_look *look, struct inventory *v, const char *name, size_t n)
{
    struct level *parent = &v->levels[v->depth - 1];
    struct level *next = &v->levels[v->depth];
    if (v->depth == DEPTH_MAX) {
        v->too_deep++;
        return;
    }
    if (view_is_foreign(look->view, v->path))
        return;
    int rc = walk_enter(parent->folder, name, &next->folder);
    if (rc != 0) { /* gone meanwhile, or swapped for a link: nothing is hidden by that */
        v->unread += rc != -ENOENT && rc != -ELOOP && rc != -ENOTDIR;
        return;
    }
    next->path_n = n;
    v->depth++;
}

static void take_entry(const struct probe_look *look, struct inventory *v, const char *name,
                       enum file_type type)
{
    struct level *level = &v->levels[v->depth - 1];
    struct file_info info;
    int n = snprintf(v->path + level->path_n, sizeof(v->path) - level->path_n, "/%s", name);
    size_t length = level->path_n + (size_t)n;
    if (n < 0 || length >= sizeof(v->path)) {
        v->too_deep++;
        return;
    }
    if (type != FILE_REGULAR && type != FILE_FOLDER && type != FILE_NO_TYPE)
        return;
    if (type != FILE_FOLDER) {
        if (walk_info(level->folder, name, &info) != 0)
            return;
        type = info.type;
        if (type == FILE_REGULAR)
            take_program(look, v, &info);
    }
    if (type == FILE_FOLDER)
        enter(look, v, name, length);
}

/* The next tree; false when there is none left. */
static bool begin_tree(const struct probe_look *look, struct inventory *v)
{
    struct span folder;
    while (check_word(look->check, "folders", &v->words, &folder)) {
        char full[VIEW_PATH_MAX];
        span_copy(folder, v->path, sizeof(v->path));
        snprintf(full, sizeof(full), "%s%s", look->view->root, v->path);
        if (view_is_foreign(look->view, v->path) || walk_open(full, &v->levels[0].folder) != 0)
            continue; /* not there, or a link to a tree that is looked at by its own name */
        v->levels[0].path_n = strlen(v->path);
        v->depth = 1;
        return true;
    }
    return false;
}

static void conclude(const struct probe_look *look, const struct inventory *v)
{
    outcome_expect(look, "only the setuid and setgid programs that the check names, root's own");
    if (v->unknown > 0) {
        outcome_faults_end(look, v->unknown);
    } else if (v->entries >= ENTRIES_MAX || v->too_deep > 0 || v->unread > 0) {
        outcome_set(look, CHECK_UNKNOWN,
                    "not all was seen: %zu entries, %zu folders that cannot be read, %zu too deep",
                    v->entries, v->unread, v->too_deep);
    } else {
        outcome_set(look, CHECK_PASS, "%zu known ones, no other", v->known);
    }
}

static bool run_setuid(const struct probe_look *look)
{
    struct inventory *v = *look->walk;
    if (!v)
        *look->walk = v = mem_new(1, sizeof(*v));
    for (size_t i = 0; i < STEP; i++) {
        const char *name;
        enum file_type type;
        if (v->entries >= ENTRIES_MAX || (v->depth == 0 && !begin_tree(look, v))) {
            conclude(look, v);
            drop(v);
            *look->walk = NULL;
            return true;
        }
        if (walk_next(v->levels[v->depth - 1].folder, &name, &type) == 1) {
            v->entries++;
            take_entry(look, v, name, type);
        } else {
            walk_close(v->levels[--v->depth].folder);
        }
    }
    return false;
}

const struct probe probe_setuid = {
    .name = "setuid",
    .keys = {{"folders", PROBE_NEEDED_SEVERAL, NULL}, {"known", PROBE_SEVERAL, NULL}},
    .run = run_setuid,
    .drop = drop,
    .slow = true,
};

#include "source/checks/units.h"

static const char *const folders[] = {"/etc/systemd/system", "/run/systemd/system",
                                      "/usr/local/lib/systemd/system", "/usr/lib/systemd/system",
                                      "/lib/systemd/system"};
#define FOLDERS (sizeof(folders) / sizeof(folders[0]))

/* A link to /dev/null, or an empty file in the folders of the administrator and of this run. */
static bool is_mask(const struct checks_view *h, const char *path, bool shipped)
{
    char target[512];
    struct file_info info;
    int n = view_link(h, path, target, sizeof(target));
    if (n > 0)
        return strcmp(target, "/dev/null") == 0;
    return !shipped && view_look(h, path, &info) == 0 && info.type == FILE_REGULAR &&
           info.size == 0;
}

static bool look_for_links(const struct checks_view *h, const char *folder, const char *name,
                           struct unit_state *out)
{
    static const char *const kinds[] = {"wants", "requires"};
    for (size_t i = 0; i < 2 && !out->enabled; i++) {
        char pattern[512];
        struct view_paths paths = {0};
        snprintf(pattern, sizeof(pattern), "%s/*.%s/%s", folder, kinds[i], name);
        view_glob(h, pattern, &paths);
        if (paths.n > 0) {
            out->enabled = true;
            snprintf(out->link, sizeof(out->link), "%.255s", paths.items[0]);
        }
        view_paths_release(&paths);
    }
    return out->enabled;
}

void unit_look(const struct checks_view *h, const char *name, struct unit_state *out)
{
    char path[512];
    *out = (struct unit_state){0};
    for (size_t i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof(path), "%s/%s", folders[i], name);
        if (!view_has(h, path))
            continue;
        if (!out->there && is_mask(h, path, i > 1)) {
            out->masked = out->there = true;
            snprintf(out->link, sizeof(out->link), "%.255s", path);
            return;
        }
        out->there = true;
    }
    if (!out->there && strlen(name) > 8) { /* made by systemd from an init script */
        snprintf(path, sizeof(path), "/etc/init.d/%.*s", (int)strlen(name) - 8, name);
        out->there = view_has(h, path);
        snprintf(path, sizeof(path), "/etc/rc2.d/S??%.*s", (int)strlen(name) - 8, name);
        struct view_paths paths = {0};
        view_glob(h, path, &paths);
        out->enabled = out->there && paths.n > 0;
        if (out->enabled)
            snprintf(out->link, sizeof(out->link), "%.255s", paths.items[0]);
        view_paths_release(&paths);
    }
    for (size_t i = 0; i < FOLDERS && out->there && !out->enabled; i++)
        look_for_links(h, folders[i], name, out);
}

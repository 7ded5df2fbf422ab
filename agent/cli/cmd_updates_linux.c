#include "cli/args.h"
#include "cli/cmd.h"
#include "platform/clock.h"
#include "source/patch/lists.h"

static const char help[] =
    "Usage: vigia updates [--host-root DIR]\n\n"
    "The pending updates as the patch state tells them, one a line: package, architecture,\n"
    "installed version, candidate, and words: security, held, phased. What keeps the answer from\n"
    "being sure is said on standard error, and then the exit code is 1.\n\n"
    "  --host-root DIR   read the files of another host, which lie there\n";

static void print(const struct packages *packages)
{
    for (size_t i = 0; i < packages->n; i++) {
        const struct package *p = &packages->items[i];
        if (p->candidate)
            printf("%s %s %s %s%s%s%s\n", p->name, p->arch, p->version, p->candidate,
                   p->security ? " security" : "", p->held ? " held" : "",
                   p->phased ? " phased" : "");
    }
}

/* How many reasons there are to doubt. */
static size_t doubt(const struct patch_lists *l)
{
    size_t n = 0;
    for (size_t i = 0; i < l->sources.archives; i++)
        if (l->archive[i].state < ARCHIVE_TRUSTED) {
            fprintf(stderr, "vigia updates: %s: %s\n", l->sources.archive[i].base,
                    archive_state_names[l->archive[i].state]);
            n++;
        }
    const struct {
        size_t count;
        const char *what, *where;
    } faults[] = {{l->lists_unreadable, "package lists that cannot be read", l->unreadable},
                  {l->sources.faults, "package sources that make no sense", l->sources.fault},
                  {l->pins.faults, "preferences that cannot be followed", l->pins.fault},
                  {l->left_out + l->sources.left_out, "versions beyond the limits", ""}};
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        if (faults[i].count > 0) {
            fprintf(stderr, "vigia updates: %zu %s %s\n", faults[i].count, faults[i].what,
                    faults[i].where);
            n++;
        }
    if (l->lists == 0) {
        fprintf(stderr, "vigia updates: no package lists; run apt-get update\n");
        n++;
    }
    return n;
}

int cmd_updates(int argc, char **argv)
{
    const char *root = "";
    const struct arg args[] = {{"--host-root", &root, NULL}, {NULL, NULL, NULL}};
    struct packages packages;
    struct patch_lists *lists;
    struct error e = {""};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    if (packages_read(root, &packages, &e) != 0) {
        fprintf(stderr, "vigia updates: %s\n", e.text);
        packages_release(&packages);
        return 1;
    }
    patch_lists_open(root, clock_wall_ms(), &packages, &lists);
    while (patch_lists_step(lists, SIZE_MAX))
        ;
    print(&packages);
    rc = doubt(lists) > 0;
    patch_lists_close(lists);
    packages_release(&packages);
    return rc;
}

/*
 * The installed packages (from dpkg's status file) and, for each, the newest version that apt's
 * lists offer. Which list counts how much follows apt_preferences(5) in its default: lists of a
 * release that says NotAutomatic are left out; a list of a security archive makes its versions
 * security updates. (Pins of the administrator are not read yet.)
 */
#ifndef SOURCE_PATCH_PACKAGES_H
#define SOURCE_PATCH_PACKAGES_H

#include "base/error.h"
#include "base/map.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKAGES_MAX 50000

struct package {
    char *name;
    char *arch;
    char *version;
    char *candidate; /* NULL: none newer is offered */
    bool security;   /* a newer version comes from a security archive */
};

struct packages {
    struct package *items;
    size_t n, room;
    struct map *by_key; /* "name arch" -> index + 1 */
    uint8_t digest[32]; /* over names and versions: changes when anything installed does */
    size_t lists;       /* package lists read */
    size_t lists_unreadable;
    char unreadable[160]; /* one of them */
};

/* host_root: "" or a folder that stands for "/". 0, or -1 and e. A host without dpkg: -ENOENT. */
int packages_read(const char *host_root, struct packages *out, struct error *e);
int packages_read_lists(const char *host_root, struct packages *p, struct error *e);
void packages_release(struct packages *p);

/* For the fuzz targets and tests: text as if it stood in the files. */
void packages_parse_status(struct packages *p, struct span text);
void packages_parse_list(struct packages *p, struct span text, bool security);
/* What a Release file says of its archive. */
struct release_facts {
    bool not_automatic;
    bool security;
};
void packages_parse_release(struct span text, struct release_facts *out);

#endif

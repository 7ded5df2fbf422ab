/*
 * The installed packages, from dpkg's status file: all that are on the disk, be they set up
 * completely or not. And what apt's lists offer for them (lists.h, candidate.h).
 */
#ifndef SOURCE_PATCH_PACKAGES_H
#define SOURCE_PATCH_PACKAGES_H

#include "base/error.h"
#include "base/map.h"
#include "source/deb/control.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PACKAGES_MAX 50000

struct package {
    char *name;
    char *arch;
    char *version;
    char *source;         /* what it was built from; NULL: a source of the same name */
    char *source_version; /* NULL: the same version */
    uint64_t build;       /* what apt tells two builds of one version apart by */
    bool held;            /* the administrator wants it to stay as it is */
    size_t same_name;     /* the next one of this name, index + 1 */
    size_t offers;        /* the first of them (lists.h), index + 1 */

    char *candidate;       /* NULL: nothing newer that apt would take */
    char *suite;           /* of the archive that the candidate comes from, "" if it has none */
    bool security;         /* the update, or one before it, comes from a security archive */
    bool phased;           /* offered, but this machine's turn has not come */
    bool security_blocked; /* a security archive offers more than pins let through */
};

struct packages {
    struct package *items;
    size_t n, room;
    struct map *by_name; /* index + 1 of the first */
    char native[32];     /* the host's own architecture, by dpkg's own package */
    uint8_t digest[32];  /* over names and versions: changes when anything installed does */
};

/* host_root: "" or a folder that stands for "/". 0, or -1 and e. A host without dpkg: -ENOENT. */
int packages_read(const char *host_root, struct packages *out, struct error *e);
void packages_release(struct packages *p);
/* Text as if it stood in the file, for fuzz targets and tests. */
void packages_parse_status(struct packages *p, struct span text);

/* The installed package that a version in a list is of; NULL if none. "all" is the host's own. */
struct package *packages_find(const struct packages *p, struct span name, struct span arch);

/* ---- stanzas, in the status file and in lists ---- */

/* Names for a deb_reader: PACKAGE_FIRST_PIECE and what follows go through package_build_piece. */
enum {
    PACKAGE_NAME,
    PACKAGE_ARCH,
    PACKAGE_VERSION,
    PACKAGE_SOURCE,
    PACKAGE_STATUS,
    PACKAGE_PHASE,
    PACKAGE_FIRST_PIECE,
    PACKAGE_FIELDS = PACKAGE_FIRST_PIECE + 7
};
extern const char *const package_fields[];

struct package_build { /* of one stanza; starts zeroed */
    uint64_t field[PACKAGE_FIELDS];
    char last[PACKAGE_FIELDS];
};
void package_build_piece(struct package_build *b, size_t field, struct span piece);
uint64_t package_build_end(struct package_build *b, struct span arch); /* and zeroes it */

/* "name (version)" of a Source field; both NULL where they are those of the package itself. */
void package_take_source(struct span field, struct span name, struct span version, char **source,
                         char **source_version);

#endif

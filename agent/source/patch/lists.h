/*
 * What apt's lists (/var/lib/apt/lists) offer for the installed packages: the lists of the sources
 * that apt is set up with, plain or compressed, read piece by piece, so that the poll loop goes on
 * in between. At the end each package has its candidate (candidate.h).
 */
#ifndef SOURCE_PATCH_LISTS_H
#define SOURCE_PATCH_LISTS_H

#include "source/apt/conf.h"
#include "source/apt/pins.h"
#include "source/apt/release.h"
#include "source/apt/sources.h"
#include "source/patch/packages.h"

#define PATCH_OFFERS_MAX (4 * PACKAGES_MAX)

/* How an archive's files are. What is wrong comes first. */
enum archive_state {
    ARCHIVE_NEVER_FETCHED, /* configured, but nothing of it is there */
    ARCHIVE_NO_RELEASE,    /* lists without a Release */
    ARCHIVE_UNSIGNED,      /* a Release without a signature */
    ARCHIVE_EXPIRED,       /* its Release holds no longer */
    ARCHIVE_TRUSTED,       /* unsigned, and the administrator wants it so */
    ARCHIVE_FINE,
    ARCHIVE_STATES
};
extern const char *const archive_state_names[ARCHIVE_STATES];

struct archive {
    struct apt_release release;
    bool release_there; /* signed or not */
    enum archive_state state;
    size_t lists; /* of packages, that are there */
};

struct offer {                               /* one version of an installed package, in one build */
    size_t next;                             /* of the same package, index + 1 */
    char *version, *source, *source_version; /* as in struct package */
    uint64_t build;
    unsigned phase;                              /* percent */
    uint64_t lists[(APT_TARGETS_MAX + 63) / 64]; /* which offer it, as bits */
};

struct patch_lists {
    struct packages *packages;
    struct apt_conf conf;
    struct apt_sources sources;
    struct apt_pins pins;
    struct archive archive[APT_ARCHIVES_MAX];
    struct apt_origin *origin; /* of each target, and behind them of the status file */
    struct offer *offer;
    size_t offers, offers_room;
    char machine_id[APT_CONF_VALUE];

    size_t lists;            /* read */
    size_t lists_unreadable; /* and why the first one could not be */
    char unreadable[200];
    size_t left_out;    /* offers beyond the limit */
    int64_t updated_ms; /* when apt fetched them last; 0: never */

    struct list_cursor *cursor; /* where the reading stands */
};

/* now_ms: for what has expired. host_root and packages are borrowed until the end. */
void patch_lists_open(const char *host_root, int64_t now_ms, struct packages *p,
                      struct patch_lists **out);
/* Reads about so many bytes of text; true while there is more. When false, candidates are set. */
bool patch_lists_step(struct patch_lists *l, size_t budget);
void patch_lists_close(struct patch_lists *l);

/* For tests and fuzzing: one list's text, as if it stood in the file of that target. */
void patch_lists_parse(struct patch_lists *l, size_t target, struct span text);

static inline bool offer_is_in(const struct offer *o, size_t target)
{
    return o->lists[target / 64] >> (target % 64) & 1;
}

#endif

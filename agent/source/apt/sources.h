/*
 * The package sources that apt is set up with (sources.list(5): /etc/apt/sources.list and
 * sources.list.d, one-line and deb822 style), and the files in /var/lib/apt/lists that belong to
 * them. Only "deb", in apt's order.
 */
#ifndef SOURCE_APT_SOURCES_H
#define SOURCE_APT_SOURCES_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

#define APT_ARCHIVES_MAX 128
#define APT_TARGETS_MAX  512
#define APT_ARCHS_MAX    8

struct apt_archive { /* one URI with one suite: what one Release file is of */
    char *base;      /* "http://deb.example/debian/dists/stable/": no password in it */
    char *files;     /* the same as apt names files: "deb.example_debian_dists_stable_" */
    char *site;      /* host name, "" for local folders */
    char *suite;     /* as written */
    bool trusted;    /* [trusted=yes]: its signature does not matter */
    bool no_expiry;  /* check-valid-until=no */
    bool signed_by;  /* a key of its own */
};

struct apt_target { /* one list of packages */
    size_t archive;
    char *file; /* in the folder of lists, without a compression's ending */
    char *component, *arch;
};

struct apt_sources {
    struct apt_archive archive[APT_ARCHIVES_MAX];
    size_t archives;
    struct apt_target *target;
    size_t targets;
    size_t faults;   /* lines and stanzas that make no sense, files that cannot be read */
    size_t left_out; /* beyond the limits */
    char fault[160]; /* where the first one stands */
};

/* archs: the host's own architecture first, then the foreign ones. */
void apt_sources_read(const char *host_root, const char *const *archs, size_t archs_n,
                      struct apt_sources *out);
void apt_sources_release(struct apt_sources *s);

/* For tests and fuzzing: one file's text. */
void apt_sources_init(struct apt_sources *s);
void apt_sources_parse(struct apt_sources *s, const char *path, struct span text,
                       const char *const *archs, size_t archs_n);

#endif

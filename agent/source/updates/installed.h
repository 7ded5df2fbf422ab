/*
 * Which updates are installed, told apart by their KB number and reconciled from three places, each
 * of which lacks something:
 *   CBS      the packages of component based servicing; knows states, but a cumulative update is
 *            named there by its build and not by its number
 *   history  what Windows Update did; lacks what others installed, and loses its memory
 *   fixes    what WMI lists; lacks what is no part of the system itself
 * CBS has the last word where it knows a number, since it alone sees what was removed by hand.
 */
#ifndef SOURCE_UPDATES_INSTALLED_H
#define SOURCE_UPDATES_INSTALLED_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define INSTALLED_KBS_MAX      4000
#define INSTALLED_PACKAGES_MAX 60000 /* names that are looked at; an old Windows 7 has 15,000 */

enum installed_place { /* bits */
                       INSTALLED_CBS = 1,
                       INSTALLED_HISTORY = 2,
                       INSTALLED_FIXES = 4
};

enum installed_state { /* each outweighs those before it, where several packages have a number */
                       INSTALLED_NO, /* known, but not installed: staged, removed */
                       INSTALLED_SUPERSEDED,
                       INSTALLED_YES,
                       INSTALLED_RESTART /* complete after a restart: installation or removal */
};

struct installed_kb {
    uint32_t number;
    uint8_t places; /* enum installed_place: who says it is there */
    bool in_cbs;    /* cbs is known */
    enum installed_state cbs;
    bool in_history; /* past is known */
    bool past;       /* the last that Windows Update did was to install it */
};

struct installed_build { /* of a cumulative update; build 0: none */
    uint32_t build, revision;
    enum installed_state state;
    int64_t at_ms; /* 0: not known */
};

struct installed {
    struct installed_kb *items; /* sorted once finished */
    size_t n, room;
    size_t left_out;
    struct installed_build rollup; /* the newest that is installed or waits for a restart */
    size_t packages;               /* that were looked at */
    int rc;                        /* CBS cannot be read: a negative errno value */
};

/* The names of all packages of CBS, with the key that holds theirs; 0, or a negative errno value.
 */
struct registry_key;
int installed_packages(void (*each)(void *ctx, const struct registry_key *packages,
                                    const char *name),
                       void *ctx);
/* The key of one of them, which is the caller's, and what state the package is in. False: it is
 * gone, or says nothing. */
bool installed_package_open(const struct registry_key *packages, const char *name,
                            struct registry_key **key, enum installed_state *state);

/* All packages of CBS; into a struct that is zeroed or was released. */
void installed_read_cbs(struct installed *out);
void installed_add_history(struct installed *i, uint32_t kb, bool removal);
void installed_add_fix(struct installed *i, uint32_t kb);
/* Sorts; afterwards nothing is added. */
void installed_finish(struct installed *i);
void installed_release(struct installed *i);

enum installed_state installed_judge(const struct installed_kb *kb);
/* Whether the places contradict each other. */
bool installed_is_doubtful(const struct installed_kb *kb);

/* ---- names ---- */

struct installed_package {    /* of a package's name */
    uint32_t kb;              /* 0: none in it */
    uint32_t build, revision; /* of a cumulative update; else 0 */
};
/* "Package_for_KB5012170~31bf3856ad364e35~amd64~~20348.880.1.1",
 * "Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2227.1.14". False: neither. */
bool installed_package_parse(struct span name, struct installed_package *out);
/* Takes the next KB number out of a title or a list of names: "... (KB5034441)". */
bool installed_kb_next(struct span *rest, uint32_t *out);

#endif

/*
 * Units of systemd as they lie on disk, and which services run (their cgroup holds processes).
 * systemd itself is not asked: that would need a socket to it.
 */
#ifndef SOURCE_INVENTORY_UNITS_H
#define SOURCE_INVENTORY_UNITS_H

#include "base/map.h"
#include "source/inventory/part.h"

#define INVENTORY_UNITS_MAX 4096

struct inventory_unit {
    char name[128];
    const char *folder; /* where its file lies */
    bool has_file;
    bool masked;  /* a link to /dev/null */
    bool enabled; /* a target of the administrator's wants or requires it */
    bool wanted;  /* a target of the system's own does */
    bool install; /* has a section [Install] */
    bool running;
    char alias_of[128];
    char type[16];      /* Type= */
    char command[256];  /* first ExecStart=, secrets masked */
    char schedule[160]; /* OnCalendar=, OnUnitActiveSec= and the like of a timer, joined by ";" */
    size_t dropins;
};

/* All units whose name ends with the suffix (".service"), by name. NULL when there is no systemd.
 */
struct map *inventory_units_read(const struct inventory_reader *r, const char *suffix);
void inventory_units_free(struct map *units);
const char *inventory_unit_state(const struct inventory_unit *u); /* "enabled", "static", ... */

/* For the fuzz target: what a unit file says. */
void inventory_unit_parse(struct inventory_unit *u, struct span text);
/* What the units depend on goes into the stamp. */
void inventory_units_stamp(const struct inventory_reader *r, const char *suffix, struct sha256 *s);

#endif

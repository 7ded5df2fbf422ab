/*
 * Which version of a package apt prefers (apt_preferences(5)): the priorities of archives, from
 * APT::Default-Release, /etc/apt/preferences and preferences.d, and of single versions.
 */
#ifndef SOURCE_APT_PINS_H
#define SOURCE_APT_PINS_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>

#define APT_PINS_MAX  4096
#define APT_PIN_NEVER (-32768)

/* Where a version comes from: a list of packages, or dpkg's status file. NULL: not said. */
struct apt_origin {
    const char *archive, *codename, *version, *origin, *label, *component, *arch, *site;
    int priority; /* its own, before and after apt_pins_rank */
};

struct apt_version {
    const char *package, *arch; /* "all" counts as the host's own */
    const char *version;
    const char *source, *source_version;
    const struct apt_origin *const *origins;
    size_t origins_n;
};

struct apt_pin;
struct apt_pins {
    struct apt_pin *pin;
    size_t n, room;
    size_t faults;   /* records that apt would refuse, or that go beyond what is read */
    char fault[160]; /* where the first one stands */
};

void apt_pins_init(struct apt_pins *p);
/* default_release: "" if there is none. */
void apt_pins_read(const char *host_root, const char *default_release, struct apt_pins *out);
void apt_pins_parse(struct apt_pins *p, const char *path, struct span text);
void apt_pins_release(struct apt_pins *p);

/* The priority of all that comes from there. */
int apt_pins_rank(const struct apt_pins *p, const struct apt_origin *o);
/* The pin of this version; false if it has none. native: the host's own architecture. */
bool apt_pins_version(const struct apt_pins *p, const struct apt_version *v, const char *native,
                      int *priority);

#endif

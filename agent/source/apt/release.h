/* What a Release or InRelease file says of its archive, and until when it holds. */
#ifndef SOURCE_APT_RELEASE_H
#define SOURCE_APT_RELEASE_H

#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define APT_RELEASE_MAX (8u << 20)
#define APT_VALUE       128

struct apt_release {
    char origin[APT_VALUE], label[APT_VALUE], suite[APT_VALUE], codename[APT_VALUE],
        version[APT_VALUE];
    bool not_automatic, but_automatic_upgrades;
    bool security;       /* a security archive, by its suite or label */
    int64_t date_ms;     /* 0: not said */
    int64_t valid_until; /* ms; 0: for ever */
};

/* Takes any bytes; what is not there stays empty. */
void apt_release_parse(struct span text, struct apt_release *out);
/* "Sat, 21 Nov 2026 00:53:02 UTC" as ms since 1970; 0 if it is no such time. */
int64_t apt_release_time(struct span text);

#endif

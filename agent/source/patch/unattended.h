/* Whether the host installs updates by itself (unattended-upgrades), and how that went last. */
#ifndef SOURCE_PATCH_UNATTENDED_H
#define SOURCE_PATCH_UNATTENDED_H

#include "source/apt/conf.h"
#include "source/patch/packages.h"

enum unattended_outcome { UNATTENDED_UNKNOWN, UNATTENDED_SUCCESS, UNATTENDED_FAILED };

struct patch_unattended {
    bool installed;          /* the package is there */
    bool on;                 /* and is run: by apt's periodic settings, its timer not masked */
    bool lists_on;           /* apt fetches its lists by itself */
    int64_t last_success_ms; /* 0: never, or not known */
    enum unattended_outcome last;
    char error[200]; /* of the last run that failed */
};

void patch_unattended_read(const char *host_root, const struct apt_conf *conf,
                           const struct packages *p, struct patch_unattended *out);
/* The end of its log: how the last run in it went. */
void patch_unattended_log(struct span text, struct patch_unattended *out);

#endif

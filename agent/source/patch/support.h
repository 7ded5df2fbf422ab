/*
 * Until when the release of the distribution gets security updates: by the host's own
 * distro-info-data if it knows the release, else by conf/support.ini.
 */
#ifndef SOURCE_PATCH_SUPPORT_H
#define SOURCE_PATCH_SUPPORT_H

#include "base/span.h"
#include "config/support_file.h"

#include <stdbool.h>
#include <stdint.h>

enum support_state {
    SUPPORT_UNKNOWN,
    SUPPORT_STANDARD, /* by the distribution itself */
    SUPPORT_LTS,      /* by Debian's LTS team */
    SUPPORT_PAID,     /* only for those who pay for it (ELTS, ESM) */
    SUPPORT_ENDED
};
extern const char *const support_state_names[];

struct patch_support {
    enum support_state state;
    char standard[TEXT_DAY_SIZE], lts[TEXT_DAY_SIZE], paid[TEXT_DAY_SIZE]; /* last days, or "" */
};

/* id and codename as os-release says them: "debian", "bookworm". */
void patch_support_read(const char *host_root, const struct support_table *table, const char *id,
                        const char *codename, int64_t now_ms, struct patch_support *out);
/* From the text of distro-info-data; false if the release is not in it. */
bool patch_support_parse(struct span csv, const char *codename, struct patch_support *out);
/* Of a release that distro-info-data does not speak of: by the table alone. */
void patch_support_by_table(const struct support_table *table, const char *id, const char *codename,
                            int64_t now_ms, struct patch_support *out);
void patch_support_judge(struct patch_support *s, int64_t now_ms);

#endif

/* /proc/PID/mountinfo and fstab as tables; pure, for the probes that ask what is mounted how. */
#ifndef SOURCE_CHECKS_MOUNTS_H
#define SOURCE_CHECKS_MOUNTS_H

#include "base/span.h"

struct mount_line {
    struct span device; /* "253:0"; empty in fstab */
    struct span point;  /* still with its \040 escapes */
    struct span options;
    struct span type;
    struct span source;
    struct span super_options; /* of the file system as such; empty in fstab */
    int line;
};

bool mount_line_parse(struct span line, struct mount_line *out); /* of mountinfo */
bool fstab_line_parse(struct span line, struct mount_line *out);
/* The last mount on that point: it lies on top. */
bool mount_find(struct span text, bool (*parse)(struct span line, struct mount_line *out),
                const char *point, struct mount_line *out);
/* Is the word one of the options, separated by commas? */
bool mount_has_option(struct span options, struct span word);

#endif

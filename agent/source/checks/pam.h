/*
 * Lines of PAM's stacks (pam.d(5)). Pure. A line may go on behind a backslash at its end.
 */
#ifndef SOURCE_CHECKS_PAM_H
#define SOURCE_CHECKS_PAM_H

#include "base/span.h"

struct pam_line {
    struct span type;    /* auth, account, password, session, without the leading dash */
    struct span control; /* required, [success=1 default=ignore], include, substack */
    struct span module;  /* pam_unix.so without its folder; for include the name of the file */
    struct span arguments;
    bool include; /* "@include NAME": of every type */
    int line;
};

typedef bool pam_line_fn(void *ctx, const struct pam_line *l);
void pam_parse(struct span text, pam_line_fn *each, void *ctx);
/* The value of NAME or NAME=VALUE among the arguments; false when it is not there. */
bool pam_argument(struct span arguments, struct span name, struct span *value);

#endif

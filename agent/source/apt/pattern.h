/*
 * What apt_preferences(5) lets stand where a name is expected: the name itself, a shell pattern
 * (its * matches every character) or /an extended regular expression/. Letters in either case.
 */
#ifndef SOURCE_APT_PATTERN_H
#define SOURCE_APT_PATTERN_H

#include "base/span.h"

#include <stdbool.h>

struct expression;

struct apt_pattern {
    char *text;                    /* NULL: matches nothing */
    struct expression *expression; /* or it is one */
};

/* False: it is an expression that cannot be used; the pattern then matches nothing. */
bool apt_pattern_set(struct apt_pattern *p, struct span text);
bool apt_pattern_matches(const struct apt_pattern *p, const char *text);
void apt_pattern_release(struct apt_pattern *p);

bool apt_glob(const char *pattern, const char *text);

#endif

/* What the tests of the Sigma detector share: rules from text, records, a host that remembers. */
#ifndef TESTS_SIGMA_KIT_H
#define TESTS_SIGMA_KIT_H

#include "detect/detect.h"
#include "detect/rule_set.h"

#include <stdbool.h>

struct kit { /* a set of rules with the problems told while it was made */
    struct rule_set *set;
    struct view view;
    size_t problems;
    char problem[512]; /* the first */
    size_t hits;
};

void kit_open(struct kit *k, const char *yaml);
void kit_open_with(struct kit *k, const char *yaml, const char *tables); /* a file of conf/sigma */
void kit_close(struct kit *k);
/* Number of rules that match a record of linux/sshd with this message. */
size_t kit_hits(struct kit *k, const char *message);
size_t kit_hits_record(struct kit *k, const struct record *r);

struct record kit_record(const char *program, const char *message, int64_t time_ms);
void kit_field(struct record *r, const char *name, const char *value);

#endif

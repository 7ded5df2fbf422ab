/*
 * All rules of a folder, indexed by their logsource and by texts that must stand in a record.
 *
 * Files *.yml and *.yaml of the folder and those below it are read in the order of their paths; a
 * file may hold several documents.
 * Filters (rule_filter.h) are applied to the rules that they mean, in whatever file those stand.
 * A broken rule is left out and told, the others go on. A rule whose id (or name) another one has
 * already is left out, so is a correlation that refers to a rule that is not there or to itself,
 * and one of a chain of more than RULE_CHAIN_MAX correlations.
 */
#ifndef DETECT_RULE_SET_H
#define DETECT_RULE_SET_H

#include "detect/match.h"
#include "detect/route.h"
#include "detect/rule.h"

#define RULE_SET_MAX   8192 /* files, and rules */
#define RULE_CHAIN_MAX 8    /* correlations that refer to each other */

struct rule_use {         /* a correlation that takes the hits of a rule */
    uint32_t correlation; /* index of its entry */
    uint32_t refer;       /* which of its base rules this one is */
};

struct rule_entry {
    struct rule *rule;
    bool fires;  /* a hit is a finding; false if it only serves correlations */
    bool linked; /* a correlation whose base rules are all there */
    size_t uses_n;
    struct rule_use *uses;
    uint8_t version[16]; /* of a correlation: changes when it or a base rule changes */
};

struct rule_group; /* rules with the same logsource */

struct rule_set {
    struct arena *arena;
    struct field_names *names;
    struct placeholders placeholders;
    struct routes routes;
    size_t n;
    struct rule_entry *entries;
    size_t filters_n;
    struct rule_filter *filters; /* have been applied to the entries */
    size_t groups_n;
    struct rule_group *groups;
    struct hits hits;
    size_t off;    /* entries that are correlations without their base rules */
    size_t broken; /* problems told */
};

/* tell() gets "file:line: what, remedy" for each rule that is left out. folder may also be one
 * file. tables: where logsources are and what placeholders stand for; NULL: a record's own names.
 */
struct rule_set *rule_set_load(const char *folder, const struct sigma_file *tables,
                               void (*tell)(void *ctx, const char *problem), void *ctx);
/* For tests and fuzzing: from memory, in place of a folder with one file. */
struct rule_set *rule_set_parse(const char *name, struct span text, const struct sigma_file *tables,
                                void (*tell)(void *ctx, const char *problem), void *ctx);
void rule_set_free(struct rule_set *set);

/* Each logsource that rules are for: one of them, how many there are, and how many sections of the
 * tables say where its records are. */
void rule_set_logsources(const struct rule_set *set,
                         void (*each)(void *ctx, const struct rule *first, size_t rules,
                                      size_t sections),
                         void *ctx);

/* Calls hit() with the index of each rule that matches the record, correlations excepted; the view
 * is then as that rule saw it (match_explain). */
void rule_set_match(struct rule_set *set, struct view *view, const struct record *r,
                    void (*hit)(void *ctx, size_t entry), void *ctx);

#endif

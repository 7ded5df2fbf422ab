/*
 * The table of configuration keys: the one place that knows section, name, type, range, default and
 * help of each. The reader, `vigia check --keys` and the test of conf/vigia.ini all use it.
 */
#ifndef CONFIG_KEYS_H
#define CONFIG_KEYS_H

#include "base/span.h"
#include "config/config.h"

#include <stddef.h>
#include <stdint.h>

enum key_type {
    KEY_TEXT,     /* char * */
    KEY_CHOICE,   /* char *, one of the words in `choices` */
    KEY_LEVEL,    /* int, enum log_level, one of the words in `choices` */
    KEY_URL,      /* char *, https://host[:port] or empty */
    KEY_PATH,     /* char *, absolute or empty */
    KEY_BOOL,     /* bool: yes or no */
    KEY_SIZE,     /* uint64_t bytes: 4096, 64k, 10M, 1G */
    KEY_NUMBER,   /* uint64_t: 0, 500 */
    KEY_DURATION, /* int64_t seconds: 90, 90s, 5m, 2h, 7d */
    KEY_LIST,     /* struct config_list; the key may stand several times */
    KEY_PATHS     /* the same, each an absolute path or pattern */
};

struct config_key {
    const char *section; /* "log" stands for every [log NAME] */
    const char *name;
    enum key_type type;
    size_t offset;         /* in struct config, or struct config_log */
    uint64_t low, high;    /* sizes, numbers and durations */
    const char *choices;   /* words separated by spaces */
    const char *otherwise; /* default as it would be written; lists: newline between items */
    const char *help;
};

extern const struct config_key config_keys[]; /* ends with section == NULL */

const char *config_key_type_name(enum key_type t);
/* Fills value (a field at key->offset of base) from text. 0, or -1 with what is allowed in e. */
int config_key_set(const struct config_key *key, void *base, const char *text, struct error *e);
void config_key_release(const struct config_key *key, void *base);

/* https://host[:port] without a path, or nothing at all; also for URLs that come from elsewhere. */
bool config_url_is_valid(struct span s);

#endif

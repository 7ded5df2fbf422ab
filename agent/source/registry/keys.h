/*
 * Which keys of the registry are watched: the items of [registry] key and exclude.
 *
 * An item names a key, "HKLM\\SOFTWARE\\x": its own values. "*" and "?" stand for one name or parts
 * of it; "\\**" at the end means the key and all below it. An exclude is a pattern on a key, or on
 * a key with a value's name behind it; "**" matches across keys. Case (ASCII) does not count.
 */
#ifndef SOURCE_REGISTRY_KEYS_H
#define SOURCE_REGISTRY_KEYS_H

#include "config/config.h"
#include "platform/registry.h"

#define REGISTRY_PARTS_MAX 32
#define REGISTRY_SLOTS     8 /* things to wait on, which the items share */

struct registry_item {
    char *text;  /* as configured */
    char *parts; /* folded, each with a NUL behind it */
    const char *part[REGISTRY_PARTS_MAX];
    size_t n;       /* parts */
    size_t literal; /* how many of them at the front have no pattern */
    char *root;     /* these, as configured */
    bool deep;      /* and all below */
    size_t slot;    /* the same for those with one root; the first root has one to itself */
};

struct registry_keys {
    size_t n;
    struct registry_item *items;
    size_t excludes_n;
    char **excludes; /* folded */
    char *wrong;     /* the first item that cannot be used, or NULL */
};

struct registry_keys *registry_keys_new(const struct config *c);
void registry_keys_free(struct registry_keys *keys);

/* For patterns: lower case, "/" between names, "_" for a slash inside one. The result is as long as
 * the path, and may take its place; false: it did not fit. */
bool registry_fold(const char *path, char *out, size_t size);

bool registry_item_covers(const struct registry_item *item, const char *path);
bool registry_keys_excluded(const struct registry_keys *keys, const char *path, const char *value);
/* Some item covers it, and no exclude. */
bool registry_keys_cover(const struct registry_keys *keys, const char *path);

#endif

/* Short ways into the registry, for what is looked at once. Paths as in platform/registry.h. */
#ifndef SOURCE_UPDATES_READ_H
#define SOURCE_UPDATES_READ_H

#include "platform/registry.h"

/* A text cut to fit, "" (and false) where there is none; it may hold anything but NUL. */
bool read_text(const char *path, const char *name, char *out, size_t size);
bool read_number(const char *path, const char *name, uint64_t *out); /* 0 where there is none */
/* A point in time as Windows stores it in eight bytes (FILETIME: 100 ns since 1601, UTC), in ms
 * since 1970; 0 where there is none, or one before 1970. */
int64_t read_filetime(const char *path, const char *name);
int64_t filetime_ms(uint64_t ticks);

/* The same of a key that is open. */
bool read_text_of(struct registry_key *key, const char *name, char *out, size_t size);
bool read_number_of(struct registry_key *key, const char *name, uint64_t *out);

#endif

/*
 * Installed software, as its installers tell Windows: the Uninstall keys of both registry views,
 * and of each user whose part of the registry is loaded. Updates of a product, which stand there as
 * well, are left out.
 */
#ifndef SOURCE_UPDATES_SOFTWARE_H
#define SOURCE_UPDATES_SOFTWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOFTWARE_MAX       5000
#define SOFTWARE_USERS_MAX 200
#define SOFTWARE_TEXT_MAX  256 /* of a name or a publisher, with its end */

struct software_item {
    char *name, *version, *publisher; /* "" where it says none */
    char *user;                       /* SID: only this one has it; "": everybody */
    bool of_32_bits;                  /* what its installer was, and mostly the program too */
};

struct software {
    struct software_item *items; /* sorted once finished, nothing twice */
    size_t n, room;
    size_t left_out;
    char *users[SOFTWARE_USERS_MAX]; /* SIDs whose part was looked at */
    size_t users_n;
    int rc; /* nothing can be read: a negative errno value */
};

void software_read(struct software *out); /* into a struct that is zeroed or was released */
/* Copies; false: it is over the limit. */
bool software_add(struct software *s, const struct software_item *item);
void software_finish(struct software *s);
void software_digest(const struct software *s, uint8_t out[32]);
void software_release(struct software *s);

#endif

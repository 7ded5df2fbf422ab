/* The names of a folder's files, sorted: what a folder of configuration is read by. */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stddef.h>

struct names {
    size_t n;
    char **items;
};

/* Files (and links) whose name ends with one of the endings (a list ended by NULL) and does not
 * begin with a dot, in the order of their bytes. 0, or a negative errno value: -E2BIG when there
 * are more than max (then *out holds some max of them). Release in any case. */
int names_list(const char *folder, const char *const *endings, size_t max, struct names *out);
/* The same for the folder and all below it (16 levels; links to folders are not followed): the
 * items are paths that begin with `folder`. -ELOOP: deeper. */
int names_below(const char *folder, const char *const *endings, size_t max, struct names *out);
void names_release(struct names *names);

#endif

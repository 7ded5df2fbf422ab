/*
 * Which of many short texts stand in a line, found in one pass whatever their number. Texts and
 * line are folded already (pattern_fold).
 */
#ifndef DETECT_LITERALS_H
#define DETECT_LITERALS_H

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

#define LITERAL_LENGTH_MIN 3 /* shorter ones stand in too many lines to be of use */

struct literal {
    struct span text; /* of less than 64 KiB */
    uint32_t id;      /* below 2^31; several texts may have the same, and a text several */
};

struct literals;
/* The texts have to stay, of the list nothing does: it serves to sort them. NULL when n is 0. */
struct literals *literals_new(struct literal *list, size_t n);
void literals_free(struct literals *l);

/* Where hits are noted, each id once until hits_clear. */
struct hits {
    size_t n;
    uint32_t *ids;
    uint32_t *seen; /* by id: the turn in which it was noted last */
    size_t size;
    uint32_t turn;
};

void hits_init(struct hits *h, size_t ids);
void hits_release(struct hits *h);
void hits_clear(struct hits *h);

void literals_scan(const struct literals *l, struct span line, struct hits *hits);

#endif

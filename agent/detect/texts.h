/*
 * Texts that rules have in common, each kept once: tags, names of fields, values. Serves while
 * rules are made; what it has kept lies in the arena and stays as long as that.
 */
#ifndef DETECT_TEXTS_H
#define DETECT_TEXTS_H

#include "base/span.h"
#include "detect/arena.h"

struct texts;
struct texts *texts_new(struct arena *a);
void texts_free(struct texts *t);
/* The bytes with a NUL behind that is not counted; aligned for 16-bit numbers. The same bytes lie
 * in the same place each time. */
struct span texts_keep(struct texts *t, struct span bytes);

#endif

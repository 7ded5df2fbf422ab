/*
 * Regular expressions (PCRE2 with its JIT), the only home of pcre2.h. Rules come from people and
 * lines from anybody, so everything is bounded: the expression's length, and for each line the
 * steps, depth and memory of a match. A match that reaches a bound counts as none and is counted.
 * Bytes, not characters: a line may hold anything.
 */
#ifndef DETECT_REGEX_H
#define DETECT_REGEX_H

#include "base/error.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

#define REGEX_LENGTH_MAX 4096
#define REGEX_GROUPS_MAX 16

enum { REGEX_NOCASE = 1, REGEX_MULTILINE = 2, REGEX_DOTALL = 4 };

struct regex;
struct regex_work; /* memory for matching, one for each thread */

struct regex *regex_new(struct span pattern, unsigned flags, struct error *e); /* e: no place */
void regex_free(struct regex *r);
struct regex_work *regex_work_new(void);
void regex_work_free(struct regex_work *w);

bool regex_matches(const struct regex *r, struct regex_work *w, struct span text);
/* Calls each named group that took part in the first match; false when there is no match. */
bool regex_extract(const struct regex *r, struct regex_work *w, struct span text,
                   void (*each)(void *ctx, struct span name, struct span value), void *ctx);
uint64_t regex_gave_up(const struct regex_work *w); /* matches that reached a bound */
size_t regex_named(const struct regex *r);          /* number of named groups */

#endif

/*
 * What a value should be, as lines of the key `want`; all of them must hold:
 *
 *   is A B C       one of these words (case does not matter)
 *   not A B C      none of these words
 *   like P Q       one of these patterns (* and ?) fits the whole value
 *   at-least N, at-most N, between N M     a number, or a time as 90s, 2m, 1h
 *   has A B, lacks A B     all, or none, of these in the value taken as a list (blanks, commas);
 *                          a pattern names every word that fits it
 *   mask 027       an octal number in which at least these bits are set
 *   set, unset     there is a value, or there is none
 *
 * Without a value only `unset`, `not` and `lacks` hold.
 */
#ifndef SOURCE_CHECKS_WANT_H
#define SOURCE_CHECKS_WANT_H

#include "base/error.h"
#include "config/checks_file.h"

/* One line: is it well-formed? */
int want_verify(const char *want, struct error *e);
/* value.p == NULL: there is none. */
bool want_line_holds(struct span want, struct span value);
bool want_holds(const struct check *c, struct span value);
/* "minlen at-least 14, not 0" for people. */
void want_text(const struct check *c, const char *subject, char *out, size_t size);

#endif

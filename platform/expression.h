/*
 * POSIX extended regular expressions, letters in either case. For expressions that the host's
 * administrator wrote: short ones, without what makes matching or compiling explode (repetition by
 * number, references back).
 */
#ifndef PLATFORM_EXPRESSION_H
#define PLATFORM_EXPRESSION_H

#define EXPRESSION_MAX 256

struct expression;
/* 0, -EINVAL for what is no expression or holds what is left out, -EFBIG for one too long. */
int expression_open(const char *text, struct expression **out);
/* 1 if the text holds a match, else 0. */
int expression_matches(const struct expression *e, const char *text);
void expression_close(struct expression *e);

#endif

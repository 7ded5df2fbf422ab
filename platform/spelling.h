/*
 * How the system compares names of files: by their bytes (POSIX), or so that upper and lower case
 * are the same (Windows, by its own table; a folder in which somebody has switched that off is
 * treated like any other).
 */
#ifndef PLATFORM_SPELLING_H
#define PLATFORM_SPELLING_H

#include <stdbool.h>
#include <stddef.h>

/* Whether names that differ in case only are two. */
bool spelling_case_counts(void);
/* Names, paths or patterns that are the same to the system become the same n bytes of UTF-8; does
 * nothing where case counts. A letter whose capital is longer or shorter in UTF-8 stays as it is.
 */
void spelling_fold(char *text, size_t n);
/* The folded path in out, or path itself: where case counts, or when it does not fit. */
const char *spelling_of(const char *path, char *out, size_t size);

#endif

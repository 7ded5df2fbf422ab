/*
 * An error in words for people, with the place where it stands. A function that can fail for a
 * reason a person should read takes a `struct error *` (may be NULL) beside its return code.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

struct error {
    char text[512];
};

/* Sets the text (cut to fit) and returns -1. */
int error_set(struct error *e, const char *format, ...) __attribute__((format(__printf__, 2, 3)));
/* "No such file or directory" for -ENOENT and so on; thread-safe. */
const char *error_text(int negative_errno);

#endif

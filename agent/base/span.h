/*
 * A span is a piece of somebody else's bytes: pointer and length, no NUL at the end. The reader
 * functions take pieces off its front and can never run past its end.
 */
#ifndef BASE_SPAN_H
#define BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct span {
    const char *p;
    size_t n;
};

#define SPAN(literal) ((struct span){"" literal, sizeof(literal) - 1})

static inline struct span span_of(const char *text)
{
    return (struct span){text, text ? strlen(text) : 0};
}

static inline struct span span_make(const void *p, size_t n)
{
    return (struct span){(const char *)p, n};
}

bool span_equal(struct span a, struct span b);
bool span_equal_text(struct span a, const char *text);
bool span_equal_nocase(struct span a, struct span b); /* ASCII letters */
bool span_starts(struct span a, struct span prefix);
bool span_ends(struct span a, struct span suffix);
struct span span_trim(struct span a); /* spaces, tabs, CR, LF off both ends */
/* Position of the first such byte, or a.n. */
size_t span_find(struct span a, char c);
/* Position of the first occurrence of needle, or a.n. */
size_t span_find_span(struct span a, struct span needle);

/* Takes what stands before c (or everything) off the front of *rest; the c itself is dropped.
 * False when *rest was empty: then there is nothing more. */
bool span_take_until(struct span *rest, char c, struct span *out);
/* Whether text is one of the parts that c ends. */
bool span_has_part(struct span parts, char c, const char *text);
/* Takes one line, without LF or CR LF. */
bool span_take_line(struct span *rest, struct span *out);
/* Takes exactly n bytes; false (and nothing taken) when there are fewer. */
bool span_take(struct span *rest, size_t n, struct span *out);
/* Takes the byte c if it comes next. */
bool span_take_char(struct span *rest, char c);
/* Takes exactly n digits (at most 9) as a number; false (and nothing taken) on anything else. */
bool span_take_digits(struct span *rest, size_t n, int *out);
/* Little-endian numbers. */
bool span_take_u32(struct span *rest, uint32_t *out);
bool span_take_u64(struct span *rest, uint64_t *out);

/* The whole span as a number in digits; false on anything else or when it does not fit. */
bool span_to_u64(struct span a, uint64_t *out);
bool span_to_i64(struct span a, int64_t *out);

/* Copies into a fixed array, cut to fit, always NUL-terminated. Returns whether it fitted. */
bool span_copy(struct span a, char *out, size_t size);

#endif

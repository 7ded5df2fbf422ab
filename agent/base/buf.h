/*
 * A growing byte buffer with a limit. Errors are sticky: after the limit or the memory is exceeded
 * nothing more is added and `failed` is set, so a writer checks once at the end.
 * The bytes are always followed by a NUL that is not counted.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/span.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf {
    char *p;
    size_t n;
    size_t room;
    size_t limit;
    bool failed;
};

#define BUF_INIT(max) ((struct buf){.limit = (max)})

void buf_release(struct buf *b); /* frees; the buffer can be used again */
void buf_clear(struct buf *b);   /* empties, keeps the memory, forgets the failure */
void buf_put(struct buf *b, const void *p, size_t n);
void buf_put_span(struct buf *b, struct span s);
void buf_put_text(struct buf *b, const char *text);
void buf_put_byte(struct buf *b, char c);
void buf_put_u32(struct buf *b, uint32_t v); /* little-endian */
void buf_put_u64(struct buf *b, uint64_t v);
void buf_put_hex(struct buf *b, const void *p, size_t n);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(__printf__, 2, 3)));
void buf_vprintf(struct buf *b, const char *format, va_list args);
/* Drops the first n bytes. */
void buf_drop_front(struct buf *b, size_t n);
/* Makes room for n more bytes and returns where they go (NULL on failure); add to b->n yourself. */
char *buf_reserve(struct buf *b, size_t n);

static inline struct span buf_span(const struct buf *b)
{
    return (struct span){b->p ? b->p : "", b->n};
}

#endif

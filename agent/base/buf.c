#include "base/buf.h"

#include "base/hex.h"

void buf_release(struct buf *b)
{
    free(b->p);
    b->p = NULL;
    b->n = b->room = 0;
    b->failed = false;
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
    if (b->p)
        b->p[0] = '\0';
}

char *buf_reserve(struct buf *b, size_t n)
{
    if (b->failed || n > b->limit || b->n > b->limit - n) {
        b->failed = true;
        return NULL;
    }
    if (b->n + n >= b->room) {
        size_t room = b->room ? b->room : 64;
        while (room <= b->n + n)
            room = room > SIZE_MAX / 2 ? b->n + n + 1 : room * 2;
        if (room > b->limit + 1)
            room = b->limit + 1;
        char *p = realloc(b->p, room);
        if (!p) {
            b->failed = true;
            return NULL;
        }
        b->p = p;
        b->room = room;
    }
    return b->p + b->n;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    char *to = buf_reserve(b, n);
    if (!to)
        return;
    if (n > 0)
        memcpy(to, p, n);
    b->n += n;
    b->p[b->n] = '\0';
}

void buf_put_span(struct buf *b, struct span s)
{
    buf_put(b, s.p, s.n);
}

void buf_put_text(struct buf *b, const char *text)
{
    buf_put(b, text, strlen(text));
}

void buf_put_byte(struct buf *b, char c)
{
    buf_put(b, &c, 1);
}

static void put_little_endian(struct buf *b, uint64_t v, size_t n)
{
    char bytes[8];
    for (size_t i = 0; i < n; i++)
        bytes[i] = (char)(uint8_t)(v >> (8 * i));
    buf_put(b, bytes, n);
}

void buf_put_u32(struct buf *b, uint32_t v)
{
    put_little_endian(b, v, 4);
}

void buf_put_u64(struct buf *b, uint64_t v)
{
    put_little_endian(b, v, 8);
}

void buf_put_hex(struct buf *b, const void *p, size_t n)
{
    if (n > b->limit / 2 || !buf_reserve(b, 2 * n)) {
        b->failed = true;
        return;
    }
    hex_encode(p, n, b->p + b->n);
    b->n += 2 * n;
}

void buf_vprintf(struct buf *b, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    char *to = n < 0 ? NULL : buf_reserve(b, (size_t)n);
    if (to) {
        vsnprintf(to, (size_t)n + 1, format, again);
        b->n += (size_t)n;
    } else {
        b->failed = true;
    }
    va_end(again);
}

void buf_printf(struct buf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(b, format, args);
    va_end(args);
}

void buf_drop_front(struct buf *b, size_t n)
{
    if (n > b->n)
        n = b->n;
    if (n == 0)
        return;
    memmove(b->p, b->p + n, b->n - n + 1);
    b->n -= n;
}

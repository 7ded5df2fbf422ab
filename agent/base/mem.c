#include "base/mem.h"

#include "base/log.h"

#include <stdint.h>

static void *must(void *p, size_t count, size_t size)
{
    if (!p) {
        log_error("out of memory (%zu x %zu bytes)", count, size);
        abort();
    }
    return p;
}

void *mem_new(size_t count, size_t size)
{
    return must(calloc(count ? count : 1, size ? size : 1), count, size);
}

void *mem_grow(void *old, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return must(NULL, count, size);
    size_t n = count * size;
    return must(realloc(old, n ? n : 1), count, size);
}

char *mem_text(const char *text)
{
    return text ? mem_text_span(span_of(text)) : NULL;
}

char *mem_text_span(struct span s)
{
    char *copy = mem_new(s.n + 1, 1);
    if (s.n > 0)
        memcpy(copy, s.p, s.n);
    return copy;
}

char *mem_join(const char *a, const char *b)
{
    size_t n = strlen(a) + strlen(b) + 1;
    char *out = mem_new(1, n);
    snprintf(out, n, "%s%s", a, b);
    return out;
}

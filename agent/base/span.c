#include "base/span.h"

bool span_equal(struct span a, struct span b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool span_equal_text(struct span a, const char *text)
{
    return span_equal(a, span_of(text));
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool span_equal_nocase(struct span a, struct span b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool span_starts(struct span a, struct span prefix)
{
    return a.n >= prefix.n && span_equal((struct span){a.p, prefix.n}, prefix);
}

bool span_ends(struct span a, struct span suffix)
{
    return a.n >= suffix.n && span_equal((struct span){a.p + (a.n - suffix.n), suffix.n}, suffix);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct span span_trim(struct span a)
{
    while (a.n > 0 && is_blank(a.p[0])) {
        a.p++;
        a.n--;
    }
    while (a.n > 0 && is_blank(a.p[a.n - 1]))
        a.n--;
    return a;
}

size_t span_find(struct span a, char c)
{
    const char *hit = a.n > 0 ? memchr(a.p, c, a.n) : NULL;
    return hit ? (size_t)(hit - a.p) : a.n;
}

size_t span_find_span(struct span a, struct span needle)
{
    if (needle.n == 0)
        return 0;
    for (size_t from = 0; from + needle.n <= a.n;) {
        const char *hit = memchr(a.p + from, needle.p[0], a.n - from - needle.n + 1);
        if (!hit)
            break;
        if (memcmp(hit, needle.p, needle.n) == 0)
            return (size_t)(hit - a.p);
        from = (size_t)(hit - a.p) + 1;
    }
    return a.n;
}

bool span_take_until(struct span *rest, char c, struct span *out)
{
    if (rest->n == 0)
        return false;
    size_t at = span_find(*rest, c);
    *out = (struct span){rest->p, at};
    size_t gone = at < rest->n ? at + 1 : at;
    rest->p += gone;
    rest->n -= gone;
    return true;
}

bool span_has_part(struct span parts, char c, const char *text)
{
    struct span one;
    while (span_take_until(&parts, c, &one))
        if (span_equal_text(one, text))
            return true;
    return false;
}

bool span_take_line(struct span *rest, struct span *out)
{
    if (!span_take_until(rest, '\n', out))
        return false;
    if (out->n > 0 && out->p[out->n - 1] == '\r')
        out->n--;
    return true;
}

bool span_take(struct span *rest, size_t n, struct span *out)
{
    if (rest->n < n)
        return false;
    *out = (struct span){rest->p, n};
    rest->p += n;
    rest->n -= n;
    return true;
}

bool span_take_char(struct span *rest, char c)
{
    struct span one;
    return rest->n > 0 && rest->p[0] == c && span_take(rest, 1, &one);
}

bool span_take_digits(struct span *rest, size_t n, int *out)
{
    struct span left = *rest, digits;
    uint64_t v;
    if (n > 9 || !span_take(&left, n, &digits) || !span_to_u64(digits, &v))
        return false;
    *rest = left;
    *out = (int)v;
    return true;
}

static bool take_little_endian(struct span *rest, size_t n, uint64_t *out)
{
    struct span bytes;
    if (!span_take(rest, n, &bytes))
        return false;
    uint64_t v = 0;
    for (size_t i = n; i > 0; i--)
        v = v << 8 | (uint8_t)bytes.p[i - 1];
    *out = v;
    return true;
}

bool span_take_u32(struct span *rest, uint32_t *out)
{
    uint64_t v;
    if (!take_little_endian(rest, 4, &v))
        return false;
    *out = (uint32_t)v;
    return true;
}

bool span_take_u64(struct span *rest, uint64_t *out)
{
    return take_little_endian(rest, 8, out);
}

bool span_to_u64(struct span a, uint64_t *out)
{
    uint64_t v = 0;
    if (a.n == 0)
        return false;
    for (size_t i = 0; i < a.n; i++) {
        if (a.p[i] < '0' || a.p[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(a.p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

bool span_to_i64(struct span a, int64_t *out)
{
    bool minus = a.n > 0 && a.p[0] == '-';
    uint64_t v;
    if (!span_to_u64(minus ? (struct span){a.p + 1, a.n - 1} : a, &v))
        return false;
    if (v > (uint64_t)INT64_MAX)
        return false;
    *out = minus ? -(int64_t)v : (int64_t)v;
    return true;
}

bool span_copy(struct span a, char *out, size_t size)
{
    if (size == 0)
        return false;
    size_t n = a.n < size - 1 ? a.n : size - 1;
    if (n > 0)
        memcpy(out, a.p, n);
    out[n] = '\0';
    return n == a.n;
}

#include "source/deb/version.h"

struct parts {
    struct span epoch, upstream, revision;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static struct parts split(struct span v)
{
    struct parts p = {SPAN(""), v, SPAN("")};
    size_t colon = span_find(v, ':'), dash = v.n;
    if (colon < v.n) {
        p.epoch = (struct span){v.p, colon};
        p.upstream = (struct span){v.p + colon + 1, v.n - colon - 1};
    }
    for (size_t i = p.upstream.n; i > 0 && dash == v.n; i--)
        if (p.upstream.p[i - 1] == '-')
            dash = i - 1;
    if (dash < p.upstream.n) {
        p.revision = (struct span){p.upstream.p + dash + 1, p.upstream.n - dash - 1};
        p.upstream.n = dash;
    }
    return p;
}

/* '~' sorts before the end, the end before letters, letters before everything else. */
static int weight(struct span s)
{
    if (s.n == 0 || is_digit(s.p[0]))
        return 0;
    unsigned char c = (unsigned char)s.p[0];
    if (c == '~')
        return -1;
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? c : c + 256;
}

static void skip(struct span *s)
{
    s->p++;
    s->n--;
}

static int compare_text(struct span *a, struct span *b)
{
    while ((a->n > 0 && !is_digit(a->p[0])) || (b->n > 0 && !is_digit(b->p[0]))) {
        int difference = weight(*a) - weight(*b);
        if (difference != 0)
            return difference;
        skip(a);
        skip(b);
    }
    return 0;
}

static int compare_number(struct span *a, struct span *b)
{
    int first = 0;
    while (a->n > 0 && a->p[0] == '0')
        skip(a);
    while (b->n > 0 && b->p[0] == '0')
        skip(b);
    while (a->n > 0 && is_digit(a->p[0]) && b->n > 0 && is_digit(b->p[0])) {
        if (first == 0)
            first = a->p[0] - b->p[0];
        skip(a);
        skip(b);
    }
    if (a->n > 0 && is_digit(a->p[0]))
        return 1; /* more digits: the greater number */
    if (b->n > 0 && is_digit(b->p[0]))
        return -1;
    return first;
}

static int compare_part(struct span a, struct span b)
{
    while (a.n > 0 || b.n > 0) {
        int difference = compare_text(&a, &b);
        if (difference == 0)
            difference = compare_number(&a, &b);
        if (difference != 0)
            return difference;
    }
    return 0;
}

int deb_version_compare(struct span a, struct span b)
{
    struct parts x = split(a), y = split(b);
    int difference = compare_part(x.epoch, y.epoch);
    if (difference == 0)
        difference = compare_part(x.upstream, y.upstream);
    return difference != 0 ? difference : compare_part(x.revision, y.revision);
}

#include "detect/expand.h"

#include "base/buf.h"

#define DEPTH_MAX 8 /* placeholders in one value */
#define TEXT_MAX  4096

struct expansion {
    const struct placeholders *known;
    int (*each)(void *ctx, struct span text);
    void *ctx;
    struct error *e;
    struct buf text; /* what stands before the rest */
    size_t n, depth;
};

static const struct placeholder *find(const struct placeholders *known, struct span name)
{
    for (size_t i = 0; known && i < known->n; i++)
        if (span_equal(known->items[i].name, name))
            return &known->items[i];
    return NULL;
}

/* Moves plain text over; true when a %name% follows, which is taken too. */
static bool take_plain(struct buf *out, struct span *rest, struct span *name)
{
    while (rest->n > 0) {
        struct span behind = {rest->p + 1, rest->n - 1};
        size_t end = span_find(behind, '%');
        if (*rest->p == '%' && end > 0 && end < behind.n) {
            *name = (struct span){behind.p, end};
            *rest = (struct span){behind.p + end + 1, behind.n - end - 1};
            return true;
        }
        bool escape = *rest->p == '\\' && behind.n > 0 && (*behind.p == '%' || *behind.p == '\\');
        if (escape && *behind.p == '\\')
            buf_put_byte(out, '\\');
        buf_put_byte(out, escape ? *behind.p : *rest->p);
        *rest = (struct span){rest->p + 1 + escape, rest->n - 1 - escape};
    }
    return false;
}

static int expand_rest(struct expansion *x, struct span rest)
{
    struct span name;
    if (!take_plain(&x->text, &rest, &name)) {
        if (x->text.failed || ++x->n > EXPAND_TEXTS_MAX)
            return error_set(x->e, "the placeholders stand for too much; make their lists shorter");
        return x->each(x->ctx, buf_span(&x->text));
    }
    const struct placeholder *p = find(x->known, name);
    if (!p)
        return error_set(x->e,
                         "placeholder '%%%.*s%%' has no values; give it some under "
                         "[placeholders] in a file of the folder sigma",
                         (int)(name.n < 40 ? name.n : 40), name.p);
    if (++x->depth > DEPTH_MAX)
        return error_set(x->e, "more than %d placeholders in one value; split it", DEPTH_MAX);
    size_t before = x->text.n;
    for (size_t i = 0; i < p->n; i++) {
        buf_put_span(&x->text, p->values[i]);
        if (expand_rest(x, rest) != 0)
            return -1;
        x->text.n = before;
    }
    x->depth--;
    return 0;
}

int expand(const struct placeholders *known, struct span text,
           int (*each)(void *ctx, struct span text), void *ctx, struct error *e)
{
    struct expansion x = {known, each, ctx, e, BUF_INIT(TEXT_MAX), 0, 0};
    int result = expand_rest(&x, text);
    buf_release(&x.text);
    return result;
}

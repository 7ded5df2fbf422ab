#include "source/deb/deb822.h"

static void add_field(struct deb822_stanza *s, struct span line, size_t number)
{
    size_t colon = span_find(line, ':');
    if (colon == line.n || s->n == DEB822_FIELDS)
        return;
    if (s->n == 0)
        s->line = number;
    s->field[s->n].name = span_trim((struct span){line.p, colon});
    s->field[s->n].value = (struct span){line.p + colon + 1, line.n - colon - 1};
    s->n++;
}

/* The line stands right behind the value in the same text. */
static void continue_field(struct deb822_stanza *s, struct span line)
{
    if (s->n > 0) {
        struct span *value = &s->field[s->n - 1].value;
        value->n = (size_t)(line.p + line.n - value->p);
    }
}

bool deb822_next(struct deb822 *d, struct deb822_stanza *out)
{
    struct span line;
    out->n = 0;
    while (span_take_until(&d->rest, '\n', &line)) {
        d->line++;
        if (line.n > 0 && line.p[0] == '#')
            continue;
        if (span_trim(line).n == 0) {
            if (out->n > 0)
                return true;
        } else if (line.p[0] == ' ' || line.p[0] == '\t') {
            continue_field(out, line);
        } else {
            add_field(out, line, d->line);
        }
    }
    return out->n > 0;
}

/* Blanks off both ends, but not the line ends in front: behind one a comment may stand. */
static struct span trim_line(struct span value)
{
    while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t')) {
        value.p++;
        value.n--;
    }
    struct span all = span_trim(value);
    return (struct span){value.p, (size_t)(all.p + all.n - value.p)};
}

struct span deb822_get(const struct deb822_stanza *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++)
        if (span_equal_nocase(s->field[i].name, span_of(name)))
            return trim_line(s->field[i].value);
    return SPAN("");
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool deb822_word(struct span *value, struct span *word)
{
    bool begins = false; /* a line: where a comment may stand */
    while (value->n > 0) {
        char c = value->p[0];
        size_t n = 1;
        if (!is_blank(c) && !(c == '#' && begins))
            break;
        if (c == '#')
            n = span_find(*value, '\n');
        begins = c == '\n';
        value->p += n;
        value->n -= n;
    }
    size_t n = 0;
    while (n < value->n && !is_blank(value->p[n]))
        n++;
    *word = (struct span){value->p, n};
    value->p += n;
    value->n -= n;
    return n > 0;
}

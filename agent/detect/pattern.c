#include "detect/pattern.h"

#include "base/mem.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

#define NOWHERE ((size_t)-1)

/* Eight bytes at once: the highest bit of each tells whether it is one of A to Z. */
static uint64_t fold_word(uint64_t w)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x80 * ones;
    uint64_t low = w & ~high;
    uint64_t from_a = low + (0x80 - 'A') * ones, behind_z = low + (0x7f - 'Z') * ones;
    return w | ((from_a ^ behind_z) & ~w & high) >> 2;
}

void pattern_fold(char *out, struct span in)
{
    size_t i = 0;
    uint64_t word;
    for (; i + sizeof(word) <= in.n; i += sizeof(word)) {
        memcpy(&word, in.p + i, sizeof(word));
        word = fold_word(word);
        memcpy(out + i, &word, sizeof(word));
    }
    for (; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];
        unsigned upper = (unsigned)(c - 'A') < 26U;
        out[i] = (char)(c | upper << 5);
    }
}

/* ---- making ---- */

size_t pattern_rarity(char c)
{
    static const char common[] = " eatsoinr10d2lcu3m.-p:54/f6=hg98b7v_[]wyk(),\"'xjqz";
    const char *at = memchr(common, c, sizeof(common) - 1);
    return at ? (size_t)(at - common) : sizeof(common);
}

static size_t rarest(struct span text)
{
    size_t best = 0;
    for (size_t i = 1; i < text.n; i++)
        if (pattern_rarity(text.p[i]) > pattern_rarity(text.p[best]))
            best = i;
    return best;
}

struct maker {
    struct pattern *p;
    char *text; /* room for all pieces of text */
    size_t used;
    size_t start; /* of the piece being written */
};

static void end_text(struct maker *m)
{
    if (m->used == m->start)
        return;
    struct span text = {m->text + m->start, m->used - m->start};
    m->p->parts[m->p->n++] = (struct pattern_part){PART_TEXT, (uint32_t)rarest(text), text};
    m->start = m->used;
}

static void add_part(struct maker *m, int kind)
{
    end_text(m);
    struct pattern *p = m->p;
    bool again = p->n > 0 && p->parts[p->n - 1].kind == PART_MANY && kind == PART_MANY;
    if (!again)
        p->parts[p->n++].kind = kind;
}

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* A dash or slash at the start of a word: "-enc", "/all", but not the one in "a-b". */
static bool is_option(struct span v, size_t i)
{
    return (v.p[i] == '-' || v.p[i] == '/') && i + 1 < v.n && is_word(v.p[i + 1]) &&
           (i == 0 || !is_word(v.p[i - 1]));
}

/* A backslash that takes the meaning off what follows it. */
static bool is_escape(struct span v, size_t i)
{
    return v.p[i] == '\\' && i + 1 < v.n && memchr("\\*?", v.p[i + 1], 3);
}

bool pattern_plain(struct span v, struct buf *out)
{
    for (size_t i = 0; i < v.n; i++) {
        if (v.p[i] == '*' || v.p[i] == '?')
            return false;
        i += is_escape(v, i);
        buf_put_byte(out, v.p[i]);
    }
    return true;
}

static void read_value(struct maker *m, struct span v, unsigned flags)
{
    bool plain = (flags & PATTERN_LITERAL) != 0;
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        bool escape = !plain && is_escape(v, i);
        if (escape)
            c = v.p[++i];
        if (!escape && !plain && (c == '*' || c == '?'))
            add_part(m, c == '*' ? PART_MANY : PART_ONE);
        else if (!escape && (flags & PATTERN_WINDASH) && is_option(v, i))
            add_part(m, PART_DASH);
        else
            m->text[m->used++] = c;
    }
    end_text(m);
}

static void find_shape(struct pattern *p)
{
    const struct pattern_part *part = p->parts;
    p->shape = SHAPE_PARTS;
    if (p->n == 0) {
        p->shape = SHAPE_EQUAL;
    } else if (p->n == 1 && part[0].kind == PART_MANY) {
        p->shape = SHAPE_ANY;
    } else if (p->n == 1 && part[0].kind == PART_TEXT) {
        p->shape = SHAPE_EQUAL;
        p->only = part[0];
    } else if (p->n == 2 && part[0].kind == PART_TEXT && part[1].kind == PART_MANY) {
        p->shape = SHAPE_START;
        p->only = part[0];
    } else if (p->n == 2 && part[0].kind == PART_MANY && part[1].kind == PART_TEXT) {
        p->shape = SHAPE_END;
        p->only = part[1];
    } else if (p->n == 3 && part[0].kind == PART_MANY && part[1].kind == PART_TEXT &&
               part[2].kind == PART_MANY) {
        p->shape = SHAPE_CONTAINS;
        p->only = part[1];
    }
}

static void find_literal(struct arena *a, struct pattern *p)
{
    struct span best = {"", 0};
    for (size_t i = 0; i < p->n; i++)
        if (p->parts[i].kind == PART_TEXT && p->parts[i].text.n > best.n)
            best = p->parts[i].text;
    p->literal = best;
    if (p->cased && best.n > 0) {
        char *folded = arena_get(a, best.n, 1);
        pattern_fold(folded, best);
        p->literal.p = folded;
    }
}

/* What was made in scratch memory moves to the arena; a shape with one piece of text needs no list.
 */
static void settle(struct maker *m, struct arena *a)
{
    struct pattern *p = m->p;
    struct pattern_part *scratch = p->parts;
    struct span texts = arena_copy(a, (struct span){m->text, m->used});
    for (size_t i = 0; i < p->n; i++)
        if (scratch[i].kind == PART_TEXT)
            scratch[i].text.p = texts.p + (scratch[i].text.p - m->text);
    find_shape(p);
    find_literal(a, p);
    p->n = p->shape == SHAPE_PARTS ? p->n : 0;
    p->parts = p->n > 0 ? arena_get(a, p->n, sizeof(*p->parts)) : NULL;
    if (p->n > 0)
        memcpy(p->parts, scratch, p->n * sizeof(*p->parts));
    free(scratch);
    free(m->text);
}

void pattern_make(struct arena *a, struct span value, enum pattern_fit fit, unsigned flags,
                  struct pattern *out)
{
    *out = (struct pattern){.cased = (flags & PATTERN_CASED) != 0};
    out->parts = mem_new(value.n + 2, sizeof(*out->parts));
    struct maker m = {.p = out, .text = mem_new(value.n + 1, 1)};
    struct span v = value;
    char *folded = mem_new(value.n + 1, 1);
    if (!out->cased) {
        pattern_fold(folded, value);
        v.p = folded;
    }
    if (fit == PATTERN_ENDS || fit == PATTERN_CONTAINS)
        add_part(&m, PART_MANY);
    read_value(&m, v, flags);
    if (fit == PATTERN_STARTS || fit == PATTERN_CONTAINS)
        add_part(&m, PART_MANY);
    free(folded);
    settle(&m, a);
}

/* ---- matching ---- */

/* Position of the piece of text at or after from, or NOWHERE. */
static size_t find_text(const struct pattern_part *part, struct span t, size_t from)
{
    while (from + part->text.n <= t.n) {
        size_t last = t.n - part->text.n;
        const char *hit =
            memchr(t.p + from + part->rare, part->text.p[part->rare], last - from + 1);
        if (!hit)
            break;
        size_t at = (size_t)(hit - t.p) - part->rare;
        if (memcmp(t.p + at, part->text.p, part->text.n) == 0)
            return at;
        from = at + 1;
    }
    return NOWHERE;
}

static size_t dash_length(struct span t)
{
    if (t.n > 0 && (t.p[0] == '-' || t.p[0] == '/'))
        return 1;
    static const char *const dashes[] = {"\xe2\x80\x93", "\xe2\x80\x94", "\xe2\x80\x95"};
    for (size_t i = 0; i < 3; i++)
        if (t.n >= 3 && memcmp(t.p, dashes[i], 3) == 0)
            return 3;
    return 0;
}

/* What one part takes at the front of t, or NOWHERE. */
static size_t part_length(const struct pattern_part *part, struct span t)
{
    if (part->kind == PART_TEXT)
        return span_starts(t, part->text) ? part->text.n : NOWHERE;
    if (t.n == 0)
        return NOWHERE;
    size_t n = part->kind == PART_DASH ? dash_length(t) : text_utf8_length(t);
    if (n == 0)
        return part->kind == PART_DASH ? NOWHERE : 1;
    return n;
}

/* End of the parts (none of them PART_MANY) when they stand at `from`, or NOWHERE. */
static size_t match_at(const struct pattern_part *parts, size_t n, struct span t, size_t from)
{
    for (size_t i = 0; i < n; i++) {
        size_t taken = part_length(&parts[i], (struct span){t.p + from, t.n - from});
        if (taken == NOWHERE)
            return NOWHERE;
        from += taken;
    }
    return from;
}

/* End of the leftmost match at or after `from`; with to_end only one that ends with the text. */
static size_t match_after(const struct pattern_part *parts, size_t n, struct span t, size_t from,
                          bool to_end)
{
    for (; from <= t.n; from++) {
        if (n > 0 && parts[0].kind == PART_TEXT) {
            from = find_text(&parts[0], t, from);
            if (from == NOWHERE)
                return NOWHERE;
        }
        size_t end = match_at(parts, n, t, from);
        if (end != NOWHERE && (!to_end || end == t.n))
            return end;
    }
    return NOWHERE;
}

static size_t run_length(const struct pattern *p, size_t from)
{
    size_t n = 0;
    while (from + n < p->n && p->parts[from + n].kind != PART_MANY)
        n++;
    return n;
}

/* The runs between the *s: each is best taken as early as it can be, so there is no way back. */
static bool match_parts(const struct pattern *p, struct span t)
{
    size_t i = run_length(p, 0);
    size_t at = match_at(p->parts, i, t, 0);
    if (i == p->n)
        return at == t.n;
    while (at != NOWHERE && i < p->n) {
        i++; /* the * */
        size_t n = run_length(p, i);
        bool last = i + n == p->n;
        if (last && n == 0)
            return true;
        at = match_after(p->parts + i, n, t, at, last);
        i += n;
    }
    return at != NOWHERE;
}

bool pattern_matches(const struct pattern *p, struct span text, struct span folded)
{
    struct span t = p->cased ? text : folded;
    switch (p->shape) {
    case SHAPE_ANY:
        return true;
    case SHAPE_EQUAL:
        return span_equal(t, p->only.text);
    case SHAPE_START:
        return span_starts(t, p->only.text);
    case SHAPE_END:
        return span_ends(t, p->only.text);
    case SHAPE_CONTAINS:
        return find_text(&p->only, t, 0) != NOWHERE;
    case SHAPE_PARTS:
        break;
    }
    return match_parts(p, t);
}

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
    struct pattern_part *parts;
    char *text; /* room for all pieces of text */
    size_t used;
    size_t start; /* of the piece being written */
    struct pattern head;
};

static void end_text(struct maker *m)
{
    if (m->used == m->start)
        return;
    struct span text = {m->text + m->start, m->used - m->start};
    m->parts[m->head.n++] = (struct pattern_part){PART_TEXT, (uint16_t)m->start, (uint16_t)text.n,
                                                  (uint16_t)rarest(text)};
    m->start = m->used;
}

static void add_part(struct maker *m, int kind)
{
    end_text(m);
    size_t n = m->head.n;
    bool again = n > 0 && m->parts[n - 1].kind == PART_MANY && kind == PART_MANY;
    if (!again)
        m->parts[m->head.n++] = (struct pattern_part){.kind = (uint8_t)kind};
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

/* A shape with one piece of text needs no list: that piece remains, an empty one of none. */
static void find_shape(struct maker *m)
{
    static const struct {
        uint8_t shape, n, text; /* which part is the piece */
        uint8_t kinds[3];
    } rows[] = {
        {SHAPE_EQUAL, 0, 0, {0}},
        {SHAPE_EQUAL, 1, 0, {PART_TEXT}},
        {SHAPE_START, 2, 0, {PART_TEXT, PART_MANY}},
        {SHAPE_END, 2, 1, {PART_MANY, PART_TEXT}},
        {SHAPE_CONTAINS, 3, 1, {PART_MANY, PART_TEXT, PART_MANY}},
    };
    struct pattern *p = &m->head;
    p->shape = SHAPE_PARTS;
    if (p->n == 1 && m->parts[0].kind == PART_MANY) {
        p->shape = SHAPE_ANY;
        p->n = 0;
        return;
    }
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool same = p->n == rows[i].n;
        for (size_t k = 0; k < rows[i].n && same; k++)
            same = m->parts[k].kind == rows[i].kinds[k];
        if (!same)
            continue;
        p->shape = rows[i].shape;
        m->parts[0] = p->n > 0 ? m->parts[rows[i].text] : (struct pattern_part){0};
        p->n = 1;
        return;
    }
}

static void find_literal(struct maker *m)
{
    struct pattern_part best = {0};
    for (size_t i = 0; i < m->head.n; i++)
        if (m->parts[i].kind == PART_TEXT && m->parts[i].n > best.n)
            best = m->parts[i];
    m->head.literal_from = best.from;
    m->head.literal_n = best.n;
    if (m->head.cased && best.n > 0) { /* folded it stands behind all others */
        pattern_fold(m->text + m->used, (struct span){m->text + best.from, best.n});
        m->head.literal_from = (uint16_t)m->used;
        m->used += best.n;
    }
}

/* All of it in a row. */
static const struct pattern *settle(const struct maker *m, struct texts *t)
{
    struct buf all = BUF_INIT(SIZE_MAX / 2);
    buf_put(&all, &m->head, sizeof(m->head));
    buf_put(&all, m->parts, m->head.n * sizeof(*m->parts));
    buf_put(&all, m->text, m->used);
    const void *kept = texts_keep(t, buf_span(&all)).p;
    buf_release(&all);
    return kept;
}

const struct pattern *pattern_make(struct texts *t, struct span value, enum pattern_fit fit,
                                   unsigned flags)
{
    struct maker m = {.head = {.cased = (flags & PATTERN_CASED) != 0},
                      .parts = mem_new(value.n + 2, sizeof(*m.parts)),
                      .text = mem_new(2 * value.n + 1, 1)};
    struct span v = value;
    char *folded = mem_new(value.n + 1, 1);
    if (!m.head.cased) {
        pattern_fold(folded, value);
        v.p = folded;
    }
    if (fit == PATTERN_ENDS || fit == PATTERN_CONTAINS)
        add_part(&m, PART_MANY);
    read_value(&m, v, flags);
    if (fit == PATTERN_STARTS || fit == PATTERN_CONTAINS)
        add_part(&m, PART_MANY);
    find_shape(&m);
    find_literal(&m);
    const struct pattern *p = settle(&m, t);
    free(folded);
    free(m.parts);
    free(m.text);
    return p;
}

/* ---- matching ---- */

static const char *bytes_of(const struct pattern *p)
{
    return (const char *)(p->parts + p->n);
}

static struct span text_of(const struct pattern *p, const struct pattern_part *part)
{
    return (struct span){bytes_of(p) + part->from, part->n};
}

struct span pattern_literal(const struct pattern *p)
{
    return (struct span){bytes_of(p) + p->literal_from, p->literal_n};
}

/* Position of the piece of text at or after from, or NOWHERE. */
static size_t find_text(struct span piece, size_t rare, struct span t, size_t from)
{
    while (from + piece.n <= t.n) {
        size_t last = t.n - piece.n;
        const char *hit = memchr(t.p + from + rare, piece.p[rare], last - from + 1);
        if (!hit)
            break;
        size_t at = (size_t)(hit - t.p) - rare;
        if (memcmp(t.p + at, piece.p, piece.n) == 0)
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
static size_t part_length(const struct pattern *p, size_t part, struct span t)
{
    if (p->parts[part].kind == PART_TEXT) {
        struct span piece = text_of(p, &p->parts[part]);
        return span_starts(t, piece) ? piece.n : NOWHERE;
    }
    if (t.n == 0)
        return NOWHERE;
    bool dash = p->parts[part].kind == PART_DASH;
    size_t n = dash ? dash_length(t) : text_utf8_length(t);
    if (n == 0)
        return dash ? NOWHERE : 1;
    return n;
}

struct run { /* parts between two *s */
    size_t first, n;
};

static struct run run_from(const struct pattern *p, size_t first)
{
    struct run r = {first, 0};
    while (first + r.n < p->n && p->parts[first + r.n].kind != PART_MANY)
        r.n++;
    return r;
}

/* End of the run when it stands at `from`, or NOWHERE. */
static size_t match_at(const struct pattern *p, struct run r, struct span t, size_t from)
{
    for (size_t i = 0; i < r.n; i++) {
        size_t taken = part_length(p, r.first + i, (struct span){t.p + from, t.n - from});
        if (taken == NOWHERE)
            return NOWHERE;
        from += taken;
    }
    return from;
}

/* End of the leftmost match at or after `from`; with to_end only one that ends with the text. */
static size_t match_after(const struct pattern *p, struct run r, struct span t, size_t from,
                          bool to_end)
{
    const struct pattern_part *first = &p->parts[r.first];
    for (; from <= t.n; from++) {
        if (r.n > 0 && first->kind == PART_TEXT) {
            from = find_text(text_of(p, first), first->rare, t, from);
            if (from == NOWHERE)
                return NOWHERE;
        }
        size_t end = match_at(p, r, t, from);
        if (end != NOWHERE && (!to_end || end == t.n))
            return end;
    }
    return NOWHERE;
}

/* The runs between the *s: each is best taken as early as it can be, so there is no way back. */
static bool match_parts(const struct pattern *p, struct span t)
{
    struct run r = run_from(p, 0);
    size_t at = match_at(p, r, t, 0);
    if (r.n == p->n)
        return at == t.n;
    while (at != NOWHERE && r.first + r.n < p->n) {
        r = run_from(p, r.first + r.n + 1); /* behind the * */
        bool last = r.first + r.n == p->n;
        if (last && r.n == 0)
            return true;
        at = match_after(p, r, t, at, last);
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
        return span_equal(t, text_of(p, p->parts));
    case SHAPE_START:
        return span_starts(t, text_of(p, p->parts));
    case SHAPE_END:
        return span_ends(t, text_of(p, p->parts));
    case SHAPE_CONTAINS:
        return find_text(text_of(p, p->parts), p->parts->rare, t, 0) != NOWHERE;
    default:
        return match_parts(p, t);
    }
}

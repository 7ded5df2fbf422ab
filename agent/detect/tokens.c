#include "detect/tokens.h"

#define REPEAT_MAX 8 /* tokens */

enum { C_OTHER, C_BLANK, C_MARK, C_DIGIT, C_LETTER };

static const uint8_t classes[256] = {
    [' '] = C_BLANK, ['\t'] = C_BLANK,        ['\r'] = C_BLANK,         ['\n'] = C_BLANK,
    ['='] = C_MARK,  [':'] = C_MARK,          [','] = C_MARK,           [';'] = C_MARK,
    ['('] = C_MARK,  [')'] = C_MARK,          ['['] = C_MARK,           [']'] = C_MARK,
    ['{'] = C_MARK,  ['}'] = C_MARK,          ['<'] = C_MARK,           ['>'] = C_MARK,
    ['"'] = C_MARK,  ['\''] = C_MARK,         ['|'] = C_MARK,           ['#'] = C_MARK,
    ['@'] = C_MARK,  ['0' ... '9'] = C_DIGIT, ['a' ... 'z'] = C_LETTER, ['A' ... 'Z'] = C_LETTER,
};

/* Words that are values wherever they stand, and units that belong to the number before them. */
static const char *const value_words[] = {"true", "false", "null", "Mon", "Tue", "Wed",
                                          "Thu",  "Fri",   "Sat",  "Sun", NULL};
static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul",
                                     "Aug", "Sep", "Oct", "Nov", "Dec", NULL};
static const char *const units[] = {"byte", "bytes", "B",    "kB",     "KB",      "MB", "GB",
                                    "TB",   "KiB",   "MiB",  "GiB",    "TiB",     "us", "ms",
                                    "s",    "sec",   "secs", "second", "seconds", NULL};
static const char *const domains[] = {"com", "net", "org", "edu", "gov", "mil", "int", NULL};

static uint8_t class_of(char c)
{
    return classes[(unsigned char)c];
}

static bool listed(struct span text, const char *const *list)
{
    for (; *list; list++)
        if (span_equal_text(text, *list))
            return true;
    return false;
}

uint32_t tokens_hash(struct span text)
{
    uint64_t h = 0x9e3779b97f4a7c15U ^ text.n;
    while (text.n >= 8) {
        uint64_t block;
        memcpy(&block, text.p, 8);
        h = (h ^ block) * 0xff51afd7ed558ccdU;
        h ^= h >> 32;
        text.p += 8, text.n -= 8;
    }
    uint64_t block = 0;
    if (text.n > 0)
        memcpy(&block, text.p, text.n);
    h = (h ^ block) * 0xff51afd7ed558ccdU;
    return (uint32_t)(h ^ h >> 32);
}

/* ---- what a word is ---- */

struct word {
    struct span text;
    bool digit, letter;
    unsigned dots, slashes;
};

/* What stands behind its last dot. */
static struct span last_label(struct span text)
{
    size_t at = text.n;
    while (at > 0 && text.p[at - 1] != '.')
        at--;
    return (struct span){text.p + at, text.n - at};
}

static bool is_host(const struct word *w, const char *after, const char *end)
{
    struct span label = last_label(w->text);
    if (w->dots == 0 || label.n == 0 || w->text.p[0] == '.')
        return false;
    bool port = end - after >= 2 && *after == ':' && class_of(after[1]) == C_DIGIT;
    bool country = w->dots >= 2 && label.n == 2 && label.p[0] >= 'a' && label.p[1] >= 'a';
    return port || country || listed(label, domains);
}

static bool is_path(const struct word *w)
{
    struct span t = w->text;
    return w->slashes >= 2 || (t.n >= 2 && (t.p[0] == '/' || (t.p[0] == '\\' && t.p[1] == '\\')));
}

static bool is_hex(struct span t)
{
    for (size_t i = 0; i < t.n; i++)
        if (!((t.p[i] >= 'a' && t.p[i] <= 'f') || (t.p[i] >= 'A' && t.p[i] <= 'F')))
            return false;
    return t.n >= 8;
}

/* Is a number the next word? */
static bool number_follows(const char *p, const char *end)
{
    while (p < end && class_of(*p) == C_BLANK)
        p++;
    return p < end && class_of(*p) == C_DIGIT;
}

static bool is_value(const struct word *w, const char *end)
{
    const char *after = w->text.p + w->text.n;
    if (w->digit || is_path(w) || is_host(w, after, end) || is_hex(w->text))
        return true;
    if (w->text.n == 3 && listed(w->text, months))
        return number_follows(after, end);
    return w->text.n <= 5 && listed(w->text, value_words);
}

/* ---- the list ---- */

static struct token *last(struct tokens *out, size_t back)
{
    return out->n > back ? &out->list[out->n - 1 - back] : NULL;
}

static bool is_kind(const struct token *t, enum token_kind kind)
{
    return t && t->kind == kind;
}

static bool is_mark(const struct token *t, const char *text)
{
    return is_kind(t, TOKEN_MARK) && span_equal_text(t->text, text);
}

static bool has_bracket(struct span mark)
{
    for (size_t i = 0; i < mark.n; i++)
        if (strchr("()[]{}<>", mark.p[i]))
            return true;
    return false;
}

/* "=", also with a quote or bracket behind it */
static bool assigns(const struct token *t)
{
    return is_kind(t, TOKEN_MARK) && span_find(t->text, '=') < t->text.n;
}

static void add(struct tokens *out, enum token_kind kind, struct span text, uint32_t hash)
{
    if (out->n < TOKENS_MAX)
        out->list[out->n++] = (struct token){.kind = kind, .text = text, .hash = hash};
}

static void extend(struct token *t, struct span text)
{
    t->text.n = (size_t)(text.p + text.n - t->text.p);
    t->number = false;
}

/* Values with nothing but a mark between them are one, so that lists have one length. */
static void add_value(struct tokens *out, struct span text, bool number)
{
    struct token *before = last(out, 0), *earlier = last(out, 1);
    if (is_kind(before, TOKEN_VALUE)) {
        extend(before, text);
    } else if (is_kind(before, TOKEN_MARK) && is_kind(earlier, TOKEN_VALUE) &&
               !has_bracket(before->text)) {
        out->n--;
        extend(earlier, text);
    } else {
        bool assigned = assigns(before);
        add(out, TOKEN_VALUE, text, 0);
        if (last(out, 0)->kind == TOKEN_VALUE) {
            last(out, 0)->number = number;
            last(out, 0)->assigned = assigned;
        }
    }
}

static void add_word(struct tokens *out, const struct word *w, const char *line, const char *end)
{
    struct token *before = last(out, 0);
    bool blank = w->text.p > line && class_of(w->text.p[-1]) == C_BLANK;
    if (is_value(w, end)) {
        add_value(out, w->text, w->digit && !w->letter);
    } else if (blank && is_kind(before, TOKEN_VALUE) && before->number && listed(w->text, units)) {
        extend(before, w->text);
        before->number = true;
    } else if (blank && is_kind(before, TOKEN_WORD) && span_equal_text(before->text, "user")) {
        add_value(out, w->text, false);
    } else {
        bool assigned = assigns(before);
        add(out, TOKEN_WORD, w->text, tokens_hash(w->text));
        last(out, 0)->assigned = assigned;
    }
}

static uint32_t mark_hash(struct span text)
{
    uint32_t hash = 0;
    for (size_t i = 0; i < text.n; i++)
        if (class_of(text.p[i]) != C_BLANK)
            hash = (hash ^ (unsigned char)text.p[i]) * 0x01000193U;
    return hash;
}

/* A mark that may be the rest of "(1.5 KB)": the same size once more in other words is left out. */
static void add_mark(struct tokens *out, struct span text)
{
    struct token *value = last(out, 0);
    if (text.p[0] == ')' && is_kind(value, TOKEN_VALUE) && value->number &&
        class_of(value->text.p[value->text.n - 1]) == C_LETTER && is_mark(last(out, 1), "(") &&
        is_kind(last(out, 2), TOKEN_VALUE)) {
        out->n -= 2;
        if (text.n == 1)
            return;
        text.p++, text.n--;
    }
    add(out, TOKEN_MARK, text, mark_hash(text));
}

static bool same_token(const struct token *a, const struct token *b)
{
    return a->kind == b->kind && a->hash == b->hash;
}

/* "a1 <ok> a2 <ok> a3 <ok>": what repeats with other values is there once. */
static void drop_repeats(struct tokens *out)
{
    for (size_t period = 2; period <= REPEAT_MAX && 2 * period <= out->n; period++) {
        const struct token *now = &out->list[out->n - period], *before = now - period;
        bool value = false;
        size_t i = 0;
        for (; i < period && same_token(&before[i], &now[i]); i++)
            value |= now[i].kind == TOKEN_VALUE;
        if (i == period && value) {
            out->n -= period;
            return;
        }
    }
}

/* ---- the line ---- */

/* "enable.....0": two or more dots behind a word are a mark, however many. */
static bool is_leader(const char *p, const char *end)
{
    return end - p >= 2 && p[0] == '.' && p[1] == '.';
}

static const char *take_leader(const char *p, const char *end, struct tokens *out)
{
    add_mark(out, (struct span){p, 2});
    while (p < end && *p == '.')
        p++;
    return p;
}

static bool is_hex_digit(char c)
{
    return class_of(c) == C_DIGIT || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Length of a hardware or IPv6 address here: groups of at most four hex digits and three colons or
 * more; else 0. */
static size_t address_length(const char *p, const char *end)
{
    const char *first = p;
    unsigned colons = 0, digits = 0;
    for (; p < end && (*p == ':' || is_hex_digit(*p)); p++) {
        colons += *p == ':';
        digits = *p == ':' ? 0 : digits + 1;
        if (digits > 4)
            return 0;
    }
    if (p > first && p[-1] == ':')
        p--, colons--;
    bool ends = p == end || class_of(*p) == C_BLANK || class_of(*p) == C_MARK || *p == '.';
    return colons >= 3 && ends ? (size_t)(p - first) : 0;
}

static const char *take_word(const char *p, const char *line, const char *end, struct tokens *out)
{
    struct word w = {.text = {p, 0}};
    size_t address = is_hex_digit(*p) ? address_length(p, end) : 0;
    if (address > 0) {
        add_value(out, (struct span){p, address}, false);
        return p + address;
    }
    for (; p < end && class_of(*p) != C_BLANK && class_of(*p) != C_MARK; p++) {
        if (p > w.text.p && is_leader(p, end))
            break;
        w.digit |= class_of(*p) == C_DIGIT;
        w.letter |= class_of(*p) == C_LETTER;
        w.dots += *p == '.';
        w.slashes += *p == '/';
    }
    w.text.n = (size_t)(p - w.text.p);
    add_word(out, &w, line, end);
    return p;
}

static bool empty_here(const char *p, const char *line, const char *end)
{
    char next = p + 1 < end ? p[1] : ' ';
    char before = p > line ? p[-1] : ' ';
    if (*p == '=')
        return class_of(before) > C_MARK && strchr(" ,;)]}", next) != NULL;
    if (class_of(before) != C_BLANK || p + 1 >= end)
        return false;
    return (*p == '(' && next == ')') || (*p == '[' && next == ']');
}

/* A run of punctuation, blanks within it dropped. */
static const char *take_mark(const char *p, const char *line, const char *end, struct tokens *out)
{
    const char *first = p, *until = p;
    for (; p < end && (class_of(*p) == C_BLANK || class_of(*p) == C_MARK); p++) {
        if (class_of(*p) == C_BLANK)
            continue;
        until = p + 1;
        if (empty_here(p, line, end)) {
            add_mark(out, (struct span){first, (size_t)(until - first)});
            add_value(out, (struct span){until, 0}, false);
            return until;
        }
    }
    add_mark(out, (struct span){first, (size_t)(until - first)});
    return p;
}

/* "<1 sec": the sign belongs to the number. */
static bool is_sign(const char *p, const char *line, const char *end)
{
    return (*p == '<' || *p == '>') && end - p >= 2 && class_of(p[1]) == C_DIGIT && p > line &&
           class_of(p[-1]) == C_BLANK;
}

void tokens_take(struct span line, struct tokens *out)
{
    const char *p = line.p, *end = p + (line.n < TOKENS_LINE_MAX ? line.n : TOKENS_LINE_MAX);
    out->n = 0;
    while (p < end && out->n < TOKENS_MAX) {
        uint8_t class = class_of(*p);
        if (class == C_BLANK || is_sign(p, line.p, end))
            p++;
        else if (class == C_MARK)
            p = take_mark(p, line.p, end, out);
        else if (p > line.p && class_of(p[-1]) > C_MARK && is_leader(p, end))
            p = take_leader(p, end, out);
        else
            p = take_word(p, line.p, end, out);
        drop_repeats(out);
    }
}

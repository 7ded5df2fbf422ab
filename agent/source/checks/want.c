#include "source/checks/want.h"

#include "base/buf.h"
#include "base/text.h"

static bool is_between_words(char c)
{
    return c == ' ' || c == '\t' || c == ',';
}

static bool take_word(struct span *rest, struct span *word)
{
    size_t from = 0, n = 0;
    while (from < rest->n && is_between_words(rest->p[from]))
        from++;
    span_take(rest, from, word);
    while (n < rest->n && !is_between_words(rest->p[n]))
        n++;
    return n > 0 && span_take(rest, n, word);
}

static bool glob(struct span pattern, struct span text)
{
    char p[256], t[1024];
    return span_copy(pattern, p, sizeof(p)) && span_copy(text, t, sizeof(t)) && text_glob(p, t);
}

static bool number_of(struct span s, int64_t *out)
{
    uint64_t seconds;
    if (span_to_i64(s, out))
        return true;
    if (!text_parse_duration(s, &seconds) || seconds > INT64_MAX)
        return false;
    *out = (int64_t)seconds;
    return true;
}

static bool octal_of(struct span s, uint32_t *out)
{
    *out = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '7' || i == 6)
            return false;
        *out = *out * 8 + (uint32_t)(s.p[i] - '0');
    }
    return s.n > 0;
}

/* ---- one function a word ---- */

static bool one_of(struct span words, struct span value)
{
    struct span word;
    while (take_word(&words, &word))
        if (span_equal_nocase(word, value))
            return true;
    return false;
}

static bool none_of(struct span words, struct span value)
{
    return !value.p || !one_of(words, value);
}

static bool fits_one(struct span words, struct span value)
{
    struct span word;
    while (take_word(&words, &word))
        if (glob(word, value))
            return true;
    return false;
}

static bool is_between(struct span words, struct span value, bool low, bool high)
{
    struct span word = {0};
    int64_t v, a = INT64_MIN, b = INT64_MAX;
    if (!number_of(span_trim(value), &v))
        return false;
    if (low && (!take_word(&words, &word) || !number_of(word, &a)))
        return false;
    if (high && (!take_word(&words, &word) || !number_of(word, &b)))
        return false;
    return v >= a && v <= b;
}

static bool at_least(struct span words, struct span value)
{
    return is_between(words, value, true, false);
}

static bool at_most(struct span words, struct span value)
{
    return is_between(words, value, false, true);
}

static bool between(struct span words, struct span value)
{
    return is_between(words, value, true, true);
}

static bool list_has(struct span list, struct span pattern)
{
    struct span item;
    while (take_word(&list, &item))
        if (glob(pattern, item))
            return true;
    return false;
}

static bool has_all(struct span words, struct span value)
{
    struct span word;
    while (take_word(&words, &word))
        if (!list_has(value, word))
            return false;
    return true;
}

/* sshd's lists may begin with + or ^ (added to the default) or - (taken off it). */
static bool has_none(struct span words, struct span value)
{
    struct span word;
    if (!value.p || (value.n > 0 && value.p[0] == '-'))
        return true;
    if (value.n > 0 && (value.p[0] == '+' || value.p[0] == '^'))
        value = (struct span){value.p + 1, value.n - 1};
    while (take_word(&words, &word))
        if (list_has(value, word))
            return false;
    return true;
}

static bool has_bits(struct span words, struct span value)
{
    uint32_t bits, v;
    return octal_of(span_trim(words), &bits) && octal_of(span_trim(value), &v) &&
           (v & bits) == bits;
}

static bool is_set(struct span words, struct span value)
{
    (void)words;
    return value.p != NULL;
}

static bool is_unset(struct span words, struct span value)
{
    (void)words;
    return value.p == NULL;
}

static const struct verb {
    const char *name;
    bool (*holds)(struct span words, struct span value);
    size_t least, most; /* words behind it */
    bool numbers;
    bool without; /* may hold when there is no value */
} verbs[] = {
    {"is", one_of, 1, 64, false, false},     {"not", none_of, 1, 64, false, true},
    {"like", fits_one, 1, 64, false, false}, {"at-least", at_least, 1, 1, true, false},
    {"at-most", at_most, 1, 1, true, false}, {"between", between, 2, 2, true, false},
    {"has", has_all, 1, 64, false, false},   {"lacks", has_none, 1, 64, false, true},
    {"mask", has_bits, 1, 1, true, false},   {"set", is_set, 0, 0, false, false},
    {"unset", is_unset, 0, 0, false, true},
};

static const struct verb *verb_of(struct span *want)
{
    struct span name;
    if (!take_word(want, &name))
        return NULL;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
        if (span_equal_text(name, verbs[i].name))
            return &verbs[i];
    return NULL;
}

int want_verify(const char *want, struct error *e)
{
    struct span rest = span_of(want), word;
    const struct verb *verb = verb_of(&rest);
    size_t n = 0;
    int64_t number;
    if (!verb)
        return error_set(e, "want begins with one of: is not like at-least at-most between has "
                            "lacks mask set unset");
    while (take_word(&rest, &word)) {
        n++;
        if (verb->numbers && !number_of(word, &number))
            return error_set(e, "%s takes numbers", verb->name);
    }
    if (n < verb->least || n > verb->most)
        return error_set(e, "%s takes %zu to %zu words", verb->name, verb->least, verb->most);
    return 0;
}

bool want_line_holds(struct span want, struct span value)
{
    const struct verb *verb = verb_of(&want);
    return verb && (value.p || verb->without) && verb->holds(want, value);
}

bool want_holds(const struct check *c, struct span value)
{
    size_t at = 0;
    for (const struct check_value *v; (v = check_each(c, "want", &at));)
        if (!want_line_holds(span_of(v->text), value))
            return false;
    return true;
}

void want_text(const struct check *c, const char *subject, char *out, size_t size)
{
    struct buf text = BUF_INIT(4096);
    size_t at = 0;
    for (const struct check_value *v; (v = check_each(c, "want", &at));)
        buf_printf(&text, "%s%s%s", text.n ? "," : subject, " ", v->text);
    span_copy(buf_span(&text), out, size);
    buf_release(&text);
}

#include "source/apt/pattern.h"

#include "base/mem.h"
#include "platform/expression.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* [a-z] or [!a-z] at *pattern, which moves behind it. False and unmoved: it never ends, so the
 * bracket is only a bracket. */
static bool take_set(const char **pattern, char c, bool *in)
{
    const char *p = *pattern + 1;
    bool inverted = *p == '!' || *p == '^';
    *in = false;
    p += inverted;
    for (const char *first = p; *p && (*p != ']' || p == first); p++) {
        if (*p == '\\' && p[1])
            p++;
        char from = lower(*p), to = from;
        if (p[1] == '-' && p[2] && p[2] != ']') {
            to = lower(p[2]);
            p += 2;
        }
        *in = *in || (c >= from && c <= to);
    }
    if (*p != ']')
        return false;
    *in = *in != inverted;
    *pattern = p + 1;
    return true;
}

/* One character against what stands at *pattern, which moves behind it. */
static bool match_one(const char **pattern, char c)
{
    bool in;
    if (**pattern == '[' && take_set(pattern, c, &in))
        return in;
    if (**pattern == '?') {
        ++*pattern;
        return true;
    }
    if (**pattern == '\\' && (*pattern)[1])
        ++*pattern;
    return lower(*(*pattern)++) == c;
}

/* After a mismatch only the last star takes more: enough, and linear in pattern times text. */
bool apt_glob(const char *pattern, const char *text)
{
    const char *star = NULL, *again = NULL;
    while (*text) {
        const char *p = pattern;
        if (*pattern == '*') {
            star = ++pattern;
            again = text;
        } else if (*pattern && match_one(&p, lower(*text))) {
            pattern = p;
            text++;
        } else if (star) {
            pattern = star;
            text = ++again;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

bool apt_pattern_set(struct apt_pattern *p, struct span text)
{
    *p = (struct apt_pattern){mem_text_span(text), NULL};
    if (text.n < 2 || text.p[0] != '/' || text.p[text.n - 1] != '/')
        return true;
    char *inside = mem_text_span((struct span){text.p + 1, text.n - 2});
    int rc = expression_open(inside, &p->expression);
    free(inside);
    if (rc != 0)
        apt_pattern_release(p);
    return rc == 0;
}

bool apt_pattern_matches(const struct apt_pattern *p, const char *text)
{
    if (p->expression)
        return expression_matches(p->expression, text) != 0;
    return p->text && apt_glob(p->text, text);
}

void apt_pattern_release(struct apt_pattern *p)
{
    expression_close(p->expression);
    free(p->text);
    *p = (struct apt_pattern){NULL, NULL};
}

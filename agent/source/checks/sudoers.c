#include "source/checks/sudoers.h"

#include "source/checks/joined.h"

#define LINE_LIMIT 16384

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* #include and #1000 (a uid) are no comments. */
static struct span without_comment(struct span s)
{
    bool quoted = false;
    for (size_t i = 0; i < s.n; i++) {
        char next = i + 1 < s.n ? s.p[i + 1] : ' ';
        if (s.p[i] == '"')
            quoted = !quoted;
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] == '#' && !quoted && !(next >= '0' && next <= '9'))
            return (struct span){s.p, i};
    }
    return s;
}

static struct span unquoted(struct span s)
{
    s = span_trim(s);
    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        return (struct span){s.p + 1, s.n - 2};
    return s;
}

/* One of the parts of a Defaults line, separated by commas outside of quotes. */
static bool take_part(struct span *rest, struct span *out)
{
    bool quoted = false;
    size_t n = 0;
    if (rest->n == 0)
        return false;
    for (; n < rest->n && (quoted || rest->p[n] != ','); n++)
        if (rest->p[n] == '"')
            quoted = !quoted;
    *out = span_trim((struct span){rest->p, n});
    struct span gone;
    span_take(rest, n < rest->n ? n + 1 : n, &gone);
    return true;
}

static bool take_defaults(struct span rest, struct sudoers_line *l, sudoers_fn *each, void *ctx)
{
    struct span part;
    l->kind = SUDOERS_DEFAULT;
    l->limited = rest.n > 0 && !is_blank(rest.p[0]);
    while (l->limited && rest.n > 0 && !is_blank(rest.p[0]))
        span_take(&rest, 1, &part);
    while (take_part(&rest, &part)) {
        l->off = part.n > 0 && part.p[0] == '!';
        if (l->off)
            part = span_trim((struct span){part.p + 1, part.n - 1});
        size_t at = span_find(part, '=');
        size_t name =
            at > 0 && at < part.n && (part.p[at - 1] == '+' || part.p[at - 1] == '-') ? at - 1 : at;
        l->name = span_trim((struct span){part.p, name});
        l->value = at < part.n ? unquoted((struct span){part.p + at + 1, part.n - at - 1})
                               : (struct span){NULL, 0};
        if (l->name.n > 0 && !each(ctx, l))
            return false;
    }
    return true;
}

static bool take_include(struct span line, struct sudoers_line *l)
{
    static const struct {
        struct span word;
        enum sudoers_kind kind;
    } words[] = {{SPAN("includedir "), SUDOERS_INCLUDE_FOLDER},
                 {SPAN("include "), SUDOERS_INCLUDE}};
    struct span rest = {line.p + 1, line.n - 1};
    if (line.p[0] != '@' && line.p[0] != '#')
        return false;
    for (size_t i = 0; i < 2; i++) {
        if (!span_starts(rest, words[i].word))
            continue;
        l->kind = words[i].kind;
        l->name = unquoted((struct span){rest.p + words[i].word.n, rest.n - words[i].word.n});
        return true;
    }
    return false;
}

static bool take_line(struct span line, int number, sudoers_fn *each, void *ctx)
{
    struct sudoers_line l = {.line = number};
    line = span_trim(line);
    if (line.n == 0)
        return true;
    if (take_include(line, &l))
        return each(ctx, &l);
    line = span_trim(without_comment(line));
    if (span_starts(line, SPAN("Defaults")))
        return take_defaults((struct span){line.p + 8, line.n - 8}, &l, each, ctx);
    if (line.n == 0 || span_find_span(line, SPAN("_Alias")) < line.n)
        return true;
    l.kind = SUDOERS_GRANT;
    l.name = line;
    return each(ctx, &l);
}

void sudoers_parse(struct span text, sudoers_fn *each, void *ctx)
{
    struct joined lines;
    struct span line;
    joined_begin(&lines, text, LINE_LIMIT, NULL);
    while (joined_next(&lines, &line) && take_line(line, lines.first, each, ctx))
        ;
    joined_end(&lines);
}

bool sudoers_has_tag(struct span grant, struct span tag)
{
    while (grant.n > 0) {
        size_t at = span_find_span(grant, tag);
        if (at == grant.n)
            return false;
        struct span rest = span_trim((struct span){grant.p + at + tag.n, grant.n - at - tag.n});
        bool begins = at == 0 || is_blank(grant.p[at - 1]) || strchr("=):", grant.p[at - 1]);
        if (begins && rest.n > 0 && rest.p[0] == ':')
            return true;
        grant = (struct span){grant.p + at + 1, grant.n - at - 1};
    }
    return false;
}

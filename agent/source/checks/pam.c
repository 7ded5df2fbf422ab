#include "source/checks/pam.h"

#include "source/checks/joined.h"
#include "source/checks/settings.h"

#define LINE_MAX 4096

static bool take_word(struct span *rest, struct span *word)
{
    size_t n = 0;
    *rest = span_trim(*rest);
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    return n > 0 && span_take(rest, n, word);
}

/* [value=action ...] holds blanks. */
static bool take_control(struct span *rest, struct span *control)
{
    *rest = span_trim(*rest);
    if (rest->n == 0 || rest->p[0] != '[')
        return take_word(rest, control);
    size_t end = span_find(*rest, ']');
    return end < rest->n && span_take(rest, end + 1, control);
}

static struct span base_name(struct span path)
{
    size_t at = path.n;
    while (at > 0 && path.p[at - 1] != '/')
        at--;
    return (struct span){path.p + at, path.n - at};
}

static bool parse_line(struct span line, struct pam_line *out)
{
    struct span word;
    if (!take_word(&line, &word))
        return false;
    if (span_equal(word, SPAN("@include"))) {
        out->include = true;
        return take_word(&line, &out->module);
    }
    if (word.p[0] == '-')
        word = (struct span){word.p + 1, word.n - 1};
    out->type = word;
    if (!take_control(&line, &out->control) || !take_word(&line, &out->module))
        return false;
    out->include = span_equal_nocase(out->control, SPAN("include")) ||
                   span_equal_nocase(out->control, SPAN("substack"));
    out->module = base_name(out->module);
    out->arguments = span_trim(line);
    return true;
}

void pam_parse(struct span text, pam_line_fn *each, void *ctx)
{
    struct joined lines;
    struct span line;
    bool go_on = true;
    joined_begin(&lines, text, LINE_MAX, settings_bare);
    while (go_on && joined_next(&lines, &line)) {
        struct pam_line l = {.line = lines.first};
        if (!lines.cut && parse_line(line, &l))
            go_on = each(ctx, &l);
    }
    joined_end(&lines);
}

bool pam_argument(struct span arguments, struct span name, struct span *value)
{
    struct span word;
    while (take_word(&arguments, &word)) {
        size_t n = span_find(word, '=');
        if (!span_equal((struct span){word.p, n}, name))
            continue;
        *value = n < word.n ? (struct span){word.p + n + 1, word.n - n - 1} : SPAN("");
        return true;
    }
    return false;
}

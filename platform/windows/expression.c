#include "platform/expression.h"

#include <stdbool.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <errno.h>
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#define STEPS_MAX 1000000

struct expression {
    pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

/* Repetition by number, references back and whatever else an extended expression of POSIX lacks. */
static bool is_left_out(const char *text)
{
    for (const char *p = text; *p; p++) {
        if (*p == '{' || (*p == '(' && p[1] == '?') || (*p == '(' && p[1] == '*'))
            return true;
        if (*p == '\\' &&
            ((p[1] >= '0' && p[1] <= '9') || ((p[1] | 0x20) >= 'a' && (p[1] | 0x20) <= 'z')))
            return true;
        if (*p == '\\' && p[1])
            p++;
    }
    return false;
}

int expression_open(const char *text, struct expression **out)
{
    int error;
    PCRE2_SIZE where;
    *out = NULL;
    if (strlen(text) > EXPRESSION_MAX)
        return -EFBIG;
    if (is_left_out(text))
        return -EINVAL;
    struct expression *e = calloc(1, sizeof(*e));
    if (!e)
        return -ENOMEM;
    e->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS, &error, &where,
                            NULL);
    if (!e->code) {
        free(e);
        return -EINVAL;
    }
    e->data = pcre2_match_data_create_from_pattern(e->code, NULL);
    e->limits = pcre2_match_context_create(NULL);
    if (!e->data || !e->limits) {
        expression_close(e);
        return -ENOMEM;
    }
    pcre2_set_match_limit(e->limits, STEPS_MAX);
    *out = e;
    return 0;
}

int expression_matches(const struct expression *e, const char *text)
{
    return pcre2_match(e->code, (PCRE2_SPTR)text, strlen(text), 0, 0, e->data, e->limits) > 0;
}

void expression_close(struct expression *e)
{
    if (!e)
        return;
    pcre2_code_free(e->code);
    pcre2_match_data_free(e->data);
    pcre2_match_context_free(e->limits);
    free(e);
}

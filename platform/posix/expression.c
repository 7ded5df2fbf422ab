#include "platform/expression.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct expression {
    regex_t regex;
};

static bool is_cheap(const char *text)
{
    for (const char *c = text; *c; c++)
        if (*c == '{' || (*c == '\\' && isdigit((unsigned char)c[1])))
            return false;
    return true;
}

int expression_open(const char *text, struct expression **out)
{
    if (strlen(text) > EXPRESSION_MAX)
        return -EFBIG;
    if (!is_cheap(text))
        return -EINVAL;
    struct expression *e = calloc(1, sizeof(*e));
    if (!e)
        return -ENOMEM;
    if (regcomp(&e->regex, text, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0) {
        free(e);
        return -EINVAL;
    }
    *out = e;
    return 0;
}

int expression_matches(const struct expression *e, const char *text)
{
    return regexec(&e->regex, text, 0, NULL, 0) == 0;
}

void expression_close(struct expression *e)
{
    if (!e)
        return;
    regfree(&e->regex);
    free(e);
}

#include "detect/item.h"

#include <stdlib.h>
#include <string.h>

enum {
    MOD_CONTAINS = 1 << 0,
    MOD_STARTS = 1 << 1,
    MOD_ENDS = 1 << 2,
    MOD_RE = 1 << 3,
    MOD_CIDR = 1 << 4,
    MOD_EXISTS = 1 << 5,
    MOD_LT = 1 << 6,
    MOD_LTE = 1 << 7,
    MOD_GT = 1 << 8,
    MOD_GTE = 1 << 9,
    MOD_ALL = 1 << 10,
    MOD_CASED = 1 << 11,
    MOD_NEQ = 1 << 12,
    MOD_WINDASH = 1 << 13,
    MOD_NOCASE = 1 << 14,
    MOD_MULTILINE = 1 << 15,
    MOD_DOTALL = 1 << 16,
    /* at most one of these: how a value is compared */
    MODS_COMPARE = (1 << 10) - 1,
    MODS_NUMBER = MOD_LT | MOD_LTE | MOD_GT | MOD_GTE,
    MODS_RE = MOD_NOCASE | MOD_MULTILINE | MOD_DOTALL,
    MODS_TEXT = MOD_CASED | MOD_WINDASH
};

static const struct modifier {
    const char *name;
    int flag; /* 0: known to Sigma, not to this version */
} modifiers[] = {
    {"contains", MOD_CONTAINS},
    {"startswith", MOD_STARTS},
    {"endswith", MOD_ENDS},
    {"all", MOD_ALL},
    {"re", MOD_RE},
    {"i", MOD_NOCASE},
    {"m", MOD_MULTILINE},
    {"s", MOD_DOTALL},
    {"cidr", MOD_CIDR},
    {"exists", MOD_EXISTS},
    {"cased", MOD_CASED},
    {"neq", MOD_NEQ},
    {"lt", MOD_LT},
    {"lte", MOD_LTE},
    {"gt", MOD_GT},
    {"gte", MOD_GTE},
    {"windash", MOD_WINDASH},
    {"base64", 0},
    {"base64offset", 0},
    {"utf16", 0},
    {"utf16le", 0},
    {"utf16be", 0},
    {"wide", 0},
    {"expand", 0},
    {"fieldref", 0},
    {"minute", 0},
    {"hour", 0},
    {"day", 0},
    {"week", 0},
    {"month", 0},
    {"year", 0},
};

static int add_modifier(struct span name, int *mods, struct error *e)
{
    for (size_t i = 0; i < sizeof(modifiers) / sizeof(modifiers[0]); i++) {
        const struct modifier *m = &modifiers[i];
        if (!span_equal_text(name, m->name))
            continue;
        if (m->flag == 0)
            return error_set(e, "modifier '%s' is not supported yet; write the rule without it",
                             m->name);
        *mods |= m->flag;
        return 0;
    }
    return error_set(e,
                     "modifier '%.*s' is unknown; use contains, startswith, endswith, all, re, "
                     "cidr, exists, cased, neq, lt, lte, gt, gte or windash",
                     (int)(name.n < 40 ? name.n : 40), name.p);
}

static int check_modifiers(int mods, struct error *e)
{
    int compare = mods & MODS_COMPARE;
    if ((compare & (compare - 1)) != 0)
        return error_set(e, "two modifiers that exclude each other; keep one way to compare");
    if ((mods & MODS_RE) && !(mods & MOD_RE))
        return error_set(e, "modifiers i, m and s belong behind re; add re or leave them out");
    if ((mods & MODS_TEXT) && (compare & ~(MOD_CONTAINS | MOD_STARTS | MOD_ENDS)))
        return error_set(e, "cased and windash are for plain text; leave them out here");
    if ((mods & MOD_EXISTS) && (mods & (MOD_ALL | MOD_NEQ)))
        return error_set(e, "exists takes true or false alone; leave out all and neq");
    return 0;
}

static int read_key(struct span key, struct span *field, int *mods, struct error *e)
{
    struct span rest = key, name;
    *field = (struct span){"", 0};
    *mods = 0;
    span_take_until(&rest, '|', field);
    while (span_take_until(&rest, '|', &name))
        if (add_modifier(name, mods, e) != 0)
            return -1;
    return check_modifiers(*mods, e);
}

bool item_number(struct span text, double *out)
{
    char copy[64];
    if (text.n == 0 || !span_copy(text, copy, sizeof(copy)))
        return false;
    if (strspn(copy, "0123456789+-.eE") != text.n)
        return false;
    char *end;
    *out = strtod(copy, &end);
    return end == copy + text.n;
}

static int make_regex(int mods, struct span text, struct value *v, struct error *e)
{
    unsigned flags = 0;
    flags |= mods & MOD_NOCASE ? REGEX_NOCASE : 0U;
    flags |= mods & MOD_MULTILINE ? REGEX_MULTILINE : 0U;
    flags |= mods & MOD_DOTALL ? REGEX_DOTALL : 0U;
    v->kind = VALUE_REGEX;
    v->u.regex = regex_new(text, flags, e);
    return v->u.regex ? 0 : -1;
}

static int make_number(int mods, struct span text, struct value *v, struct error *e)
{
    v->kind = mods & MOD_LT    ? VALUE_LESS
              : mods & MOD_LTE ? VALUE_LESS_OR_EQUAL
              : mods & MOD_GT  ? VALUE_GREATER
                               : VALUE_GREATER_OR_EQUAL;
    if (!item_number(text, &v->u.number))
        return error_set(e, "lt, lte, gt and gte compare numbers; write one");
    return 0;
}

static int make_text(struct arena *a, int mods, bool keyword, struct span text, struct value *v,
                     struct error *e)
{
    if (text.n > PATTERN_LENGTH_MAX)
        return error_set(e, "a text of more than %d bytes; shorten it", PATTERN_LENGTH_MAX);
    if (keyword && text.n == 0)
        return error_set(e, "an empty keyword would match every line; write a text");
    enum pattern_fit fit = mods & MOD_STARTS                ? PATTERN_STARTS
                           : mods & MOD_ENDS                ? PATTERN_ENDS
                           : mods & MOD_CONTAINS || keyword ? PATTERN_CONTAINS
                                                            : PATTERN_WHOLE;
    unsigned flags =
        (mods & MOD_CASED ? PATTERN_CASED : 0U) | (mods & MOD_WINDASH ? PATTERN_WINDASH : 0U);
    v->kind = VALUE_TEXT;
    pattern_make(a, text, fit, flags, &v->u.text);
    return 0;
}

static int make_range(struct span text, struct value *v, struct error *e)
{
    v->kind = VALUE_RANGE;
    if (!address_range_parse(text, &v->u.range))
        return error_set(e, "no network range; write one such as 10.0.0.0/8 or 2001:db8::/32");
    return 0;
}

static int make_value(struct arena *a, int mods, bool keyword, const struct tree_node *node,
                      struct value *v, struct error *e)
{
    if (node->kind != TREE_TEXT)
        return error_set(e, "a list or map where a value must stand; write a text or number");
    if (mods & MOD_EXISTS) {
        v->kind = VALUE_EXISTS;
        if (!tree_to_bool(node, &v->u.exists))
            return error_set(e, "exists takes true or false; write one");
        return 0;
    }
    if (tree_is_null(node)) {
        v->kind = VALUE_NULL;
        if (keyword || (mods & ~(MOD_NEQ | MOD_ALL)))
            return error_set(e, "null has no text to compare; write a value");
        return 0;
    }
    if (mods & MOD_RE)
        return make_regex(mods, node->text, v, e);
    if (mods & MOD_CIDR)
        return make_range(node->text, v, e);
    if (mods & MODS_NUMBER)
        return make_number(mods, node->text, v, e);
    return make_text(a, mods, keyword, node->text, v, e);
}

int item_make(struct arena *a, struct span key, const struct tree_node *node, struct item *out,
              int *line, struct error *e)
{
    int mods;
    *out = (struct item){0};
    *line = node->line;
    if (read_key(key, &out->field, &mods, e) != 0)
        return -1;
    if (node->kind == TREE_MAP || (node->kind == TREE_LIST && node->n == 0))
        return error_set(e, "no value here; write a text, a number or a list of them");
    bool list = node->kind == TREE_LIST;
    out->field = arena_copy(a, out->field);
    out->all = (mods & MOD_ALL) != 0;
    out->negated = (mods & MOD_NEQ) != 0;
    out->values = arena_get(a, list ? node->n : 1, sizeof(*out->values));
    for (const struct tree_node *v = list ? node->first : node; v; v = list ? v->next : NULL) {
        *line = v->line;
        if (make_value(a, mods, out->field.n == 0, v, &out->values[out->n], e) != 0)
            return -1;
        out->n++;
    }
    return 0;
}

void item_release(struct item *item)
{
    for (size_t i = 0; i < item->n; i++)
        if (item->values[i].kind == VALUE_REGEX)
            regex_free(item->values[i].u.regex);
    item->n = 0;
}

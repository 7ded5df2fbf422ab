#include "detect/item_modifiers.h"

#include <stdbool.h>
#include <stddef.h>

static const struct modifier {
    const char *name;
    int flag;
    enum date_part part;
} table[] = {
    {"contains", MOD_CONTAINS, DATE_NONE},
    {"startswith", MOD_STARTS, DATE_NONE},
    {"endswith", MOD_ENDS, DATE_NONE},
    {"all", MOD_ALL, DATE_NONE},
    {"re", MOD_RE, DATE_NONE},
    {"i", MOD_NOCASE, DATE_NONE},
    {"m", MOD_MULTILINE, DATE_NONE},
    {"s", MOD_DOTALL, DATE_NONE},
    {"cidr", MOD_CIDR, DATE_NONE},
    {"exists", MOD_EXISTS, DATE_NONE},
    {"cased", MOD_CASED, DATE_NONE},
    {"neq", MOD_NEQ, DATE_NONE},
    {"lt", MOD_LT, DATE_NONE},
    {"lte", MOD_LTE, DATE_NONE},
    {"gt", MOD_GT, DATE_NONE},
    {"gte", MOD_GTE, DATE_NONE},
    {"windash", MOD_WINDASH, DATE_NONE},
    {"wide", MOD_UTF16LE, DATE_NONE},
    {"utf16le", MOD_UTF16LE, DATE_NONE},
    {"utf16be", MOD_UTF16BE, DATE_NONE},
    {"utf16", MOD_UTF16, DATE_NONE},
    {"base64", MOD_BASE64, DATE_NONE},
    {"base64offset", MOD_BASE64OFFSET, DATE_NONE},
    {"expand", MOD_EXPAND, DATE_NONE},
    {"fieldref", MOD_FIELDREF, DATE_NONE},
    {"minute", MOD_DATE, DATE_MINUTE},
    {"hour", MOD_DATE, DATE_HOUR},
    {"day", MOD_DATE, DATE_DAY},
    {"week", MOD_DATE, DATE_WEEK},
    {"month", MOD_DATE, DATE_MONTH},
    {"year", MOD_DATE, DATE_YEAR},
};

static bool is_several(int flags)
{
    return (flags & (flags - 1)) != 0;
}

static int add(struct span name, struct modifiers *m, struct error *e)
{
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        if (!span_equal_text(name, table[i].name))
            continue;
        if ((table[i].flag & MODS_UTF16) && (m->flags & MODS_BASE64))
            return error_set(e, "Base64 is made of bytes; write %s before it", table[i].name);
        m->flags |= table[i].flag;
        if (table[i].flag == MOD_DATE && m->part != DATE_NONE && m->part != table[i].part)
            return error_set(e, "two parts of a date at once; write two lines");
        if (table[i].flag == MOD_DATE)
            m->part = table[i].part;
        return 0;
    }
    return error_set(e,
                     "modifier '%.*s' is unknown; use contains, startswith, endswith, all, re, "
                     "cidr, exists, cased, neq, lt, lte, gt, gte, windash, wide, utf16, utf16le, "
                     "utf16be, base64, base64offset, expand, fieldref or a part of a date",
                     (int)(name.n < 40 ? name.n : 40), name.p);
}

/* Rows are looked at in their order: a key with one of `these` must have none of `those`. */
static const struct {
    int these, those;
    const char *what;
} conflicts[] = {
    {MOD_CASED | MOD_WINDASH, MODS_COMPARE & ~MODS_FIT,
     "cased and windash are for plain text; leave them out here"},
    {MOD_EXISTS, MOD_ALL | MOD_NEQ, "exists takes true or false alone; leave out all and neq"},
    {MODS_ENCODE, MODS_COMPARE & ~MODS_FIT, "only plain text is encoded; keep one of both"},
    {MODS_ENCODE, MOD_WINDASH, "windash would change the encoding; leave one out"},
    {MOD_FIELDREF, (MODS_COMPARE & ~MODS_FIT) | MODS_ENCODE | MOD_WINDASH | MOD_EXPAND | MOD_DATE,
     "fieldref compares two fields as they are; leave the others out"},
    {MOD_DATE, (MODS_COMPARE & ~MODS_NUMBER) | MODS_ENCODE | MOD_WINDASH | MOD_CASED,
     "parts of a date are numbers; compare them with lt, lte, gt, gte or nothing"},
};

static int check(int flags, struct error *e)
{
    if (is_several(flags & MODS_COMPARE) || is_several(flags & MODS_UTF16) ||
        is_several(flags & MODS_BASE64))
        return error_set(e, "two modifiers that exclude each other; keep one way to compare");
    if ((flags & MODS_RE) && !(flags & MOD_RE))
        return error_set(e, "modifiers i, m and s belong behind re; add re or leave them out");
    for (size_t i = 0; i < sizeof(conflicts) / sizeof(conflicts[0]); i++)
        if ((flags & conflicts[i].these) && (flags & conflicts[i].those))
            return error_set(e, "%s", conflicts[i].what);
    return 0;
}

int modifiers_read(struct span key, struct span *field, struct modifiers *out, struct error *e)
{
    struct span rest = key, name;
    *field = (struct span){"", 0};
    *out = (struct modifiers){0, DATE_NONE};
    span_take_until(&rest, '|', field);
    while (span_take_until(&rest, '|', &name))
        if (add(name, out, e) != 0)
            return -1;
    return check(out->flags, e);
}

#include "detect/item.h"

#include "base/mem.h"
#include "detect/encode.h"
#include "detect/item_modifiers.h"

#include <stdlib.h>
#include <string.h>

#define TOO_MANY_NAMES "the rules name more than %d different fields; remove some rules"

/* Makes the values of one line; what one node of the file becomes is gathered first. */
struct maker {
    const struct rule_world *world;
    struct modifiers mods;
    bool keyword;
    struct error *e;
    struct value *made;
    size_t n;
};

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

static struct value *add(struct maker *m, int kind)
{
    if ((m->n & (m->n - 1)) == 0)
        m->made = mem_grow(m->made, m->n ? 2 * m->n : 1, sizeof(*m->made));
    struct value *v = &m->made[m->n++];
    *v = (struct value){.kind = kind};
    return v;
}

static enum pattern_fit fit_of(const struct maker *m)
{
    int flags = m->mods.flags;
    return flags & MOD_STARTS                   ? PATTERN_STARTS
           : flags & MOD_ENDS                   ? PATTERN_ENDS
           : flags & MOD_CONTAINS || m->keyword ? PATTERN_CONTAINS
                                                : PATTERN_WHOLE;
}

static int make_regex(struct maker *m, struct span text)
{
    unsigned flags = 0;
    flags |= m->mods.flags & MOD_NOCASE ? REGEX_NOCASE : 0U;
    flags |= m->mods.flags & MOD_MULTILINE ? REGEX_MULTILINE : 0U;
    flags |= m->mods.flags & MOD_DOTALL ? REGEX_DOTALL : 0U;
    struct value *v = add(m, VALUE_REGEX);
    v->u.regex = regex_new(text, flags, m->e);
    return v->u.regex ? 0 : -1;
}

static int make_number(struct maker *m, struct span text)
{
    int flags = m->mods.flags;
    struct value *v = add(m, flags & MOD_LT    ? VALUE_LESS
                             : flags & MOD_LTE ? VALUE_LESS_OR_EQUAL
                             : flags & MOD_GT  ? VALUE_GREATER
                             : flags & MOD_GTE ? VALUE_GREATER_OR_EQUAL
                                               : VALUE_EQUAL);
    v->u.number = arena_get(m->world->arena, 1, sizeof(*v->u.number));
    v->u.number->part = m->mods.part;
    if (!item_number(text, &v->u.number->bound))
        return error_set(m->e, "lt, lte, gt, gte and parts of a date compare numbers; write one");
    return 0;
}

static int make_range(struct maker *m, struct span text)
{
    struct address_range *range = arena_get(m->world->arena, 1, sizeof(*range));
    add(m, VALUE_RANGE)->u.range = range;
    if (!address_range_parse(text, range))
        return error_set(m->e, "no network range; write one such as 10.0.0.0/8 or 2001:db8::/32");
    return 0;
}

static int make_reference(struct maker *m, struct span text)
{
    if (text.n == 0)
        return error_set(m->e, "fieldref takes the name of a field; write one");
    uint16_t number = field_names_add(m->world->names, text);
    if (number == FIELD_NONE)
        return error_set(m->e, TOO_MANY_NAMES, FIELD_NAMES_MAX);
    struct reference *other = arena_get(m->world->arena, 1, sizeof(*other));
    *other = (struct reference){number, fit_of(m), (m->mods.flags & MOD_CASED) != 0};
    add(m, VALUE_FIELD)->u.other = other;
    return 0;
}

static void add_text(struct maker *m, struct span text, unsigned flags)
{
    flags |= m->mods.flags & MOD_CASED ? PATTERN_CASED : 0U;
    flags |= m->mods.flags & MOD_WINDASH ? PATTERN_WINDASH : 0U;
    add(m, VALUE_TEXT)->u.text = pattern_make(m->world->texts, text, fit_of(m), flags);
}

static void add_base64(struct maker *m, struct span bytes)
{
    bool inside = (m->mods.flags & MOD_BASE64OFFSET) != 0;
    for (unsigned shift = 0; shift < (inside ? 3 : 1); shift++) {
        struct buf text = BUF_INIT(2 * bytes.n + 8);
        if (inside)
            encode_base64_inside(&text, bytes, shift);
        else
            encode_base64(&text, bytes);
        add_text(m, buf_span(&text), PATTERN_LITERAL);
        buf_release(&text);
    }
}

static int make_encoded(struct maker *m, struct span text)
{
    struct buf plain = BUF_INIT(PATTERN_LENGTH_MAX), wide = BUF_INIT(2 * PATTERN_LENGTH_MAX + 2);
    int flags = m->mods.flags;
    int result = 0;
    if (!pattern_plain(text, &plain))
        result = error_set(m->e, "a wildcard can't be encoded; write \\* or \\? or leave it out");
    else if (plain.n < (flags & MOD_BASE64OFFSET ? 2 : 1))
        result = error_set(m->e, "too short to be found again once encoded; write more");
    if (flags & MODS_UTF16)
        encode_utf16(&wide, buf_span(&plain),
                     flags & MOD_UTF16BE ? ENCODE_UTF16_BE
                     : flags & MOD_UTF16 ? ENCODE_UTF16_MARKED
                                         : ENCODE_UTF16_LE);
    struct span bytes = flags & MODS_UTF16 ? buf_span(&wide) : buf_span(&plain);
    if (result == 0 && (flags & MODS_BASE64))
        add_base64(m, bytes);
    else if (result == 0)
        add_text(m, bytes, PATTERN_LITERAL);
    buf_release(&plain);
    buf_release(&wide);
    return result;
}

/* A value as it stands in the file, or what a placeholder made of it. */
static int make_one(void *ctx, struct span text)
{
    struct maker *m = ctx;
    int flags = m->mods.flags;
    if (flags & MOD_RE)
        return make_regex(m, text);
    if (flags & MOD_CIDR)
        return make_range(m, text);
    if (flags & (MODS_NUMBER | MOD_DATE))
        return make_number(m, text);
    if (flags & MOD_FIELDREF)
        return make_reference(m, text);
    if (text.n > PATTERN_LENGTH_MAX)
        return error_set(m->e, "a text of more than %d bytes; shorten it", PATTERN_LENGTH_MAX);
    if (m->keyword && text.n == 0)
        return error_set(m->e, "an empty keyword would match every line; write a text");
    if (flags & MODS_ENCODE)
        return make_encoded(m, text);
    add_text(m, text, 0);
    return 0;
}

static int make_node(struct maker *m, const struct tree_node *node)
{
    if (node->kind != TREE_TEXT)
        return error_set(m->e, "a list or map where a value must stand; write a text or number");
    if (m->mods.flags & MOD_EXISTS) {
        bool exists = false;
        if (!tree_to_bool(node, &exists))
            return error_set(m->e, "exists takes true or false; write one");
        add(m, VALUE_EXISTS)->n = exists;
        return 0;
    }
    if (tree_is_null(node)) {
        add(m, VALUE_NULL);
        if (m->keyword || (m->mods.flags & ~(MOD_NEQ | MOD_ALL)))
            return error_set(m->e, "null has no text to compare; write a value");
        return 0;
    }
    if (m->mods.flags & MOD_EXPAND)
        return expand(m->world->placeholders, node->text, make_one, m, m->e);
    return make_one(m, node->text);
}

static void release_value(struct value *v)
{
    if (v->kind == VALUE_REGEX)
        regex_free(v->u.regex);
    for (size_t i = 0; v->kind == VALUE_ANY && i < v->n; i++)
        release_value(&v->u.any[i]);
}

/* What the node became is one value, whatever all and neq say of the line. */
static int make_value(struct maker *m, const struct tree_node *node, struct value *out)
{
    m->n = 0;
    int result = make_node(m, node);
    if (result == 0 && m->n == 1) {
        *out = m->made[0];
    } else if (result == 0) {
        *out = (struct value){.kind = VALUE_ANY, .n = (uint32_t)m->n};
        out->u.any = arena_get(m->world->arena, m->n, sizeof(*m->made));
        memcpy(out->u.any, m->made, m->n * sizeof(*m->made));
    } else {
        for (size_t i = 0; i < m->n; i++)
            release_value(&m->made[i]);
    }
    free(m->made);
    m->made = NULL;
    return result;
}

int item_make(const struct rule_world *w, struct span key, const struct tree_node *node,
              struct item *out, int *line, struct error *e)
{
    struct maker m = {.world = w, .e = e};
    *out = (struct item){0};
    *line = node->line;
    struct span field;
    if (modifiers_read(key, &field, &m.mods, e) != 0)
        return -1;
    if (node->kind == TREE_MAP || (node->kind == TREE_LIST && node->n == 0))
        return error_set(e, "no value here; write a text, a number or a list of them");
    bool list = node->kind == TREE_LIST;
    if (field.n > 0 && (out->number = field_names_add(w->names, field)) == FIELD_NONE)
        return error_set(e, TOO_MANY_NAMES, FIELD_NAMES_MAX);
    out->all = (m.mods.flags & MOD_ALL) != 0;
    out->negated = (m.mods.flags & MOD_NEQ) != 0;
    out->values = arena_get(w->arena, list ? node->n : 1, sizeof(*out->values));
    m.keyword = field.n == 0;
    for (const struct tree_node *v = list ? node->first : node; v; v = list ? v->next : NULL) {
        *line = v->line;
        if (make_value(&m, v, &out->values[out->n]) != 0)
            return -1;
        out->n++;
    }
    return 0;
}

void item_release(struct item *item)
{
    for (size_t i = 0; i < item->n; i++)
        release_value(&item->values[i]);
    item->n = 0;
}

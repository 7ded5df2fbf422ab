#include "source/log/event_xml.h"

struct reader {
    struct span rest;
    struct buf *room;
    struct record *r;
    size_t head, head_end; /* fields of System */
    enum { OUTSIDE, SYSTEM, EVENT_DATA, USER_DATA } part;
    size_t names_left; /* bytes of room for joined names */
    bool full;
};

struct tag {
    struct span name, attributes;
    bool closing, empty;
};

bool event_xml_is(struct span text)
{
    return span_starts(text, SPAN("<Event>")) || span_starts(text, SPAN("<Event "));
}

/* ---- texts ---- */

static void put_character(struct buf *b, uint32_t c)
{
    if (c < 0x80) {
        buf_put_byte(b, (char)c);
    } else if (c < 0x800) {
        buf_put_byte(b, (char)(0xc0 | c >> 6));
        buf_put_byte(b, (char)(0x80 | (c & 0x3f)));
    } else if (c < 0x10000) {
        buf_put_byte(b, (char)(0xe0 | c >> 12));
        buf_put_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_put_byte(b, (char)(0x80 | (c & 0x3f)));
    } else {
        buf_put_byte(b, (char)(0xf0 | (c >> 18 & 0x07)));
        buf_put_byte(b, (char)(0x80 | (c >> 12 & 0x3f)));
        buf_put_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
        buf_put_byte(b, (char)(0x80 | (c & 0x3f)));
    }
}

/* "#38" or "#x26" */
static bool number_of(struct span digits, uint32_t *out)
{
    bool hex = digits.n > 1 && (digits.p[1] | 0x20) == 'x';
    *out = 0;
    for (size_t i = hex ? 2 : 1; i < digits.n; i++) {
        unsigned char c = (unsigned char)digits.p[i], low = c | 0x20;
        uint32_t digit = c >= '0' && c <= '9'              ? (uint32_t)c - '0'
                         : hex && low >= 'a' && low <= 'f' ? (uint32_t)low - 'a' + 10
                                                           : 16;
        if (digit == 16 || (*out = *out * (hex ? 16 : 10) + digit) > 0x10ffff)
            return false;
    }
    return digits.n > (hex ? 2U : 1U);
}

/* What &name; stands for; false when it is none. */
static bool put_reference(struct buf *b, struct span name)
{
    static const struct {
        const char *name;
        char c;
    } known[] = {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};
    uint32_t c;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (span_equal_text(name, known[i].name)) {
            buf_put_byte(b, known[i].c);
            return true;
        }
    if (name.n < 2 || name.p[0] != '#' || !number_of(name, &c))
        return false;
    put_character(b, c);
    return true;
}

/* The text with its references replaced: it gets no longer by that. */
static struct span plain(struct reader *x, struct span text)
{
    size_t from = x->room->n;
    if (span_find(text, '&') == text.n)
        return text;
    for (size_t i = 0; i < text.n; i++) {
        struct span behind = {text.p + i + 1, text.n - i - 1};
        size_t end = span_find(behind, ';');
        if (text.p[i] == '&' && end < behind.n && end <= 10 &&
            put_reference(x->room, (struct span){behind.p, end}))
            i += end + 1;
        else
            buf_put_byte(x->room, text.p[i]);
    }
    return (struct span){x->room->p + from, x->room->n - from};
}

/* ---- fields ---- */

static void add(struct reader *x, struct span name, struct span value)
{
    struct record *r = x->r;
    if (x->part != SYSTEM)
        for (size_t i = x->head; i < x->head_end; i++)
            if (span_equal(r->fields[i].name, name)) {
                r->fields[i].value = plain(x, value);
                return;
            }
    if (r->fields_n == RECORD_FIELDS_MAX) {
        x->full = true;
        return;
    }
    r->fields[r->fields_n++] = (struct record_field){name, plain(x, value)};
    if (x->part == SYSTEM)
        x->head_end = r->fields_n;
}

/* The next NAME="VALUE" of a tag. */
static bool take_attribute(struct span *rest, struct span *name, struct span *value)
{
    *rest = span_trim(*rest);
    if (!span_take_until(rest, '=', name) || rest->n == 0)
        return false;
    char quote = *rest->p;
    *name = span_trim(*name);
    return (quote == '"' || quote == '\'') && span_take_char(rest, quote) &&
           (span_take_char(rest, quote) ? (*value = (struct span){"", 0}, true)
                                        : span_take_until(rest, quote, value));
}

static void add_attributes(struct reader *x, const struct tag *t)
{
    struct span rest = t->attributes, name, value;
    while (take_attribute(&rest, &name, &value)) {
        size_t from = x->room->n, need = t->name.n + 1 + name.n;
        if (need > x->names_left) {
            x->full = true;
            return;
        }
        x->names_left -= need;
        buf_put_span(x->room, t->name);
        buf_put_byte(x->room, '_');
        buf_put_span(x->room, name);
        add(x, (struct span){x->room->p + from, need}, value);
    }
}

/* <Data Name="X"> is X. */
static struct span name_of(const struct tag *t)
{
    struct span rest = t->attributes, name, value;
    while (take_attribute(&rest, &name, &value))
        if (span_equal_text(name, "Name"))
            return value;
    return t->name;
}

/* ---- tags ---- */

static bool take_tag(struct span *rest, struct tag *t)
{
    struct span inside;
    size_t at = span_find(*rest, '<');
    if (at == rest->n)
        return false;
    *rest = (struct span){rest->p + at + 1, rest->n - at - 1};
    if (span_find(*rest, '>') == rest->n || !span_take_until(rest, '>', &inside))
        return false;
    t->closing = span_take_char(&inside, '/');
    t->empty = inside.n > 0 && inside.p[inside.n - 1] == '/';
    inside.n -= t->empty;
    size_t n = 0;
    while (n < inside.n && !memchr(" \t\r\n", inside.p[n], 4))
        n++;
    t->name = (struct span){inside.p, n};
    t->attributes = (struct span){inside.p + n, inside.n - n};
    return true;
}

static bool is_part(struct reader *x, const struct tag *t)
{
    static const struct {
        const char *name;
        int part;
    } parts[] = {{"System", SYSTEM}, {"EventData", EVENT_DATA}, {"UserData", USER_DATA}};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (span_equal_text(t->name, parts[i].name)) {
            x->part = t->closing || t->empty ? OUTSIDE : parts[i].part;
            return true;
        }
    return false;
}

/* An element of a part: its text reaches to the next tag, which closes it if it has no others in
 * it. */
static void take_element(struct reader *x, const struct tag *t)
{
    struct span ahead = x->rest, text = {ahead.p, span_find(ahead, '<')};
    struct tag next;
    bool leaf = t->empty || (take_tag(&ahead, &next) && next.closing);
    if (x->part == SYSTEM)
        add_attributes(x, t);
    if (t->empty)
        text.n = 0;
    if (leaf && (x->part != SYSTEM || text.n > 0))
        add(x, x->part == EVENT_DATA ? name_of(t) : t->name, text);
}

bool event_xml_fields(struct span text, struct buf *room, struct record *r)
{
    struct tag t;
    struct reader x = {.rest = text, .room = room, .r = r, .head = r->fields_n};
    x.head_end = x.head;
    x.names_left = text.n;
    buf_clear(room);
    if (!buf_reserve(room, 2 * text.n + 64)) /* names and values, at once: fields point into it */
        return false;
    while (take_tag(&x.rest, &t))
        if (!is_part(&x, &t) && !t.closing && x.part != OUTSIDE)
            take_element(&x, &t);
    return !x.full;
}

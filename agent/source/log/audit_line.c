#include "source/log/audit_line.h"

#define SEPARATOR '\x1d' /* between what the kernel said and what auditd resolved */

static bool take_text(struct span *s, const char *text)
{
    struct span wanted = span_of(text), taken;
    return span_starts(*s, wanted) && span_take(s, wanted.n, &taken);
}

/* "1700000000.123:456): " */
static bool take_id(struct span *s, struct audit_line *out)
{
    struct span seconds, ms, serial;
    uint64_t s_value, ms_value;
    if (!span_take_until(s, '.', &seconds) || !span_take_until(s, ':', &ms) ||
        !span_take_until(s, ')', &serial) || !span_to_u64(seconds, &s_value) ||
        !span_to_u64(ms, &ms_value) || !span_to_u64(serial, &out->serial) || ms.n != 3 ||
        s_value > UINT32_MAX * 4ull)
        return false;
    out->time_ms = (int64_t)(s_value * 1000 + ms_value);
    return take_text(s, ":");
}

bool audit_line_parse(struct span line, struct audit_line *out)
{
    *out = (struct audit_line){0};
    if (take_text(&line, "node=") && !span_take_until(&line, ' ', &out->node))
        return false;
    if (!take_text(&line, "type=") || !span_take_until(&line, ' ', &out->type) ||
        out->type.n == 0 || !take_text(&line, "msg=audit(") || !take_id(&line, out))
        return false;
    out->fields = line;
    return true;
}

static bool ends_word(char c)
{
    return c == ' ' || c == SEPARATOR || c == '\'' || c == '\n';
}

static void skip(struct span *s, size_t n)
{
    s->p += n;
    s->n -= n;
}

static struct span take_value(struct span *rest, bool *quoted)
{
    struct span value;
    *quoted = rest->n > 0 && rest->p[0] == '"';
    if (*quoted) {
        skip(rest, 1);
        if (!span_take_until(rest, '"', &value))
            value = (struct span){rest->p, 0};
        return value;
    }
    size_t n = 0;
    while (n < rest->n && !ends_word(rest->p[n]))
        n++;
    value = (struct span){rest->p, n};
    skip(rest, n);
    return value;
}

bool audit_field_next(struct span *rest, struct audit_field *out)
{
    for (;;) {
        while (rest->n > 0 && ends_word(rest->p[0]))
            skip(rest, 1);
        size_t n = 0;
        while (n < rest->n && rest->p[n] != '=' && !ends_word(rest->p[n]))
            n++;
        if (n == rest->n)
            return false;
        bool named = n > 0 && rest->p[n] == '=';
        out->name = (struct span){rest->p, n};
        skip(rest, rest->p[n] == '=' ? n + 1 : n);
        /* msg='op=... res=failed' holds fields of its own */
        if (!named || (rest->n > 0 && rest->p[0] == '\''))
            continue;
        out->value = take_value(rest, &out->quoted);
        return true;
    }
}

/* ---- hex ---- */

/* auditd writes these in hex, without quotes, when they hold more than plain text. */
static bool may_be_hex(struct span type, struct span name)
{
    static const char *const names[] = {"comm", "exe",  "name", "cwd",  "proctitle",
                                        "key",  "acct", "data", "path", "dir",
                                        "cmd",  "file", "unit", "vm",   "watch"};
    if (name.n > 1 && name.p[0] == 'a' && name.p[1] >= '0' && name.p[1] <= '9')
        return span_equal_text(type, "EXECVE");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal_text(name, names[i]))
            return true;
    return false;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool is_hex(struct span s)
{
    if (s.n == 0 || s.n % 2 != 0)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (nibble(s.p[i]) < 0)
            return false;
    return true;
}

void audit_field_put(struct buf *b, struct span type, const struct audit_field *f)
{
    bool title = span_equal_text(f->name, "proctitle"); /* arguments parted by NUL */
    if (f->quoted || !may_be_hex(type, f->name) || !is_hex(f->value)) {
        buf_put_span(b, f->value);
        return;
    }
    for (size_t i = 0; i < f->value.n; i += 2) {
        char c = (char)(nibble(f->value.p[i]) * 16 + nibble(f->value.p[i + 1]));
        buf_put_byte(b, c == '\0' && title ? ' ' : c);
    }
}

#include "base/json_write.h"

#include "base/text.h"

void json_start(struct json_out *j, struct buf *b)
{
    *j = (struct json_out){.b = b};
}

static void put_string(struct buf *b, struct span s)
{
    static const char short_escape[] = "\b\t\n\f\r", short_letter[] = "btnfr";
    buf_put_byte(b, '"');
    while (s.n > 0) {
        size_t plain = 0; /* the longest run that needs no escape */
        while (plain < s.n && (unsigned char)s.p[plain] >= 0x20 && s.p[plain] != '"' &&
               s.p[plain] != '\\' && (unsigned char)s.p[plain] < 0x7f)
            plain++;
        buf_put(b, s.p, plain);
        s.p += plain;
        s.n -= plain;
        if (s.n == 0)
            break;
        unsigned char c = (unsigned char)s.p[0];
        size_t n = text_utf8_length(s);
        const char *at = c ? strchr(short_escape, c) : NULL;
        if (c == '"' || c == '\\')
            buf_printf(b, "\\%c", c);
        else if (at)
            buf_printf(b, "\\%c", short_letter[at - short_escape]);
        else if (n > 1)
            buf_put(b, s.p, n);
        else if (c < 0x80)
            buf_printf(b, "\\u%04x", c);
        else
            buf_printf(b, "\\\\x%02X", c); /* no UTF-8: told as the text \xHH */
        n = n ? n : 1;
        s.p += n;
        s.n -= n;
    }
    buf_put_byte(b, '"');
}

static void before_value(struct json_out *j, const char *key)
{
    if (j->comma)
        buf_put_byte(j->b, ',');
    j->comma = true;
    if (key) {
        put_string(j->b, span_of(key));
        buf_put_byte(j->b, ':');
    }
}

static void open_with(struct json_out *j, const char *key, char c)
{
    before_value(j, key);
    buf_put_byte(j->b, c);
    j->comma = false;
}

static void close_with(struct json_out *j, char c)
{
    buf_put_byte(j->b, c);
    j->comma = true;
}

void json_object(struct json_out *j, const char *key)
{
    open_with(j, key, '{');
}

void json_end_object(struct json_out *j)
{
    close_with(j, '}');
}

void json_array(struct json_out *j, const char *key)
{
    open_with(j, key, '[');
}

void json_end_array(struct json_out *j)
{
    close_with(j, ']');
}

void json_text(struct json_out *j, const char *key, const char *value)
{
    if (value)
        json_span(j, key, span_of(value));
}

void json_span(struct json_out *j, const char *key, struct span value)
{
    before_value(j, key);
    put_string(j->b, value);
}

void json_name(struct json_out *j, const char *key, struct span value)
{
    struct buf name = BUF_INIT(value.n * 4 + 1);
    text_put_name(&name, value);
    json_span(j, key, buf_span(&name));
    buf_release(&name);
}

void json_int(struct json_out *j, const char *key, int64_t value)
{
    before_value(j, key);
    buf_printf(j->b, "%lld", (long long)value);
}

void json_uint(struct json_out *j, const char *key, uint64_t value)
{
    before_value(j, key);
    buf_printf(j->b, "%llu", (unsigned long long)value);
}

void json_bool(struct json_out *j, const char *key, bool value)
{
    before_value(j, key);
    buf_put_text(j->b, value ? "true" : "false");
}

void json_hex(struct json_out *j, const char *key, const void *data, size_t n)
{
    before_value(j, key);
    buf_put_byte(j->b, '"');
    buf_put_hex(j->b, data, n);
    buf_put_byte(j->b, '"');
}

void json_raw(struct json_out *j, const char *key, struct span json)
{
    before_value(j, key);
    buf_put_span(j->b, json);
}

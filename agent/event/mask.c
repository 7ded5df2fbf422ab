#include "event/mask.h"

#define BLANKS_MAX 8 /* between a name and its sign, as people line them up */

static const char *const secret_names[] = {
    "password", "passwd",  "passphrase", "pwd",           "secret",     "token",      "api_key",
    "apikey",   "api-key", "bearer",     "authorization", "contraseña", "contrasena", "clave"};

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Length of a secret's name at the front of s, or 0. */
static size_t name_at(struct span s)
{
    for (size_t i = 0; i < sizeof(secret_names) / sizeof(secret_names[0]); i++) {
        struct span name = span_of(secret_names[i]);
        if (s.n > name.n && span_equal_nocase((struct span){s.p, name.n}, name))
            return name.n;
    }
    return 0;
}

/*
 * How many bytes stand between the name and its value, 0 if no value follows. "password=x",
 * "password: x", "password = x" and "--password x" carry one; "Failed password for x" does not.
 */
static size_t separator_at(struct span s, bool is_option)
{
    size_t n = 0;
    if (s.n > 0 && (s.p[0] == '"' || s.p[0] == '\''))
        n++;
    size_t sign = n;
    while (sign < s.n && sign < n + BLANKS_MAX && s.p[sign] == ' ')
        sign++;
    if (sign < s.n && (s.p[sign] == '=' || s.p[sign] == ':'))
        n = sign + 1;
    else if (!is_option || n >= s.n || s.p[n] != ' ')
        return 0;
    while (n < s.n && s.p[n] == ' ')
        n++;
    return n;
}

/* A NUL byte ends nothing here: it would leave the rest of a secret to be seen. */
static bool ends_value(char c)
{
    return c != '\0' && strchr(" \t,;&\"'", c) != NULL;
}

static size_t value_at(struct span s)
{
    char quote = s.n > 0 && (s.p[0] == '"' || s.p[0] == '\'') ? s.p[0] : '\0';
    size_t n = quote ? 1 : 0;
    while (n < s.n && (quote ? s.p[n] != quote : !ends_value(s.p[n])))
        n++;
    return quote && n < s.n ? n + 1 : n;
}

void mask_put(struct buf *out, struct span text)
{
    size_t kept = 0, i = 0;
    while (i < text.n) {
        struct span here = {text.p + i, text.n - i};
        bool at_word = i == 0 || !is_word(text.p[i - 1]) || text.p[i - 1] == '_';
        size_t name = at_word ? name_at(here) : 0;
        if (name == 0) {
            i++;
            continue;
        }
        bool is_bearer = span_equal_nocase((struct span){here.p, name}, SPAN("bearer"));
        bool is_option = is_bearer || (i > 0 && text.p[i - 1] == '-');
        struct span rest = {here.p + name, here.n - name};
        size_t separator = separator_at(rest, is_option);
        if (separator == 0) {
            i += name;
            continue;
        }
        struct span value = {rest.p + separator, rest.n - separator};
        i += name + separator;
        if (name_at(value) > 0) /* "Authorization: Bearer x": the next word carries the value */
            continue;
        buf_put(out, text.p + kept, i - kept);
        buf_put_text(out, "***");
        i += value_at(value);
        kept = i;
    }
    buf_put(out, text.p + kept, text.n - kept);
}

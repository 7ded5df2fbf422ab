#include "event/mask.h"

#define BLANKS_MAX    8  /* between a name and its sign, as people line them up */
#define JWT_MIN       30 /* shorter ones hold no claims and no signature */
#define PEM_LABEL_MAX 40
#define REACH         256 /* so far before its option a program is looked for */

/* Of the text, from here on: what lies between is kept, then come n bytes of a secret. */
struct hit {
    size_t kept, n;
};

static const char *const secret_names[] = {
    "password", "passwd",  "passphrase", "pwd",           "secret",     "token",      "api_key",
    "apikey",   "api-key", "bearer",     "authorization", "contraseña", "contrasena", "clave"};

/* Of HTTP's Authorization; what follows it is the credential. */
static const char *const schemes[] = {"bearer", "basic", "digest", "negotiate", "ntlm", "token"};

/* By which programs take a password. `after`: where in the value it begins, 0: at its front.
 * Attached: a value in a word of its own is something else. */
static const struct option {
    const char *program, *name;
    char after;
    bool attached;
} options[] = {
    {"sshpass", "-p", 0, false},     {"mysql", "-p", 0, true},
    {"mysqldump", "-p", 0, true},    {"mysqladmin", "-p", 0, true},
    {"mariadb", "-p", 0, true},      {"mariadb-dump", "-p", 0, true},
    {"useradd", "-p", 0, false},     {"usermod", "-p", 0, false},
    {"redis-cli", "-a", 0, false},   {"ldapsearch", "-w", 0, false},
    {"curl", "-u", ':', false},      {"curl", "--user", ':', false},
    {"smbclient", "-U", '%', false}, {"openssl", "-passin", ':', false},
    {"psexec", "-p", 0, false},      {"psexec64", "-p", 0, false},
    {"schtasks", "/rp", 0, false},
};

/* ---- words ---- */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static struct span rest_of(struct span text, size_t i)
{
    return (struct span){text.p + i, text.n - i};
}

static bool begins(struct span s, const char *word)
{
    struct span wanted = span_of(word);
    return s.n >= wanted.n && span_equal_nocase((struct span){s.p, wanted.n}, wanted);
}

static size_t blanks_at(struct span s)
{
    size_t n = 0;
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

/* Whether the program is called near the end of s. */
static bool calls(struct span s, const char *program)
{
    size_t n = strlen(program);
    for (size_t i = s.n > REACH ? s.n - REACH : 0; i + n < s.n; i++) {
        char before = i > 0 ? s.p[i - 1] : ' ', after = s.p[i + n];
        if (!is_word(before) && before != '-' && begins(rest_of(s, i), program) &&
            (after == ' ' || after == '"' || begins(rest_of(s, i + n), ".exe")))
            return true;
    }
    return false;
}

/* ---- the name of a secret and its value ---- */

/* Length of a secret's name at the front of s, or 0. */
static size_t name_at(struct span s)
{
    for (size_t i = 0; i < sizeof(secret_names) / sizeof(secret_names[0]); i++)
        if (s.n > strlen(secret_names[i]) && begins(s, secret_names[i]))
            return strlen(secret_names[i]);
    return 0;
}

/*
 * How many bytes stand between the name and its value, 0 if no value follows. "password=x",
 * "password: x", "password = x" and "--password x" carry one; "Failed password for x" does not.
 */
static size_t separator_at(struct span s, bool is_option)
{
    size_t n = s.n > 0 && (s.p[0] == '"' || s.p[0] == '\'') ? 1 : 0, sign = n;
    while (sign < s.n && sign < n + BLANKS_MAX && s.p[sign] == ' ')
        sign++;
    if (sign < s.n && (s.p[sign] == '=' || s.p[sign] == ':'))
        n = sign + 1;
    else if (!is_option || n >= s.n || s.p[n] != ' ')
        return 0;
    return n + blanks_at(rest_of(s, n));
}

static size_t scheme_at(struct span s)
{
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        size_t n = strlen(schemes[i]);
        size_t blanks = begins(s, schemes[i]) ? blanks_at(rest_of(s, n)) : 0;
        if (blanks > 0)
            return n + blanks;
    }
    return 0;
}

static bool named_at(struct span text, size_t i, struct hit *hit)
{
    struct span here = rest_of(text, i);
    size_t name = name_at(here);
    if (name == 0)
        return false;
    /* a shell's PWD, as sudo's lines carry it, is a folder */
    bool at_word = i == 0 || !is_word(text.p[i - 1]) || text.p[i - 1] == '_';
    if (at_word && (i == 0 || text.p[i - 1] != '_') && span_starts(here, SPAN("PWD=")))
        return false;
    /* within a word only as environments have it: PGPASSWORD=x */
    if (!at_word && (here.p[name] != '=' || begins(here, "pwd")))
        return false;
    bool is_option = begins(here, "bearer") || (i > 0 && text.p[i - 1] == '-');
    size_t separator = separator_at(rest_of(here, name), is_option);
    if (separator == 0)
        return false;
    size_t value = name + separator;
    value += scheme_at(rest_of(here, value));
    *hit = (struct hit){value, value_at(rest_of(here, value))};
    return true;
}

/* ---- the rest ---- */

/* What is kept in front of a secret is not searched for others: "NAME=x" may not be in it. */
static bool is_plain(struct span kept)
{
    return span_find(kept, '=') == kept.n;
}

/* scheme://user:secret@host */
static bool userinfo_at(struct span text, size_t i, struct hit *hit)
{
    struct span here = rest_of(text, i);
    size_t colon = 0, at = 0;
    if (!begins(here, "://"))
        return false;
    for (size_t n = 3; n < here.n && here.p[n] != '/' && !ends_value(here.p[n]); n++) {
        if (here.p[n] == ':' && colon == 0)
            colon = n;
        if (here.p[n] == '@')
            at = n;
    }
    *hit = (struct hit){colon + 1, at - colon - 1};
    return colon > 0 && at > colon && is_plain((struct span){here.p, colon});
}

static bool private_key_at(struct span text, size_t i, struct hit *hit)
{
    static const char begin[] = "-----BEGIN ", end[] = "-----END";
    struct span here = rest_of(text, i), mark = SPAN("PRIVATE KEY-----");
    if (!begins(here, begin))
        return false;
    struct span label = {here.p, here.n < PEM_LABEL_MAX ? here.n : PEM_LABEL_MAX};
    size_t key = span_find_span(label, mark);
    if (key >= label.n)
        return false;
    key += mark.n;
    *hit = (struct hit){key, span_find_span(rest_of(here, key), span_of(end))};
    return true;
}

/* A JSON web token: three parts of base64url, the first an object, which begins {" */
static bool web_token_at(struct span text, size_t i, struct hit *hit)
{
    struct span here = rest_of(text, i);
    size_t n = 0, dots = 0;
    if (!span_starts(here, SPAN("eyJ")) || (i > 0 && is_word(text.p[i - 1])))
        return false;
    for (; n < here.n && (is_word(here.p[n]) || here.p[n] == '-' || here.p[n] == '.'); n++)
        dots += here.p[n] == '.';
    *hit = (struct hit){0, n};
    return dots == 2 && n >= JWT_MIN;
}

static bool option_at(struct span text, size_t i, struct hit *hit)
{
    struct span here = rest_of(text, i);
    if (i == 0 || text.p[i - 1] != ' ' || (here.p[0] != '-' && here.p[0] != '/'))
        return false;
    for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++) {
        const struct option *o = &options[k];
        size_t n = strlen(o->name),
               blanks = begins(here, o->name) ? blanks_at(rest_of(here, n)) : 0;
        if (!begins(here, o->name) || (o->attached && blanks > 0) ||
            !calls((struct span){text.p, i}, o->program))
            continue;
        n += blanks + (n + blanks < here.n && here.p[n + blanks] == '=');
        size_t value = value_at(rest_of(here, n));
        size_t skip = o->after ? span_find((struct span){here.p + n, value}, o->after) + 1 : 0;
        *hit = (struct hit){n + skip, value - skip};
        if (skip <= value && value > 0 && is_plain((struct span){here.p + n, skip}))
            return true;
    }
    return false;
}

/* net user NAME PASSWORD */
static bool net_user_at(struct span text, size_t i, struct hit *hit)
{
    struct span here = rest_of(text, i), before = {text.p, i};
    if (!begins(here, "user ") || i == 0 || text.p[i - 1] != ' ' ||
        !(calls(before, "net") || calls(before, "net1")))
        return false;
    size_t n = 4 + blanks_at(rest_of(here, 4));
    n += value_at(rest_of(here, n));
    n += blanks_at(rest_of(here, n));
    *hit = (struct hit){n, value_at(rest_of(here, n))};
    return hit->n > 0 && here.p[n] != '/' && is_plain((struct span){here.p, n});
}

typedef bool (*find_fn)(struct span text, size_t i, struct hit *hit);

static const find_fn finders[] = {named_at,     userinfo_at, private_key_at,
                                  web_token_at, option_at,   net_user_at};

static bool secret_at(struct span text, size_t i, struct hit *hit)
{
    for (size_t k = 0; k < sizeof(finders) / sizeof(finders[0]); k++)
        if (finders[k](text, i, hit))
            return true;
    return false;
}

void mask_put(struct buf *out, struct span text)
{
    size_t kept = 0, i = 0;
    while (i < text.n) {
        struct hit hit;
        if (!secret_at(text, i, &hit)) {
            i++;
            continue;
        }
        i += hit.kept;
        buf_put(out, text.p + kept, i - kept);
        buf_put_text(out, "***");
        i += hit.n;
        kept = i;
    }
    buf_put(out, text.p + kept, text.n - kept);
}

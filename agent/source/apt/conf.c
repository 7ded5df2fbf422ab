#include "source/apt/conf.h"

#include "source/apt/files.h"

#define DEPTH_MAX 16
#define NAME_SIZE 256

static const char *const names[APT_CONF_KEYS] = {
    [APT_DEFAULT_RELEASE] = "apt::default-release",
    [APT_ARCHITECTURE] = "apt::architecture",
    [APT_MACHINE_ID] = "apt::machine-id",
    [APT_PHASE_POLICY] = "apt::get::phase-policy",
    [APT_PHASE_ALWAYS] = "apt::get::always-include-phased-updates",
    [APT_PHASE_NEVER] = "apt::get::never-include-phased-updates",
    [APT_PHASE_ALWAYS_OLD] = "update-manager::always-include-phased-updates",
    [APT_PHASE_NEVER_OLD] = "update-manager::never-include-phased-updates",
    [APT_CHECK_VALID_UNTIL] = "acquire::check-valid-until",
    [APT_PERIODIC_ENABLE] = "apt::periodic::enable",
    [APT_PERIODIC_LISTS] = "apt::periodic::update-package-lists",
    [APT_PERIODIC_UNATTENDED] = "apt::periodic::unattended-upgrade",
};

struct parser {
    struct apt_conf *conf;
    struct span rest;
    char name[NAME_SIZE]; /* of the blocks around, "apt::get" */
    size_t name_n;
    size_t depth, above[DEPTH_MAX]; /* name_n outside of each block */
};

static void set(struct parser *p, struct span name, struct span value)
{
    char full[2 * NAME_SIZE + 2];
    int n = snprintf(full, sizeof(full), "%s%s%.*s", p->name, p->name_n > 0 ? "::" : "",
                     (int)(name.n < NAME_SIZE ? name.n : NAME_SIZE), name.p);
    struct span whole = {full, n > 0 ? (size_t)n : 0};
    for (size_t i = 0; i < APT_CONF_KEYS; i++)
        if (span_equal_nocase(whole, span_of(names[i])))
            span_copy(value, p->conf->value[i], sizeof(p->conf->value[i]));
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

static void drop(struct parser *p, size_t n)
{
    n = n < p->rest.n ? n : p->rest.n;
    p->rest.p += n;
    p->rest.n -= n;
}

/* Blanks and comments: "//" and "#" to the end of the line, and C's. #clear and #include, which
 * apt carries out, are statements. */
static void skip_blanks(struct parser *p)
{
    for (;;) {
        if (p->rest.n > 0 && is_blank(p->rest.p[0])) {
            drop(p, 1);
        } else if (span_starts(p->rest, SPAN("/*"))) {
            drop(p, span_find_span(p->rest, SPAN("*/")) + 2);
        } else if (span_starts(p->rest, SPAN("//")) ||
                   (span_starts(p->rest, SPAN("#")) && !span_starts(p->rest, SPAN("#clear")) &&
                    !span_starts(p->rest, SPAN("#include")))) {
            drop(p, span_find(p->rest, '\n'));
        } else {
            return;
        }
    }
}

/* A word, or what stands in quotes; false at ; { } and at the end. */
static bool take_word(struct parser *p, struct span *out)
{
    skip_blanks(p);
    if (p->rest.n == 0 || strchr(";{}", p->rest.p[0]))
        return false;
    if (p->rest.p[0] == '"') {
        drop(p, 1);
        *out = (struct span){p->rest.p, span_find(p->rest, '"')};
        drop(p, out->n + 1);
        return true;
    }
    size_t n = 0;
    while (n < p->rest.n && !is_blank(p->rest.p[n]) && !strchr(";{}\"", p->rest.p[n]))
        n++;
    *out = (struct span){p->rest.p, n > 0 ? n : 1};
    drop(p, out->n);
    return true;
}

static void enter(struct parser *p, struct span name)
{
    if (p->depth < DEPTH_MAX) {
        p->above[p->depth] = p->name_n;
        int n = snprintf(p->name + p->name_n, sizeof(p->name) - p->name_n, "%s%.*s",
                         p->name_n > 0 ? "::" : "", (int)(name.n < 128 ? name.n : 128), name.p);
        size_t room = sizeof(p->name) - 1 - p->name_n;
        p->name_n += n > 0 ? ((size_t)n < room ? (size_t)n : room) : 0;
    }
    p->depth++;
}

static void leave(struct parser *p)
{
    if (p->depth == 0)
        return;
    p->depth--;
    if (p->depth < DEPTH_MAX) {
        p->name_n = p->above[p->depth];
        p->name[p->name_n] = '\0';
    }
}

/* name value; | "value"; | name { | } | #clear name; */
static void statement(struct parser *p)
{
    struct span name = {"", 0}, value = {"", 0}, more;
    bool named = take_word(p, &name), valued = named && take_word(p, &value);
    while (valued && take_word(p, &more))
        ;
    char end = p->rest.n > 0 ? p->rest.p[0] : ';';
    drop(p, 1);
    if (named && span_equal(name, SPAN("#clear")))
        set(p, value, SPAN(""));
    else if (named && span_starts(name, SPAN("#")))
        return;
    else if (end == '{')
        enter(p, name);
    else if (valued && p->depth <= DEPTH_MAX)
        set(p, name, value);
    if (end == '}')
        leave(p);
}

void apt_conf_parse(struct apt_conf *c, struct span text)
{
    struct parser p = {.conf = c, .rest = text};
    while (skip_blanks(&p), p.rest.n > 0)
        statement(&p);
}

static void take_file(void *ctx, const char *path, struct span text)
{
    (void)path;
    apt_conf_parse(ctx, text);
}

void apt_conf_read(const char *host_root, struct apt_conf *out)
{
    static const char *const endings[] = {"conf", "", NULL};
    *out = (struct apt_conf){0};
    out->unreadable = apt_folder_read(host_root, "/etc/apt/apt.conf.d", endings, take_file, out);
    apt_file_read(host_root, "/etc/apt/apt.conf", take_file, out);
}

bool apt_conf_bool(const struct apt_conf *c, enum apt_conf_key key, bool otherwise)
{
    static const char *const words[2][5] = {{"no", "false", "without", "off", "disable"},
                                            {"yes", "true", "with", "on", "enable"}};
    struct span value = span_of(c->value[key]);
    uint64_t number;
    if (span_to_u64(value, &number))
        return number != 0;
    for (size_t i = 0; i < 10; i++)
        if (span_equal_nocase(value, span_of(words[i / 5][i % 5])))
            return i / 5 == 1;
    return otherwise;
}

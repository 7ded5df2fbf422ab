#include "source/apt/sources.h"

#include "base/buf.h"
#include "base/mem.h"
#include "source/apt/files.h"
#include "source/deb/deb822.h"

#include <errno.h>

#define TEXT_SIZE 1024 /* of one URI, suite, name */

/* One line, or one stanza: lists of words apart from each other by blanks (in options by commas).
 */
struct entry {
    struct span uris, suites, components;
    struct span archs, archs_add, archs_remove; /* empty: all */
    bool trusted, no_expiry, signed_by;
};

struct reader {
    struct apt_sources *sources;
    const char *const *archs;
    size_t archs_n;
};

static void note_fault(struct apt_sources *s, const char *path, size_t line)
{
    if (s->faults++ == 0)
        snprintf(s->fault, sizeof(s->fault), "%.120s:%zu", path, line);
}

/* ---- names of files ---- */

/* What apt does not let stand in a file's name. */
static bool is_quoted(char c)
{
    return (unsigned char)c <= 0x20 || (unsigned char)c >= 0x7f ||
           strchr("\\|{}[]<>\"^~_=!@#$%&*", c);
}

static void put_file_name(struct buf *b, struct span text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] == '/')
            buf_put_byte(b, '_');
        else if (is_quoted(text.p[i]))
            buf_printf(b, "%%%02x", (unsigned char)text.p[i]);
        else
            buf_put_byte(b, text.p[i]);
    }
}

/* "http://user:secret@host:80/path" in its parts that matter. A file: has no host. */
struct uri {
    struct span scheme;    /* "http" */
    struct span authority; /* "host:80" */
    struct span host;
    struct span path;
};

static void split_uri(struct span text, struct uri *u)
{
    size_t colon = span_find(text, ':');
    struct span rest = {text.p + colon + (colon < text.n), text.n - colon - (colon < text.n)};
    *u = (struct uri){.scheme = {text.p, colon}, .path = rest};
    if (!span_starts(rest, SPAN("//")))
        return;
    rest.p += 2;
    rest.n -= 2;
    size_t slash = span_find(rest, '/');
    u->authority = (struct span){rest.p, slash};
    u->path = (struct span){rest.p + slash, rest.n - slash};
    for (size_t i = u->authority.n; i > 0; i--)
        if (u->authority.p[i - 1] == '@') {
            u->authority.p += i;
            u->authority.n -= i;
            break;
        }
    u->host = u->authority;
    if (span_starts(u->host, SPAN("["))) { /* an IPv6 address */
        u->host.p++;
        u->host.n--;
        u->host.n = span_find(u->host, ']');
    } else {
        u->host.n = span_find(u->host, ':');
    }
}

static char *file_name_of(struct span text)
{
    struct uri u;
    struct buf name = BUF_INIT(4 * TEXT_SIZE);
    split_uri(text, &u);
    put_file_name(&name, u.authority);
    if (u.path.n > 0 && u.path.p[0] != '/')
        buf_put_byte(&name, '_');
    put_file_name(&name, u.path);
    char *out = mem_text_span(buf_span(&name));
    buf_release(&name);
    return out;
}

/* ---- archives and their lists ---- */

static bool is_flat(struct span suite)
{
    return span_ends(suite, SPAN("/"));
}

/* The URI and the suite as the base of the archive's files. Name and password stay out of it. */
static void put_base(struct buf *b, const struct uri *uri, struct span suite, const char *arch)
{
    static const char variable[] = "$(ARCH)";
    buf_put_span(b, uri->scheme);
    buf_put_byte(b, ':');
    if (uri->authority.n > 0)
        buf_put_text(b, "//");
    buf_put_span(b, uri->authority);
    buf_put_span(b, uri->path);
    if (!span_ends(uri->path, SPAN("/")))
        buf_put_byte(b, '/');
    if (!is_flat(suite))
        buf_put_text(b, "dists/");
    else if (span_equal(suite, SPAN("/")))
        return;
    while (suite.n > 0) {
        size_t at = span_find_span(suite, SPAN("$(ARCH)"));
        buf_put(b, suite.p, at);
        if (at < suite.n) {
            buf_put_text(b, arch);
            at += sizeof(variable) - 1;
        }
        suite.p += at;
        suite.n -= at;
    }
    if (!span_ends(buf_span(b), SPAN("/")))
        buf_put_byte(b, '/');
}

/* The archive, an older entry for the same place or a new one; APT_ARCHIVES_MAX: no room. */
static size_t find_archive(const struct reader *r, const struct entry *e, struct span uri,
                           struct span suite)
{
    struct apt_sources *s = r->sources;
    struct buf base = BUF_INIT(4 * TEXT_SIZE);
    struct uri u;
    split_uri(uri, &u);
    put_base(&base, &u, suite, r->archs_n > 0 ? r->archs[0] : "");
    size_t i = 0;
    while (i < s->archives && !span_equal_text(buf_span(&base), s->archive[i].base))
        i++;
    if (i == s->archives && i < APT_ARCHIVES_MAX) {
        s->archive[s->archives++] = (struct apt_archive){.base = mem_text_span(buf_span(&base)),
                                                         .files = file_name_of(buf_span(&base)),
                                                         .site = mem_text_span(u.host),
                                                         .suite = mem_text_span(suite),
                                                         .trusted = e->trusted,
                                                         .no_expiry = e->no_expiry,
                                                         .signed_by = e->signed_by};
    }
    buf_release(&base);
    return i;
}

/* arch "": the one list of a flat archive. */
static void add_target(struct apt_sources *s, size_t archive, struct span component,
                       struct span arch)
{
    struct buf file = BUF_INIT(8 * TEXT_SIZE);
    buf_put_text(&file, s->archive[archive].files);
    if (arch.n > 0) {
        put_file_name(&file, component);
        buf_put_text(&file, "_binary-");
        put_file_name(&file, arch);
        buf_put_byte(&file, '_');
    }
    buf_put_text(&file, "Packages");
    bool there = file.failed;
    for (size_t i = 0; i < s->targets && !there; i++)
        there = span_equal_text(buf_span(&file), s->target[i].file);
    if (!there && s->targets < APT_TARGETS_MAX)
        s->target[s->targets++] = (struct apt_target){
            archive, mem_text_span(buf_span(&file)), mem_text_span(component), mem_text_span(arch)};
    else if (!there)
        s->left_out++;
    buf_release(&file);
}

/* ---- entries ---- */

/* Architectures stand apart by commas in one form and by blanks in the other. */
static bool take_item(struct span *rest, struct span *item)
{
    static const char between[] = " \t\r\n,";
    if (rest->n == 0)
        return false;
    while (rest->n > 0 && rest->p[0] && strchr(between, rest->p[0])) {
        rest->p++;
        rest->n--;
    }
    size_t n = 0;
    while (n < rest->n && !(rest->p[n] && strchr(between, rest->p[n])))
        n++;
    *item = (struct span){rest->p, n};
    rest->p += n;
    rest->n -= n;
    return n > 0;
}

static bool has_item(struct span list, struct span wanted)
{
    struct span item;
    while (take_item(&list, &item))
        if (span_equal(item, wanted))
            return true;
    return false;
}

static void add_component(const struct reader *r, const struct entry *e, size_t archive,
                          struct span component)
{
    struct span rest = e->archs.n > 0 ? e->archs : (struct span){"", 0}, arch;
    for (size_t i = 0; i < r->archs_n && e->archs.n == 0; i++)
        if (!has_item(e->archs_remove, span_of(r->archs[i])))
            add_target(r->sources, archive, component, span_of(r->archs[i]));
    while (take_item(&rest, &arch))
        add_target(r->sources, archive, component, arch);
    rest = e->archs_add;
    while (take_item(&rest, &arch))
        add_target(r->sources, archive, component, arch);
    add_target(r->sources, archive, component, SPAN("all"));
}

static bool add_suite(const struct reader *r, const struct entry *e, struct span uri,
                      struct span suite)
{
    struct span components = e->components, component;
    if (is_flat(suite) != (components.n == 0))
        return false;
    size_t archive = find_archive(r, e, uri, suite);
    if (archive == APT_ARCHIVES_MAX) {
        r->sources->left_out++;
        return true;
    }
    if (is_flat(suite))
        add_target(r->sources, archive, SPAN(""), SPAN(""));
    while (deb822_word(&components, &component))
        add_component(r, e, archive, component);
    return true;
}

/* False: it makes no sense. */
static bool add_entry(const struct reader *r, const struct entry *e)
{
    struct span uris = e->uris, uri, suite;
    bool any = false;
    while (deb822_word(&uris, &uri)) {
        struct span suites = e->suites;
        if (span_find(uri, ':') == uri.n || uri.n > TEXT_SIZE)
            return false;
        while (deb822_word(&suites, &suite)) {
            if (suite.n > TEXT_SIZE || !add_suite(r, e, uri, suite))
                return false;
            any = true;
        }
    }
    return any;
}

static bool is_yes(struct span value)
{
    static const char *const words[] = {"yes", "true", "with", "on", "enable", "1"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (span_equal_nocase(value, span_of(words[i])))
            return true;
    return false;
}

/* ---- sources.list: deb [option=value ...] uri suite component ... ---- */

/* A word; blanks between [ and ] belong to it (the label of a CD). */
static bool take_word(struct span *rest, struct span *word)
{
    int inside = 0;
    size_t n = 0;
    *rest = span_trim(*rest);
    while (n < rest->n && (inside > 0 || (rest->p[n] != ' ' && rest->p[n] != '\t'))) {
        inside += rest->p[n] == '[';
        inside -= rest->p[n] == ']' && inside > 0;
        n++;
    }
    *word = (struct span){rest->p, n};
    rest->p += n;
    rest->n -= n;
    return n > 0;
}

static void take_option(struct entry *e, struct span option)
{
    size_t equals = span_find(option, '=');
    if (equals == option.n)
        return;
    struct span name = {option.p, equals}, value = {option.p + equals + 1, option.n - equals - 1};
    if (span_equal(name, SPAN("arch")))
        e->archs = value;
    else if (span_equal(name, SPAN("arch+")))
        e->archs_add = value;
    else if (span_equal(name, SPAN("arch-")))
        e->archs_remove = value;
    else if (span_equal(name, SPAN("trusted")))
        e->trusted = is_yes(value);
    else if (span_equal(name, SPAN("check-valid-until")))
        e->no_expiry = !is_yes(value);
    else if (span_equal(name, SPAN("signed-by")))
        e->signed_by = true;
}

static bool parse_line(const struct reader *r, struct span line)
{
    struct entry e = {.trusted = false};
    struct span type, word;
    line.n = span_find(line, '#');
    if (!take_word(&line, &type) || span_equal(type, SPAN("deb-src")))
        return true;
    if (!span_equal(type, SPAN("deb")))
        return false;
    line = span_trim(line);
    if (span_starts(line, SPAN("["))) {
        struct span options = {line.p + 1, span_find(line, ']') - 1};
        if (options.n + 2 > line.n)
            return false;
        line.p += options.n + 2;
        line.n -= options.n + 2;
        while (deb822_word(&options, &word))
            take_option(&e, word);
    }
    if (!take_word(&line, &e.uris) || !take_word(&line, &e.suites))
        return false;
    e.components = span_trim(line);
    return add_entry(r, &e);
}

static void parse_lines(const struct reader *r, const char *path, struct span text)
{
    struct span line;
    for (size_t number = 1; span_take_line(&text, &line); number++)
        if (!parse_line(r, line))
            note_fault(r->sources, path, number);
}

/* ---- *.sources ---- */

static bool parse_stanza(const struct reader *r, const struct deb822_stanza *s)
{
    struct span enabled = deb822_get(s, "Enabled"), types = deb822_get(s, "Types"), type;
    struct span expiry = deb822_get(s, "Check-Valid-Until");
    struct entry e = {.uris = deb822_get(s, "URIs"),
                      .suites = deb822_get(s, "Suites"),
                      .components = span_trim(deb822_get(s, "Components")),
                      .archs = span_trim(deb822_get(s, "Architectures")),
                      .archs_add = deb822_get(s, "Architectures-Add"),
                      .archs_remove = deb822_get(s, "Architectures-Remove"),
                      .trusted = is_yes(deb822_get(s, "Trusted")),
                      .no_expiry = expiry.n > 0 && !is_yes(expiry),
                      .signed_by = deb822_get(s, "Signed-By").n > 0};
    bool binary = false, known = false;
    if (enabled.n > 0 && !is_yes(enabled))
        return true;
    while (deb822_word(&types, &type)) {
        binary = binary || span_equal(type, SPAN("deb"));
        known = known || span_equal(type, SPAN("deb-src"));
    }
    return binary ? add_entry(r, &e) : known;
}

static void parse_stanzas(const struct reader *r, const char *path, struct span text)
{
    struct deb822 d = {text, 0};
    struct deb822_stanza s;
    while (deb822_next(&d, &s))
        if (!parse_stanza(r, &s))
            note_fault(r->sources, path, s.line);
}

/* ---- all of it ---- */

void apt_sources_init(struct apt_sources *s)
{
    *s = (struct apt_sources){.target = mem_new(APT_TARGETS_MAX, sizeof(*s->target))};
}

void apt_sources_parse(struct apt_sources *s, const char *path, struct span text,
                       const char *const *archs, size_t archs_n)
{
    struct reader r = {s, archs, archs_n};
    if (span_ends(span_of(path), SPAN(".sources")))
        parse_stanzas(&r, path, text);
    else
        parse_lines(&r, path, text);
}

static void take_file(void *ctx, const char *path, struct span text)
{
    const struct reader *r = ctx;
    apt_sources_parse(r->sources, path, text, r->archs, r->archs_n);
}

void apt_sources_read(const char *host_root, const char *const *archs, size_t archs_n,
                      struct apt_sources *out)
{
    static const char *const endings[] = {"list", "sources", NULL};
    static const char main_file[] = "/etc/apt/sources.list";
    struct reader r = {out, archs, archs_n};
    apt_sources_init(out);
    int rc = apt_file_read(host_root, main_file, take_file, &r);
    if (rc != 0 && rc != -ENOENT)
        note_fault(out, main_file, 0);
    out->faults += apt_folder_read(host_root, "/etc/apt/sources.list.d", endings, take_file, &r);
}

void apt_sources_release(struct apt_sources *s)
{
    for (size_t i = 0; i < s->archives; i++) {
        free(s->archive[i].base);
        free(s->archive[i].files);
        free(s->archive[i].site);
        free(s->archive[i].suite);
    }
    for (size_t i = 0; i < s->targets; i++) {
        free(s->target[i].file);
        free(s->target[i].component);
        free(s->target[i].arch);
    }
    free(s->target);
    *s = (struct apt_sources){.archives = 0};
}

#include "source/apt/pins.h"

#include "base/mem.h"
#include "base/text.h"
#include "source/apt/files.h"
#include "source/apt/pattern.h"
#include "source/deb/deb822.h"

#include <errno.h>

enum pin_kind { PIN_VERSION, PIN_SOURCE_VERSION, PIN_RELEASE, PIN_ORIGIN };
enum { BY_ARCHIVE, BY_CODENAME, BY_VERSION, BY_ORIGIN, BY_LABEL, BY_COMPONENT, BY_ARCH, BY_N };

struct apt_pin {
    enum pin_kind kind;
    int priority;
    bool general; /* of everything ("Package: *") */
    /* which packages */
    bool by_source, is_pattern;
    struct apt_pattern package;
    char *arch; /* NULL: the host's own */
    /* which versions */
    bool everything;             /* release * */
    bool by_name;                /* release NAME: archive or codename */
    struct apt_pattern by[BY_N]; /* text NULL: does not matter */
    struct apt_pattern match;    /* version or origin */
    bool prefix;                 /* the version goes on behind it */
};

/* ---- what a pin matches ---- */

static bool has_prefix_nocase(const char *text, const char *prefix, bool longer)
{
    size_t n = strlen(prefix), m = strlen(text);
    return (longer ? m >= n : m == n) &&
           span_equal_nocase((struct span){text, n}, (struct span){prefix, n});
}

static bool matches_version(const struct apt_pin *pin, const struct apt_pattern *p,
                            const char *version)
{
    return p->text &&
           (has_prefix_nocase(version, p->text, pin->prefix) || apt_pattern_matches(p, version));
}

static bool matches_release(const struct apt_pin *pin, const struct apt_origin *o)
{
    const char *const of[BY_N] = {o->archive, o->codename,  o->version, o->origin,
                                  o->label,   o->component, o->arch};
    bool any = false;
    if (pin->everything)
        return true;
    if (pin->by_name)
        return (o->archive && apt_pattern_matches(&pin->match, o->archive)) ||
               (o->codename && apt_pattern_matches(&pin->match, o->codename));
    for (size_t i = 0; i < BY_N; i++) {
        const struct apt_pattern *p = &pin->by[i];
        if (!p->text)
            continue;
        any = true;
        if (!of[i] ||
            !(i == BY_VERSION ? matches_version(pin, p, of[i]) : apt_pattern_matches(p, of[i])))
            return false;
    }
    return any;
}

static bool matches_origin(const struct apt_pin *pin, const struct apt_origin *o)
{
    const char *site = o->site ? o->site : "";
    if (pin->match.text && pin->match.text[0] == '\0' && o->archive &&
        strcmp(o->archive, "now") == 0)
        return false; /* the status file is no local archive */
    return apt_pattern_matches(&pin->match, site);
}

static bool matches_file(const struct apt_pin *pin, const struct apt_origin *o)
{
    if (pin->kind == PIN_RELEASE)
        return matches_release(pin, o);
    return pin->kind == PIN_ORIGIN && matches_origin(pin, o);
}

static bool matches_package(const struct apt_pin *pin, const struct apt_version *v,
                            const char *native)
{
    const char *name = pin->by_source ? v->source : v->package;
    const char *arch = strcmp(v->arch, "all") == 0 ? native : v->arch;
    const char *wanted = pin->arch ? pin->arch : native;
    if (strcmp(wanted, "any") != 0 && strcmp(wanted, arch) != 0)
        return false;
    return pin->is_pattern ? apt_pattern_matches(&pin->package, name)
                           : pin->package.text && strcmp(pin->package.text, name) == 0;
}

int apt_pins_rank(const struct apt_pins *p, const struct apt_origin *o)
{
    int rank = o->priority;
    bool fixed = false;
    for (size_t i = 0; i < p->n && rank != APT_PIN_NEVER; i++) {
        const struct apt_pin *pin = &p->pin[i];
        if (!pin->general || (fixed && pin->priority != APT_PIN_NEVER) || !matches_file(pin, o))
            continue;
        rank = pin->priority;
        fixed = true;
    }
    return rank;
}

bool apt_pins_version(const struct apt_pins *p, const struct apt_version *v, const char *native,
                      int *priority)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct apt_pin *pin = &p->pin[i];
        bool match = false;
        if (pin->general || !matches_package(pin, v, native))
            continue;
        if (pin->kind == PIN_VERSION || pin->kind == PIN_SOURCE_VERSION)
            match = matches_version(pin, &pin->match,
                                    pin->kind == PIN_VERSION ? v->version : v->source_version);
        for (size_t j = 0; j < v->origins_n && !match; j++)
            match = matches_file(pin, v->origins[j]);
        if (match) {
            *priority = pin->priority;
            return true;
        }
    }
    return false;
}

/* ---- reading ---- */

static void note_fault(struct apt_pins *p, const char *path, size_t line)
{
    if (p->faults++ == 0)
        snprintf(p->fault, sizeof(p->fault), "%.120s:%zu", path, line);
}

static void release_pin(struct apt_pin *pin)
{
    apt_pattern_release(&pin->package);
    apt_pattern_release(&pin->match);
    for (size_t i = 0; i < BY_N; i++)
        apt_pattern_release(&pin->by[i]);
    free(pin->arch);
}

/* A version's pattern; a star at its end is the prefix. */
static bool set_version(struct apt_pin *pin, struct apt_pattern *to, struct span text)
{
    pin->prefix = span_ends(text, SPAN("*"));
    text.n -= pin->prefix;
    return apt_pattern_set(to, text);
}

/* "a=stable,l=Debian"; the letters are in the order of BY_ARCHIVE and so on. */
static bool set_release_part(struct apt_pin *pin, struct span part)
{
    static const char letters[BY_N] = {'a', 'n', 'v', 'o', 'l', 'c', 'b'};
    if (part.n < 3 || part.p[1] != '=')
        return true;
    struct span value = {part.p + 2, part.n - 2};
    for (size_t i = 0; i < BY_N; i++)
        if ((part.p[0] | 0x20) == letters[i] && !pin->by[i].text)
            return i == BY_VERSION ? set_version(pin, &pin->by[i], value)
                                   : apt_pattern_set(&pin->by[i], value);
    return true;
}

static bool set_release_parts(struct apt_pin *pin, struct span text)
{
    struct span part;
    bool good = true;
    while (good && span_take_until(&text, ',', &part))
        good = set_release_part(pin, span_trim(part));
    return good;
}

static bool set_release(struct apt_pin *pin, struct span text)
{
    if (span_equal(text, SPAN("*"))) {
        pin->everything = true;
        return true;
    }
    if (span_find(text, '=') < text.n)
        return set_release_parts(pin, text);
    if (text.n > 0 && text.p[0] >= '0' && text.p[0] <= '9')
        return set_version(pin, &pin->by[BY_VERSION], text);
    pin->by_name = true;
    return apt_pattern_set(&pin->match, text);
}

static bool set_match(struct apt_pin *pin, struct span text)
{
    if (pin->kind == PIN_RELEASE)
        return set_release(pin, text);
    if (pin->kind != PIN_ORIGIN)
        return set_version(pin, &pin->match, text);
    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        text = (struct span){text.p + 1, text.n - 2};
    return apt_pattern_set(&pin->match, text);
}

/* Its place, or s.n. */
static size_t find_last(struct span s, char c)
{
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == c)
            return i - 1;
    return s.n;
}

/* "name", "name:arch", "src:name", a pattern or an expression */
static bool set_package(struct apt_pin *pin, struct span name)
{
    if (name.n > 4 && span_starts(name, SPAN("src:"))) {
        pin->by_source = true;
        name.p += 4;
        name.n -= 4;
    }
    size_t colon = find_last(name, ':');
    if (colon < name.n) {
        pin->arch = mem_text_span((struct span){name.p + colon + 1, name.n - colon - 1});
        name.n = colon;
    }
    bool expression = name.n > 1 && name.p[0] == '/' && name.p[name.n - 1] == '/';
    pin->is_pattern = expression || span_find(name, '*') < name.n ||
                      span_find(name, '[') < name.n || span_find(name, '?') < name.n;
    return apt_pattern_set(&pin->package, name);
}

/* One pin; name is empty for a general one. False: it cannot be used. */
static bool add_pin(struct apt_pins *p, enum pin_kind kind, struct span name, struct span match,
                    int priority)
{
    struct apt_pin pin = {.kind = kind, .priority = priority, .general = name.n == 0};
    if (p->n == APT_PINS_MAX || !set_match(&pin, match) ||
        (!pin.general && !set_package(&pin, name))) {
        release_pin(&pin);
        return false;
    }
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 16;
        p->pin = mem_grow(p->pin, p->room, sizeof(*p->pin));
    }
    p->pin[p->n++] = pin;
    return true;
}

static bool kind_of(struct span word, enum pin_kind *kind)
{
    static const char *const names[] = {"version", "source-version", "release", "origin"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal_nocase(word, span_of(names[i]))) {
            *kind = (enum pin_kind)i;
            return true;
        }
    return false;
}

static bool priority_of(struct span text, bool general, int *out)
{
    int64_t n;
    if (span_equal(text, SPAN("never"))) {
        *out = APT_PIN_NEVER;
        return general;
    }
    if (!span_to_i64(text, &n) || n < APT_PIN_NEVER || n > 32767 || n == 0)
        return false;
    *out = n == APT_PIN_NEVER ? APT_PIN_NEVER + 1 : (int)n;
    return true;
}

static bool parse_record(struct apt_pins *p, const struct deb822_stanza *s)
{
    struct span names = deb822_get(s, "Package"), rest = deb822_get(s, "Pin"), word, name;
    struct span priority_text = deb822_get(s, "Pin-Priority");
    bool general = span_equal(span_trim(names), SPAN("*")), good = true;
    enum pin_kind kind;
    int priority;
    if (names.n == 0)
        return false;
    if (rest.n == 0)
        return true;
    if (!deb822_word(&rest, &word) || !kind_of(word, &kind) || (general && kind < PIN_RELEASE) ||
        !priority_of(priority_text, general, &priority))
        return false;
    rest = span_trim(rest);
    if (general)
        return add_pin(p, kind, SPAN(""), rest, priority);
    while (deb822_word(&names, &name))
        good = add_pin(p, kind, name, rest, priority) && good;
    return good;
}

void apt_pins_parse(struct apt_pins *p, const char *path, struct span text)
{
    struct deb822 d = {text, 0};
    struct deb822_stanza s;
    while (deb822_next(&d, &s))
        if (!parse_record(p, &s))
            note_fault(p, path, s.line);
}

static void take_file(void *ctx, const char *path, struct span text)
{
    apt_pins_parse(ctx, path, text);
}

void apt_pins_init(struct apt_pins *p)
{
    *p = (struct apt_pins){.n = 0};
}

void apt_pins_read(const char *host_root, const char *default_release, struct apt_pins *out)
{
    static const char *const endings[] = {"pref", "", NULL};
    static const char main_file[] = "/etc/apt/preferences";
    apt_pins_init(out);
    if (default_release[0] && !add_pin(out, PIN_RELEASE, SPAN(""), span_of(default_release), 990))
        note_fault(out, "APT::Default-Release", 0);
    int rc = apt_file_read(host_root, main_file, take_file, out);
    if (rc != 0 && rc != -ENOENT)
        note_fault(out, main_file, 0);
    out->faults += apt_folder_read(host_root, "/etc/apt/preferences.d", endings, take_file, out);
}

void apt_pins_release(struct apt_pins *p)
{
    for (size_t i = 0; i < p->n; i++)
        release_pin(&p->pin[i]);
    free(p->pin);
    *p = (struct apt_pins){.n = 0};
}

#include "source/patch/packages.h"

#include "base/mem.h"
#include "base/sha256.h"

#define FNV_START 14695981039346656037u
#define FNV_PRIME 1099511628211u

const char *const package_fields[] = {
    [PACKAGE_NAME] = "Package",
    [PACKAGE_ARCH] = "Architecture",
    [PACKAGE_VERSION] = "Version",
    [PACKAGE_SOURCE] = "Source",
    [PACKAGE_STATUS] = "Status",
    [PACKAGE_PHASE] = "Phased-Update-Percentage",
    /* what apt tells two builds of one version apart by */
    [PACKAGE_FIRST_PIECE] = "Installed-Size",
    "Depends",
    "Pre-Depends",
    "Conflicts",
    "Breaks",
    "Replaces",
    "Multi-Arch",
    NULL,
};

/* ---- stanzas ---- */

/* Without blanks and with <= as <: dpkg writes both its own way. */
void package_build_piece(struct package_build *b, size_t field, struct span piece)
{
    if (field < PACKAGE_FIRST_PIECE || field >= PACKAGE_FIELDS)
        return;
    if (field == PACKAGE_FIELDS - 1 && span_equal_nocase(span_trim(piece), SPAN("no")))
        return; /* Multi-Arch: no is what goes without saying */
    uint64_t hash = b->field[field] ? b->field[field] : FNV_START;
    char last = b->last[field];
    for (size_t i = 0; i < piece.n; i++) {
        char c = piece.p[i];
        if (c == ' ' || c == '\t' || c == '\r' || (c == '=' && (last == '<' || last == '>')))
            continue;
        last = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        hash = (hash ^ (unsigned char)last) * FNV_PRIME;
    }
    b->field[field] = hash;
    b->last[field] = last;
}

/* A build for all architectures is another one, whatever else it says. */
uint64_t package_build_end(struct package_build *b, struct span arch)
{
    uint64_t all = FNV_START + span_equal(arch, SPAN("all"));
    for (size_t i = PACKAGE_FIRST_PIECE; i < PACKAGE_FIELDS; i++)
        all = (all ^ b->field[i]) * FNV_PRIME;
    memset(b, 0, sizeof(*b));
    return all;
}

void package_take_source(struct span field, struct span name, struct span version, char **source,
                         char **source_version)
{
    size_t open = span_find(field, '(');
    struct span source_name = span_trim((struct span){field.p, open});
    *source = *source_version = NULL;
    if (source_name.n > 0 && !span_equal(source_name, name))
        *source = mem_text_span(source_name);
    if (open == field.n)
        return;
    struct span inside = {field.p + open + 1, field.n - open - 1};
    inside = span_trim((struct span){inside.p, span_find(inside, ')')});
    if (inside.n > 0 && !span_equal(inside, version))
        *source_version = mem_text_span(inside);
}

/* ---- installed ---- */

static void link_by_name(struct packages *p, struct span name)
{
    uintptr_t first = (uintptr_t)map_get(p->by_name, name);
    if (first == 0) {
        map_set(p->by_name, name, (void *)(uintptr_t)p->n, NULL);
        return;
    }
    struct package *last = &p->items[first - 1];
    while (last->same_name)
        last = &p->items[last->same_name - 1];
    last->same_name = p->n;
}

static void add_package(struct packages *p, const struct span *v, uint64_t build, bool held)
{
    if (p->n == PACKAGES_MAX)
        return;
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 1024;
        p->items = mem_grow(p->items, p->room, sizeof(*p->items));
    }
    struct package *new = &p->items[p->n++];
    *new = (struct package){.name = mem_text_span(v[PACKAGE_NAME]),
                            .arch = mem_text_span(v[PACKAGE_ARCH]),
                            .version = mem_text_span(v[PACKAGE_VERSION]),
                            .build = build,
                            .held = held};
    package_take_source(v[PACKAGE_SOURCE], v[PACKAGE_NAME], v[PACKAGE_VERSION], &new->source,
                        &new->source_version);
    if (span_equal(v[PACKAGE_NAME], SPAN("dpkg")) && !span_equal(v[PACKAGE_ARCH], SPAN("all")))
        span_copy(v[PACKAGE_ARCH], p->native, sizeof(p->native));
    link_by_name(p, v[PACKAGE_NAME]);
}

struct status_reader {
    struct packages *packages;
    struct package_build build;
};

/* "want flag state": everything but what is gone, or has left only its configuration. */
static bool take_installed(void *ctx, const struct span *v)
{
    struct status_reader *r = ctx;
    struct span status = v[PACKAGE_STATUS];
    uint64_t build = package_build_end(&r->build, v[PACKAGE_ARCH]);
    bool installed = status.n > 0 && !span_ends(status, SPAN(" not-installed")) &&
                     !span_ends(status, SPAN(" config-files"));
    if (installed && v[PACKAGE_NAME].n > 0 && v[PACKAGE_VERSION].n > 0)
        add_package(r->packages, v, build, span_starts(status, SPAN("hold ")));
    return true;
}

static void take_piece(void *ctx, size_t field, struct span piece)
{
    struct status_reader *r = ctx;
    package_build_piece(&r->build, field, piece);
}

static void make_digest(struct packages *p)
{
    struct sha256 s;
    sha256_init(&s);
    for (size_t i = 0; i < p->n; i++) {
        const char *parts[] = {p->items[i].name, p->items[i].arch, p->items[i].version};
        for (size_t j = 0; j < 3; j++)
            sha256_update(&s, parts[j], strlen(parts[j]) + 1);
    }
    sha256_final(&s, p->digest);
}

/* With text, or from the file. */
static int read_status(struct packages *p, struct span text, const char *path)
{
    struct status_reader status = {.packages = p};
    struct deb_reader *r = mem_new(1, sizeof(*r));
    struct span line;
    int rc = 0;
    *p = (struct packages){.by_name = map_new(PACKAGES_MAX)};
    deb_reader_init(r, package_fields, take_installed, &status);
    r->piece = take_piece;
    if (path) {
        rc = deb_read_file(path, r);
    } else {
        while (span_take_until(&text, '\n', &line))
            deb_reader_line(r, line);
        deb_reader_end(r);
    }
    free(r);
    make_digest(p);
    return rc;
}

void packages_parse_status(struct packages *p, struct span text)
{
    read_status(p, text, NULL);
}

int packages_read(const char *host_root, struct packages *out, struct error *e)
{
    char path[4200];
    snprintf(path, sizeof(path), "%s/var/lib/dpkg/status", host_root);
    int rc = read_status(out, SPAN(""), path);
    if (rc != 0)
        error_set(e, "%s: cannot be read: %s", path, error_text(rc));
    return rc;
}

void packages_release(struct packages *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct package *q = &p->items[i];
        char *texts[] = {q->name,           q->arch,      q->version, q->source,
                         q->source_version, q->candidate, q->suite};
        for (size_t j = 0; j < sizeof(texts) / sizeof(texts[0]); j++)
            free(texts[j]);
    }
    free(p->items);
    map_free(p->by_name, NULL);
    *p = (struct packages){0};
}

static struct span own_arch(const struct packages *p, struct span arch)
{
    return span_equal(arch, SPAN("all")) ? span_of(p->native) : arch;
}

struct package *packages_find(const struct packages *p, struct span name, struct span arch)
{
    size_t at = (size_t)(uintptr_t)map_get(p->by_name, name);
    arch = own_arch(p, arch);
    while (at) {
        struct package *item = &p->items[at - 1];
        if (span_equal(own_arch(p, span_of(item->arch)), arch))
            return item;
        at = item->same_name;
    }
    return NULL;
}

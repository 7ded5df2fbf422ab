#include "source/patch_packages.h"

#include "base/mem.h"
#include "base/sha256.h"
#include "base/slurp.h"
#include "platform/file.h"
#include "source/deb_control.h"
#include "source/deb_version.h"

#include <errno.h>

#define LISTS_MAX   512
#define RELEASE_MAX (1024 * 1024)

/* ---- installed ---- */

static struct span key_of(struct span name, struct span arch, char *out, size_t size)
{
    int n = snprintf(out, size, "%.*s %.*s", (int)name.n, name.p, (int)arch.n, arch.p);
    return (struct span){out, n > 0 && (size_t)n < size ? (size_t)n : 0};
}

static void add_package(struct packages *p, struct span name, struct span arch, struct span version)
{
    char key[2 * DEB_VALUE_MAX + 2];
    if (p->n == PACKAGES_MAX)
        return;
    if (p->n == p->room) {
        p->room = p->room ? 2 * p->room : 256;
        p->items = mem_grow(p->items, p->room, sizeof(*p->items));
    }
    p->items[p->n++] = (struct package){.name = mem_text_span(name),
                                        .arch = mem_text_span(arch),
                                        .version = mem_text_span(version)};
    map_set(p->by_key, key_of(name, arch, key, sizeof(key)), (void *)(uintptr_t)p->n, NULL);
}

enum { STATUS_PACKAGE, STATUS_STATUS, STATUS_ARCH, STATUS_VERSION };
static const char *const status_fields[] = {"Package", "Status", "Architecture", "Version", NULL};

static bool take_installed(void *ctx, const struct span *v)
{
    bool installed = span_ends(v[STATUS_STATUS], SPAN(" installed"));
    if (installed && v[STATUS_PACKAGE].n > 0 && v[STATUS_VERSION].n > 0)
        add_package(ctx, v[STATUS_PACKAGE], v[STATUS_ARCH], v[STATUS_VERSION]);
    return true;
}

static void init(struct packages *p)
{
    *p = (struct packages){.by_key = map_new(PACKAGES_MAX)};
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

static void parse_text(struct deb_reader *r, struct span text)
{
    struct span line;
    while (span_take_until(&text, '\n', &line))
        deb_reader_line(r, line);
    deb_reader_end(r);
}

void packages_parse_status(struct packages *p, struct span text)
{
    struct deb_reader *r = mem_new(1, sizeof(*r));
    init(p);
    deb_reader_init(r, status_fields, take_installed, p);
    parse_text(r, text);
    make_digest(p);
    free(r);
}

int packages_read(const char *host_root, struct packages *out, struct error *e)
{
    char path[4200];
    struct deb_reader *r = mem_new(1, sizeof(*r));
    init(out);
    snprintf(path, sizeof(path), "%s/var/lib/dpkg/status", host_root);
    deb_reader_init(r, status_fields, take_installed, out);
    int rc = deb_read_file(path, r);
    free(r);
    if (rc != 0)
        error_set(e, "%s: cannot be read: %s", path, error_text(rc));
    make_digest(out);
    return rc;
}

void packages_release(struct packages *p)
{
    for (size_t i = 0; i < p->n; i++) {
        free(p->items[i].name);
        free(p->items[i].arch);
        free(p->items[i].version);
        free(p->items[i].candidate);
    }
    free(p->items);
    map_free(p->by_key, NULL);
    *p = (struct packages){0};
}

/* ---- offered ---- */

enum { LIST_PACKAGE, LIST_ARCH, LIST_VERSION };
static const char *const list_fields[] = {"Package", "Architecture", "Version", NULL};

struct list {
    struct packages *packages;
    bool security;
};

/* Architecture "all" serves whatever architecture is installed, and the other way round. */
static struct package *find_installed(const struct packages *p, struct span name, struct span arch)
{
    char key[2 * DEB_VALUE_MAX + 2];
    uintptr_t at = (uintptr_t)map_get(p->by_key, key_of(name, arch, key, sizeof(key)));
    if (at == 0)
        at = (uintptr_t)map_get(p->by_key, key_of(name, SPAN("all"), key, sizeof(key)));
    return at ? &p->items[at - 1] : NULL;
}

static bool take_offered(void *ctx, const struct span *v)
{
    const struct list *list = ctx;
    struct package *p = find_installed(list->packages, v[LIST_PACKAGE], v[LIST_ARCH]);
    if (!p || deb_version_compare(v[LIST_VERSION], span_of(p->version)) <= 0)
        return true;
    p->security = p->security || list->security;
    if (!p->candidate || deb_version_compare(v[LIST_VERSION], span_of(p->candidate)) > 0) {
        free(p->candidate);
        p->candidate = mem_text_span(v[LIST_VERSION]);
    }
    return true;
}

void packages_parse_list(struct packages *p, struct span text, bool security)
{
    struct deb_reader *r = mem_new(1, sizeof(*r));
    struct list list = {p, security};
    deb_reader_init(r, list_fields, take_offered, &list);
    parse_text(r, text);
    free(r);
}

void packages_parse_release(struct span text, struct release_facts *out)
{
    struct span line, suite = {"", 0}, label = {"", 0};
    *out = (struct release_facts){0};
    while (span_take_line(&text, &line)) {
        size_t colon = span_find(line, ':');
        if (colon == line.n)
            continue;
        struct span name = {line.p, colon};
        struct span value = span_trim((struct span){line.p + colon + 1, line.n - colon - 1});
        if (span_equal(name, SPAN("NotAutomatic")))
            out->not_automatic = span_equal(value, SPAN("yes"));
        else if (span_equal(name, SPAN("Suite")))
            suite = value;
        else if (span_equal(name, SPAN("Label")))
            label = value;
        else if (span_equal(name, SPAN("SHA256")))
            break; /* what follows are the files */
    }
    out->security = span_ends(suite, SPAN("-security")) || span_ends(label, SPAN("-Security"));
}

/* "<archive>_<component>_binary-<arch>_Packages" belongs to "<archive>_InRelease". */
static void read_release(const char *folder, struct span list_name, struct release_facts *out)
{
    static const char *const endings[] = {"InRelease", "Release"};
    int underscores = 0;
    size_t n = list_name.n;
    while (n > 0 && underscores < 3)
        underscores += list_name.p[--n] == '_';
    *out = (struct release_facts){0};
    for (size_t i = 0; i < 2; i++) {
        char path[4600];
        struct buf text = BUF_INIT(RELEASE_MAX);
        snprintf(path, sizeof(path), "%s/%.*s_%s", folder, (int)n, list_name.p, endings[i]);
        bool found = slurp_untrusted(path, &text) == 0;
        if (found)
            packages_parse_release(buf_span(&text), out);
        buf_release(&text);
        if (found)
            return;
    }
}

static bool is_packed_list(struct span name)
{
    return span_ends(name, SPAN("_Packages.lz4")) || span_ends(name, SPAN("_Packages.xz")) ||
           span_ends(name, SPAN("_Packages.gz"));
}

static void read_list(struct packages *p, const char *folder, const char *name)
{
    struct release_facts release;
    char path[4600];
    read_release(folder, span_of(name), &release);
    if (release.not_automatic)
        return;
    struct deb_reader *r = mem_new(1, sizeof(*r));
    struct list list = {p, release.security};
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    deb_reader_init(r, list_fields, take_offered, &list);
    if (deb_read_file(path, r) == 0) {
        p->lists++;
    } else {
        p->lists_unreadable++;
        span_copy(span_of(name), p->unreadable, sizeof(p->unreadable));
    }
    free(r);
}

int packages_read_lists(const char *host_root, struct packages *p, struct error *e)
{
    char folder[4200];
    struct folder *d;
    const char *name;
    enum file_type type;
    snprintf(folder, sizeof(folder), "%s/var/lib/apt/lists", host_root);
    int rc = folder_open(folder, &d);
    if (rc != 0) {
        error_set(e, "%s: cannot be read: %s", folder, error_text(rc));
        return rc;
    }
    for (int i = 0; i < LISTS_MAX && folder_next(d, &name, &type) == 1; i++) {
        struct span s = span_of(name);
        if (is_packed_list(s)) {
            p->lists_unreadable++;
            span_copy(s, p->unreadable, sizeof(p->unreadable));
        } else if (span_ends(s, SPAN("_Packages"))) {
            read_list(p, folder, name);
        }
    }
    folder_close(d);
    return 0;
}

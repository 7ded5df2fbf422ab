/* Before the first list is read: the sources, what their Release files say, and the pins. */
#include "source/patch/lists_self.h"

#include "base/mem.h"
#include "base/slurp.h"
#include "platform/file.h"
#include "platform/host.h"
#include "source/apt/files.h"

/* ---- architectures ---- */

struct archs {
    char text[APT_ARCHS_MAX][32];
    const char *list[APT_ARCHS_MAX];
    size_t n;
};

static void add_arch(struct archs *a, struct span name)
{
    name = span_trim(name);
    if (name.n == 0 || a->n == APT_ARCHS_MAX)
        return;
    for (size_t i = 0; i < a->n; i++)
        if (span_equal_text(name, a->list[i]))
            return;
    span_copy(name, a->text[a->n], sizeof(a->text[0]));
    a->list[a->n] = a->text[a->n];
    a->n++;
}

static void take_archs(void *ctx, const char *path, struct span text)
{
    struct span line;
    (void)path;
    while (span_take_line(&text, &line))
        add_arch(ctx, line);
}

/* The host's own first: as apt is told, as dpkg was built, as we were built. */
static void find_archs(const char *host_root, const struct apt_conf *conf, struct packages *p,
                       struct archs *a)
{
    struct host_info host;
    if (conf->value[APT_ARCHITECTURE][0])
        span_copy(span_of(conf->value[APT_ARCHITECTURE]), p->native, sizeof(p->native));
    if (p->native[0] == '\0') {
        host_read(host_root, &host);
        span_copy(span_of(host.arch), p->native, sizeof(p->native));
    }
    add_arch(a, span_of(p->native));
    apt_file_read(host_root, "/var/lib/dpkg/arch", take_archs, a);
}

/* ---- archives ---- */

static bool is_there(const char *folder, const char *files, const char *name)
{
    char path[PATCH_LISTS_PATH];
    struct file_info info;
    snprintf(path, sizeof(path), "%s/%s%s", folder, files, name);
    return file_info_at(path, &info) == 0;
}

static void read_archive(const char *folder, const struct apt_archive *a, int64_t now_ms,
                         struct archive *out)
{
    static const char *const names[] = {"InRelease", "Release"};
    out->state = ARCHIVE_NO_RELEASE;
    for (size_t i = 0; i < 2 && out->state == ARCHIVE_NO_RELEASE; i++) {
        char path[PATCH_LISTS_PATH];
        struct buf text = BUF_INIT(APT_RELEASE_MAX);
        snprintf(path, sizeof(path), "%s/%s%s", folder, a->files, names[i]);
        if (slurp_untrusted(path, &text) == 0) {
            apt_release_parse(buf_span(&text), &out->release);
            out->release_there = true;
            bool clear_signed =
                span_find_span(buf_span(&text), SPAN("-----BEGIN PGP SIGNATURE")) < text.n;
            bool has_signature = clear_signed || is_there(folder, a->files, "Release.gpg");
            out->state = has_signature ? ARCHIVE_FINE : ARCHIVE_UNSIGNED;
        }
        buf_release(&text);
    }
    if (a->trusted && out->state != ARCHIVE_FINE)
        out->state = ARCHIVE_TRUSTED;
    if (out->release.valid_until > 0 && now_ms > out->release.valid_until && !a->no_expiry &&
        out->state >= ARCHIVE_EXPIRED)
        out->state = ARCHIVE_EXPIRED;
}

static const char *said(const char *text)
{
    return text[0] ? text : NULL;
}

/* ---- where versions come from ---- */

static int usual_priority(const struct apt_release *r)
{
    if (r->but_automatic_upgrades)
        return 100;
    return r->not_automatic ? 1 : 500;
}

void patch_lists_make_origins(struct patch_lists *l)
{
    size_t n = l->sources.targets;
    l->origin = mem_new(n + 1, sizeof(*l->origin));
    for (size_t i = 0; i < n; i++) {
        const struct apt_target *t = &l->sources.target[i];
        const struct apt_release *r = &l->archive[t->archive].release;
        l->origin[i] = (struct apt_origin){said(r->suite),   said(r->codename),
                                           said(r->version), said(r->origin),
                                           said(r->label),   said(t->component),
                                           said(t->arch),    l->sources.archive[t->archive].site,
                                           usual_priority(r)};
    }
    l->origin[n] =
        (struct apt_origin){.archive = "now", .component = "now", .site = "", .priority = 100};
    for (size_t i = 0; i <= n; i++)
        l->origin[i].priority = apt_pins_rank(&l->pins, &l->origin[i]);
}

static void take_machine_id(void *ctx, const char *path, struct span text)
{
    (void)path;
    span_copy(span_trim(text), ctx, APT_CONF_VALUE);
}

/* When apt fetched its lists last. An update that finds nothing new leaves the lists as they are,
 * but not the folder it downloads into. */
static int64_t last_update(const char *host_root)
{
    static const char *const marks[] = {"/var/lib/apt/lists", "/var/lib/apt/lists/partial",
                                        "/var/lib/apt/periodic/update-success-stamp"};
    int64_t last = 0;
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        char path[4300];
        struct file_info info;
        snprintf(path, sizeof(path), "%s%s", host_root, marks[i]);
        if (file_info_at(path, &info) == 0 && info.mtime_ns / 1000000 > last)
            last = info.mtime_ns / 1000000;
    }
    return last;
}

void patch_lists_open(const char *host_root, int64_t now_ms, struct packages *p,
                      struct patch_lists **out)
{
    struct patch_lists *l = mem_new(1, sizeof(*l));
    struct archs archs = {.n = 0};
    l->packages = p;
    l->cursor = mem_new(1, sizeof(*l->cursor));
    snprintf(l->cursor->folder, sizeof(l->cursor->folder), "%s/var/lib/apt/lists", host_root);
    l->updated_ms = last_update(host_root);
    apt_conf_read(host_root, &l->conf);
    find_archs(host_root, &l->conf, p, &archs);
    apt_sources_read(host_root, archs.list, archs.n, &l->sources);
    for (size_t i = 0; i < l->sources.archives; i++)
        read_archive(l->cursor->folder, &l->sources.archive[i], now_ms, &l->archive[i]);
    apt_pins_read(host_root, l->conf.value[APT_DEFAULT_RELEASE], &l->pins);
    patch_lists_make_origins(l);
    span_copy(span_of(l->conf.value[APT_MACHINE_ID]), l->machine_id, sizeof(l->machine_id));
    if (l->machine_id[0] == '\0')
        apt_file_read(host_root, "/etc/machine-id", take_machine_id, l->machine_id);
    *out = l;
}

void patch_lists_close(struct patch_lists *l)
{
    if (!l)
        return;
    if (l->cursor->open)
        patch_lists_close_file(l);
    for (size_t i = 0; i < l->offers; i++) {
        free(l->offer[i].version);
        free(l->offer[i].source);
        free(l->offer[i].source_version);
    }
    free(l->offer);
    free(l->origin);
    free(l->cursor);
    apt_pins_release(&l->pins);
    apt_sources_release(&l->sources);
    free(l);
}

#include "source/patch/kernel.h"

#include "platform/file.h"
#include "source/apt/files.h"
#include "source/deb/version.h"

const char *const kernel_state_names[] = {
    [KERNEL_UNKNOWN] = "unknown",
    [KERNEL_CURRENT] = "current",
    [KERNEL_OLD_RELEASE] = "older than installed",
    [KERNEL_OLD_BUILD] = "upgraded since it started",
};

/* "6.1.0-37" of "6.1.0-37-cloud-amd64": the flavour begins with a letter behind a dash. */
static struct span number_of(struct span release)
{
    for (size_t i = 0; i + 1 < release.n; i++)
        if (release.p[i] == '-' && !(release.p[i + 1] >= '0' && release.p[i + 1] <= '9'))
            return (struct span){release.p, i};
    return release;
}

static struct span flavour_of(struct span release)
{
    size_t n = number_of(release).n;
    return (struct span){release.p + n, release.n - n};
}

void patch_kernel_version(struct span text, char *out, size_t size)
{
    struct span rest = text, word;
    out[0] = '\0';
    if (span_starts(text, SPAN("Ubuntu ")) && span_take_until(&rest, ' ', &word) &&
        span_take_until(&rest, ' ', &word)) {
        span_copy(number_of(word), out, size);
        return;
    }
    size_t at = span_find_span(text, SPAN(" Debian "));
    if (at == text.n)
        return;
    rest = (struct span){text.p + at + 8, text.n - at - 8};
    if (span_take_until(&rest, ' ', &word))
        span_copy(span_trim(word), out, size);
}

/* The release that a package holds the image of; empty if it is no such package. */
static struct span release_of(const struct package *p)
{
    static const char *const beginnings[] = {"linux-image-unsigned-", "linux-image-"};
    struct span name = span_of(p->name);
    for (size_t i = 0; i < 2; i++) {
        size_t n = strlen(beginnings[i]);
        if (span_starts(name, span_of(beginnings[i])) && name.p[n] >= '0' && name.p[n] <= '9')
            return (struct span){name.p + n, name.n - n};
    }
    return SPAN("");
}

void patch_kernel_judge(struct patch_kernel *k, const struct packages *p)
{
    struct span running = span_of(k->running), flavour = flavour_of(running), newest = {"", 0};
    const struct package *own = NULL;
    for (size_t i = 0; i < p->n; i++) {
        struct span release = release_of(&p->items[i]);
        if (release.n == 0 || !span_equal(flavour_of(release), flavour))
            continue;
        if (span_equal(release, running))
            own = &p->items[i];
        if (newest.n == 0 || deb_version_compare(number_of(release), number_of(newest)) > 0) {
            newest = release;
            span_copy(span_of(p->items[i].version), k->newest_version, sizeof(k->newest_version));
        }
    }
    span_copy(newest, k->newest, sizeof(k->newest));
    k->state = KERNEL_UNKNOWN;
    if (running.n == 0 || newest.n == 0)
        return;
    if (deb_version_compare(number_of(newest), number_of(running)) > 0)
        k->state = KERNEL_OLD_RELEASE;
    else if (own && k->running_version[0] &&
             deb_version_compare(span_of(own->version), span_of(k->running_version)) > 0)
        k->state = KERNEL_OLD_BUILD;
    else if (own)
        k->state = KERNEL_CURRENT;
}

static void take_version(void *ctx, const char *path, struct span text)
{
    struct patch_kernel *k = ctx;
    (void)path;
    if (k->running_version[0] == '\0')
        patch_kernel_version(span_trim(text), k->running_version, sizeof(k->running_version));
}

/* One package a line. */
static void take_reasons(void *ctx, const char *path, struct span text)
{
    struct patch_kernel *k = ctx;
    struct span line;
    size_t n = 0;
    (void)path;
    while (span_take_line(&text, &line) && n + line.n + 2 < sizeof(k->reason))
        if (line.n > 0)
            n += (size_t)snprintf(k->reason + n, sizeof(k->reason) - n, "%s%.*s", n > 0 ? " " : "",
                                  (int)line.n, line.p);
}

void patch_kernel_read(const char *host_root, const char *release, const struct packages *p,
                       struct patch_kernel *out)
{
    static const char *const flags[] = {"/run/reboot-required", "/var/run/reboot-required"};
    *out = (struct patch_kernel){.state = KERNEL_UNKNOWN};
    span_copy(span_of(release), out->running, sizeof(out->running));
    apt_file_read(host_root, "/proc/version_signature", take_version, out);
    apt_file_read(host_root, "/proc/sys/kernel/version", take_version, out);
    patch_kernel_judge(out, p);
    for (size_t i = 0; i < 2 && !out->reboot_required; i++) {
        char path[4300];
        struct file_info info;
        snprintf(path, sizeof(path), "%s%s", host_root, flags[i]);
        if (file_info_at(path, &info) != 0)
            continue;
        out->reboot_required = true;
        snprintf(path, sizeof(path), "%s.pkgs", flags[i]);
        apt_file_read(host_root, path, take_reasons, out);
    }
}

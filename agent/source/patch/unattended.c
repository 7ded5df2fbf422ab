#include "source/patch/unattended.h"

#include "base/buf.h"
#include "base/mem.h"
#include "base/text.h"
#include "platform/file.h"

#define LOG      "/var/log/unattended-upgrades/unattended-upgrades.log"
#define LOG_TAIL (64 * 1024)

static bool get_info(const char *host_root, const char *name, struct file_info *info)
{
    char path[4300];
    snprintf(path, sizeof(path), "%s%s", host_root, name);
    return file_info_at(path, info) == 0;
}

/* "1", "always", "7", "12h": whatever is neither nothing nor zero. */
static bool is_set(const struct apt_conf *c, enum apt_conf_key key)
{
    return c->value[key][0] != '\0' && apt_conf_bool(c, key, true);
}

/* systemctl mask links a unit to nothing. */
static bool is_masked(const char *host_root, const char *unit)
{
    char path[4400], target[64];
    snprintf(path, sizeof(path), "%s/etc/systemd/system/%s", host_root, unit);
    return file_link_target(path, target, sizeof(target)) > 0 && strcmp(target, "/dev/null") == 0;
}

/* Behind "2026-11-24 06:30:05,123 ". */
static struct span message_of(struct span line)
{
    return line.n > 24 && line.p[10] == ' ' && line.p[23] == ' '
               ? (struct span){line.p + 24, line.n - 24}
               : SPAN("");
}

static bool is_good_end(struct span message)
{
    static const char *const ends[] = {"INFO All upgrades installed",
                                       "INFO No packages found that can be upgraded unattended"};
    return span_starts(message, span_of(ends[0])) || span_starts(message, span_of(ends[1]));
}

void patch_unattended_log(struct span text, struct patch_unattended *out)
{
    struct span line;
    while (span_take_line(&text, &line)) {
        struct span message = message_of(line);
        if (span_starts(message, SPAN("INFO Starting unattended upgrades script"))) {
            out->last = UNATTENDED_UNKNOWN;
            out->error[0] = '\0';
        } else if (span_starts(message, SPAN("ERROR "))) {
            struct buf clean = BUF_INIT(sizeof(out->error) - 1);
            message.n = message.n < 180 ? message.n : 180;
            text_put_name(&clean, (struct span){message.p + 6, message.n - 6});
            if (out->last != UNATTENDED_FAILED && !clean.failed)
                span_copy(buf_span(&clean), out->error, sizeof(out->error));
            buf_release(&clean);
            out->last = UNATTENDED_FAILED;
        } else if (is_good_end(message) && out->last != UNATTENDED_FAILED) {
            out->last = UNATTENDED_SUCCESS;
        }
    }
}

static void read_log(const char *host_root, struct patch_unattended *out)
{
    char path[4300];
    struct file_info info;
    file_t f;
    snprintf(path, sizeof(path), "%s" LOG, host_root);
    if (file_open_trusted_path(path, &f, &info) != 0)
        return;
    char *tail = mem_new(1, LOG_TAIL);
    int64_t n = file_read_at(f, info.size > LOG_TAIL ? info.size - LOG_TAIL : 0, tail, LOG_TAIL);
    if (n > 0)
        patch_unattended_log((struct span){tail, (size_t)n}, out);
    free(tail);
    file_close(f);
}

void patch_unattended_read(const char *host_root, const struct apt_conf *conf,
                           const struct packages *p, struct patch_unattended *out)
{
    static const char *const stamps[] = {"/var/lib/apt/periodic/unattended-upgrades-stamp",
                                         "/var/lib/apt/periodic/upgrade-stamp"};
    bool enabled = apt_conf_bool(conf, APT_PERIODIC_ENABLE, true);
    struct file_info info;
    *out = (struct patch_unattended){.last = UNATTENDED_UNKNOWN};
    out->installed = packages_find(p, SPAN("unattended-upgrades"), SPAN("all")) != NULL;
    out->on = enabled && out->installed && is_set(conf, APT_PERIODIC_UNATTENDED) &&
              !is_masked(host_root, "apt-daily-upgrade.timer");
    out->lists_on =
        enabled && is_set(conf, APT_PERIODIC_LISTS) && !is_masked(host_root, "apt-daily.timer");
    for (size_t i = 0; i < 2; i++)
        if (get_info(host_root, stamps[i], &info) && info.mtime_ns / 1000000 > out->last_success_ms)
            out->last_success_ms = info.mtime_ns / 1000000;
    read_log(host_root, out);
}

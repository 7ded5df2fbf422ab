#include "source/patch/support.h"

#include "base/text.h"
#include "source/apt/files.h"

#define COLUMNS_MAX 16

const char *const support_state_names[] = {
    [SUPPORT_UNKNOWN] = "unknown", [SUPPORT_STANDARD] = "standard", [SUPPORT_LTS] = "lts",
    [SUPPORT_PAID] = "paid only",  [SUPPORT_ENDED] = "ended",
};

/* As distro-info-data 0.58+deb12u6 has them. */
static const struct {
    const char *id, *codename, *standard, *lts, *paid;
} releases[] = {
    {"debian", "stretch", "2020-07-18", "2022-06-30", "2027-06-30"},
    {"debian", "buster", "2022-09-10", "2024-06-30", "2029-06-30"},
    {"debian", "bullseye", "2024-08-14", "2026-08-31", "2031-06-30"},
    {"debian", "bookworm", "2026-07-11", "2028-06-30", "2033-06-30"},
    {"debian", "trixie", "2028-08-09", "2030-06-30", "2035-06-30"},
    {"ubuntu", "xenial", "2021-04-30", "", "2028-04-25"},
    {"ubuntu", "bionic", "2023-05-31", "", "2030-04-30"},
    {"ubuntu", "focal", "2025-05-29", "", "2032-04-27"},
    {"ubuntu", "jammy", "2027-06-01", "", "2034-04-25"},
    {"ubuntu", "noble", "2029-05-31", "", "2036-04-29"},
    {"ubuntu", "resolute", "2031-05-29", "", "2038-04-27"},
};

static size_t split_row(struct span row, struct span out[COLUMNS_MAX])
{
    size_t n = 0;
    while (n < COLUMNS_MAX && span_take_until(&row, ',', &out[n]))
        n++;
    return n;
}

/* "2026-07-11" */
static bool is_day(struct span s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool dash = i == 4 || i == 7;
        if (dash ? s.p[i] != '-' : s.p[i] < '0' || s.p[i] > '9')
            return false;
    }
    return s.n == 10;
}

static void keep_later(struct span day, char out[12])
{
    char text[12];
    if (is_day(day) && span_copy(day, text, sizeof(text)) && strcmp(text, out) > 0)
        memcpy(out, text, sizeof(text));
}

bool patch_support_parse(struct span csv, const char *codename, struct patch_support *out)
{
    struct span line, name[COLUMNS_MAX], value[COLUMNS_MAX];
    if (!span_take_line(&csv, &line))
        return false;
    size_t names = split_row(line, name);
    while (span_take_line(&csv, &line)) {
        size_t values = split_row(line, value);
        bool wanted = false;
        for (size_t i = 0; i < values && i < names; i++)
            wanted = wanted ||
                     (span_equal(name[i], SPAN("series")) && span_equal_text(value[i], codename));
        for (size_t i = 0; wanted && i < values && i < names; i++) {
            if (span_equal(name[i], SPAN("eol")) || span_equal(name[i], SPAN("eol-server")))
                keep_later(value[i], out->standard);
            else if (span_equal(name[i], SPAN("eol-lts")))
                keep_later(value[i], out->lts);
            else if (span_starts(name[i], SPAN("eol-")))
                keep_later(value[i], out->paid);
        }
        if (wanted)
            return out->standard[0] != '\0';
    }
    return false;
}

/* Whether the day, to its end, is still to come; a day that is none has passed. */
static bool holds(const char *day, int64_t now_ms)
{
    char today[TEXT_TIME_SIZE];
    text_time(now_ms, today);
    return day[0] && strncmp(today, day, 10) <= 0;
}

void patch_support_judge(struct patch_support *s, int64_t now_ms)
{
    if (s->standard[0] == '\0')
        s->state = SUPPORT_UNKNOWN;
    else if (holds(s->standard, now_ms))
        s->state = SUPPORT_STANDARD;
    else if (holds(s->lts, now_ms))
        s->state = SUPPORT_LTS;
    else
        s->state = holds(s->paid, now_ms) ? SUPPORT_PAID : SUPPORT_ENDED;
}

struct reading {
    const char *codename;
    struct patch_support *out;
};

static void take_csv(void *ctx, const char *path, struct span text)
{
    const struct reading *r = ctx;
    (void)path;
    patch_support_parse(text, r->codename, r->out);
}

static void take_table(const char *id, const char *codename, struct patch_support *out)
{
    for (size_t i = 0; i < sizeof(releases) / sizeof(releases[0]); i++)
        if (strcmp(releases[i].id, id) == 0 && strcmp(releases[i].codename, codename) == 0) {
            keep_later(span_of(releases[i].standard), out->standard);
            keep_later(span_of(releases[i].lts), out->lts);
            keep_later(span_of(releases[i].paid), out->paid);
        }
}

void patch_support_read(const char *host_root, const char *id, const char *codename, int64_t now_ms,
                        struct patch_support *out)
{
    char path[128];
    struct reading r = {codename, out};
    *out = (struct patch_support){.state = SUPPORT_UNKNOWN};
    snprintf(path, sizeof(path), "/usr/share/distro-info/%.32s.csv", id);
    if (codename[0] && !strchr(id, '/'))
        apt_file_read(host_root, path, take_csv, &r);
    if (out->standard[0] == '\0')
        take_table(id, codename, out);
    patch_support_judge(out, now_ms);
}

#include "source/patch/support.h"

#include "base/text.h"
#include "source/apt/files.h"

#define COLUMNS_MAX 16

const char *const support_state_names[] = {
    [SUPPORT_UNKNOWN] = "unknown", [SUPPORT_STANDARD] = "standard", [SUPPORT_LTS] = "lts",
    [SUPPORT_PAID] = "paid only",  [SUPPORT_ENDED] = "ended",
};

static size_t split_row(struct span row, struct span out[COLUMNS_MAX])
{
    size_t n = 0;
    while (n < COLUMNS_MAX && span_take_until(&row, ',', &out[n]))
        n++;
    return n;
}

static void keep_later(struct span day, char out[TEXT_DAY_SIZE])
{
    char text[TEXT_DAY_SIZE];
    if (text_is_day(day) && span_copy(day, text, sizeof(text)) && strcmp(text, out) > 0)
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

static void take_release(const struct support_release *from, struct patch_support *out)
{
    memcpy(out->standard, from->standard, sizeof(out->standard));
    memcpy(out->lts, from->lts, sizeof(out->lts));
    memcpy(out->paid, from->paid, sizeof(out->paid));
}

void patch_support_by_table(const struct support_table *table, const char *id, const char *codename,
                            int64_t now_ms, struct patch_support *out)
{
    const struct support_release *known = support_table_find(table, id, codename);
    *out = (struct patch_support){.state = SUPPORT_UNKNOWN};
    if (known)
        take_release(known, out);
    patch_support_judge(out, now_ms);
}

void patch_support_read(const char *host_root, const struct support_table *table, const char *id,
                        const char *codename, int64_t now_ms, struct patch_support *out)
{
    const struct support_release *known = support_table_find(table, id, codename);
    char path[128];
    struct reading r = {codename, out};
    *out = (struct patch_support){.state = SUPPORT_UNKNOWN};
    snprintf(path, sizeof(path), "/usr/share/distro-info/%.32s.csv", id);
    if (codename[0] && !strchr(id, '/'))
        apt_file_read(host_root, path, take_csv, &r);
    if (out->standard[0] == '\0' && known)
        take_release(known, out);
    patch_support_judge(out, now_ms);
}

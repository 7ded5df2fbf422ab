#include "source/apt/release.h"

#include "base/text.h"

#include <stddef.h>

static bool number_in(struct span s, int from, int to, int *out)
{
    uint64_t n;
    if (s.n > 4 || !span_to_u64(s, &n) || n < (uint64_t)from || n > (uint64_t)to)
        return false;
    *out = (int)n;
    return true;
}

static int month_of(struct span name)
{
    static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++)
        if (span_equal_nocase(name, (struct span){months + (size_t)i * 3, 3}))
            return i + 1;
    return 0;
}

static bool is_utc(struct span zone)
{
    static const char *const names[] = {"UTC", "GMT", "Z", "+0000", "-0000"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (span_equal(zone, span_of(names[i])))
            return true;
    return false;
}

int64_t apt_release_time(struct span text)
{
    struct span part[6], clock[3];
    size_t n = 0, m = 0;
    text = span_trim(text);
    while (n < 6 && span_take_until(&text, ' ', &part[n]))
        n += part[n].n > 0;
    if (n != 6)
        return 0;
    struct span time = part[4];
    while (m < 3 && span_take_until(&time, ':', &clock[m]))
        m++;
    int day, month = month_of(part[2]), year, hour, minute, second;
    if (m != 3 || month == 0 || !is_utc(part[5]) || !number_in(part[1], 1, 31, &day) ||
        !number_in(part[3], 1970, 9999, &year) || !number_in(clock[0], 0, 23, &hour) ||
        !number_in(clock[1], 0, 59, &minute) || !number_in(clock[2], 0, 60, &second))
        return 0;
    return text_utc_ms(year, month, day, hour, minute, second, 0);
}

static void take_field(struct apt_release *r, struct span name, struct span value)
{
    const struct {
        const char *name;
        char *to;
    } texts[] = {{"Origin", r->origin},
                 {"Label", r->label},
                 {"Suite", r->suite},
                 {"Codename", r->codename},
                 {"Version", r->version}};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        if (span_equal_nocase(name, span_of(texts[i].name)))
            span_copy(value, texts[i].to, APT_VALUE);
    if (span_equal_nocase(name, SPAN("NotAutomatic")))
        r->not_automatic = span_equal_nocase(value, SPAN("yes"));
    else if (span_equal_nocase(name, SPAN("ButAutomaticUpgrades")))
        r->but_automatic_upgrades = span_equal_nocase(value, SPAN("yes"));
    else if (span_equal_nocase(name, SPAN("Date")))
        r->date_ms = apt_release_time(value);
    else if (span_equal_nocase(name, SPAN("Valid-Until")))
        r->valid_until = apt_release_time(value);
}

void apt_release_parse(struct span text, struct apt_release *out)
{
    struct span line;
    *out = (struct apt_release){.date_ms = 0};
    while (span_take_until(&text, '\n', &line)) {
        if (line.n == 0 || line.p[0] == ' ') /* the names and sums of files */
            continue;
        if (span_starts(line, SPAN("-----BEGIN PGP SIGNATURE")))
            break;
        size_t colon = span_find(line, ':');
        if (colon < line.n)
            take_field(out, span_trim((struct span){line.p, colon}),
                       span_trim((struct span){line.p + colon + 1, line.n - colon - 1}));
    }
    out->security = span_ends(span_of(out->suite), SPAN("-security")) ||
                    span_ends(span_of(out->label), SPAN("-Security"));
}

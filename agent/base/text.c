#include "base/text.h"

size_t text_utf8_length(struct span s)
{
    if (s.n == 0)
        return 0;
    const unsigned char *p = (const unsigned char *)s.p;
    if (p[0] < 0x80)
        return 1;
    size_t n = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
    if (p[0] < 0xc2 || p[0] > 0xf4 || s.n < n)
        return 0;
    for (size_t i = 1; i < n; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0; /* overlong, surrogate, past U+10FFFF */
    return n;
}

bool text_is_utf8(struct span s)
{
    while (s.n > 0) {
        size_t n = text_utf8_length(s);
        if (n == 0)
            return false;
        s.p += n;
        s.n -= n;
    }
    return true;
}

void text_put_name(struct buf *b, struct span name)
{
    while (name.n > 0) {
        size_t n = text_utf8_length(name);
        unsigned char c = (unsigned char)name.p[0];
        if (n == 0 || c < 0x20 || c == 0x7f) {
            buf_printf(b, "\\x%02X", c);
            n = 1;
        } else if (c == '\\') {
            buf_put_text(b, "\\\\");
        } else {
            buf_put(b, name.p, n);
        }
        name.p += n;
        name.n -= n;
    }
}

/* Days since 1970-01-01; the year is taken to start in March, so that leap days come last. */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? (int64_t)year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

int64_t text_utc_ms(int year, int month, int day, int hour, int minute, int second, int ms)
{
    return (((days_of(year, month, day) * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms;
}

void text_time(int64_t wall_ms, char out[TEXT_TIME_SIZE])
{
    int64_t days = wall_ms / 86400000, rest = wall_ms % 86400000;
    if (rest < 0) {
        rest += 86400000;
        days--;
    }
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;
    int64_t year = year_of_era + era * 400 + (month <= 2);
    snprintf(out, TEXT_TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", (int)(year % 10000),
             (int)month, (int)(day_of_year - (153 * shifted + 2) / 5 + 1), (int)(rest / 3600000),
             (int)(rest / 60000 % 60), (int)(rest / 1000 % 60), (int)(rest % 1000));
}

bool text_has_wildcard(const char *pattern)
{
    return strpbrk(pattern, "*?[") != NULL;
}

/* One [set]; *pattern stands behind '['. Moves it behind ']'. A set without end is a plain '['. */
static bool set_matches(const char **pattern, char c)
{
    const char *p = *pattern;
    bool negated = *p == '!' || *p == '^', hit = false;
    p += negated;
    for (bool first = true; *p && (first || *p != ']'); first = false) {
        unsigned char low = (unsigned char)*p++, high = low;
        if (p[0] == '-' && p[1] && p[1] != ']') {
            high = (unsigned char)p[1];
            p += 2;
        }
        hit = hit || ((unsigned char)c >= low && (unsigned char)c <= high);
    }
    if (*p != ']')
        return c == '[';
    *pattern = p + 1;
    return hit != negated && c != '/';
}

static bool one_matches(const char **pattern, char c)
{
    char p = *(*pattern)++;
    if (p == '?')
        return c != '/';
    if (p == '[')
        return set_matches(pattern, c);
    return p == c;
}

/* Backtracks to the last "*" and the last "**" only, so the work is bounded by |pattern| x |path|^2
 * at the worst and is linear for what people write. */
bool text_glob(const char *pattern, const char *path)
{
    const char *star = NULL, *star_at = NULL, *deep = NULL, *deep_at = NULL;
    for (;;) {
        if (*pattern == '*') {
            bool is_deep = pattern[1] == '*';
            pattern += 1 + is_deep;
            if (is_deep) {
                deep = pattern;
                deep_at = path;
                star = NULL;
            } else {
                star = pattern;
                star_at = path;
            }
            continue;
        }
        if (*path && *pattern && one_matches(&pattern, *path)) {
            path++;
            continue;
        }
        if (!*path && !*pattern)
            return true;
        if (star && *star_at && *star_at != '/') {
            path = ++star_at;
            pattern = star;
        } else if (deep && *deep_at) {
            path = ++deep_at;
            pattern = deep;
            star = NULL;
        } else {
            return false;
        }
    }
}

struct unit {
    char letter;
    uint64_t factor;
};

static bool parse_with_unit(struct span s, const struct unit *units, uint64_t *out)
{
    uint64_t factor = 1;
    for (const struct unit *u = units; s.n > 0 && u->letter; u++) {
        if (s.p[s.n - 1] == u->letter) {
            factor = u->factor;
            s.n--;
            break;
        }
    }
    uint64_t v;
    if (!span_to_u64(s, &v) || v > UINT64_MAX / factor)
        return false;
    *out = v * factor;
    return true;
}

bool text_parse_size(struct span s, uint64_t *bytes)
{
    static const struct unit units[] = {
        {'k', 1024}, {'K', 1024}, {'M', 1048576}, {'G', 1073741824u}, {'\0', 0}};
    return parse_with_unit(s, units, bytes);
}

bool text_parse_duration(struct span s, uint64_t *seconds)
{
    static const struct unit units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'\0', 0}};
    return parse_with_unit(s, units, seconds);
}

bool text_is_day(struct span s)
{
    int year, month, day;
    return span_take_digits(&s, 4, &year) && span_take_char(&s, '-') &&
           span_take_digits(&s, 2, &month) && span_take_char(&s, '-') &&
           span_take_digits(&s, 2, &day) && s.n == 0 && month >= 1 && month <= 12 && day >= 1 &&
           day <= 31;
}

bool text_has_drive(struct span path)
{
    char letter = path.n > 2 ? (char)(path.p[0] | 0x20) : '\0';
    return letter >= 'a' && letter <= 'z' && path.p[1] == ':' &&
           (path.p[2] == '\\' || path.p[2] == '/');
}

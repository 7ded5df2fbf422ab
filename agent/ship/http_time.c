#include "ship/http_time.h"

#include "base/text.h"

static bool digits(const char *p, size_t n, int *out)
{
    *out = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] < '0' || p[i] > '9')
            return false;
        *out = *out * 10 + (p[i] - '0');
    }
    return true;
}

/* Position of a three-letter word in a list of such words, or -1. */
static int find3(const char *list, const char *word)
{
    for (int i = 0; list[3 * i]; i++)
        if (memcmp(list + 3 * i, word, 3) == 0)
            return i;
    return -1;
}

bool http_date_parse(struct span text, int64_t *wall_ms)
{
    static const char form[] = "..., .. ... .... ..:..:.. GMT";
    int day, year, hour, minute, second;
    text = span_trim(text);
    if (text.n != sizeof(form) - 1)
        return false;
    const char *p = text.p;
    for (size_t i = 0; form[i]; i++)
        if (form[i] != '.' && p[i] != form[i])
            return false;
    int month = find3("JanFebMarAprMayJunJulAugSepOctNovDec", p + 8);
    if (find3("MonTueWedThuFriSatSun", p) < 0 || month < 0)
        return false;
    if (!digits(p + 5, 2, &day) || !digits(p + 12, 4, &year) || !digits(p + 17, 2, &hour) ||
        !digits(p + 20, 2, &minute) || !digits(p + 23, 2, &second))
        return false;
    if (year < 1970 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    *wall_ms = text_utc_ms(year, month + 1, day, hour, minute, second, 0);
    return true;
}

bool retry_after_parse(struct span text, int64_t now_ms, int64_t *pause_ms)
{
    uint64_t seconds;
    int64_t at;
    text = span_trim(text);
    if (span_to_u64(text, &seconds))
        *pause_ms =
            seconds < RETRY_AFTER_MAX_MS / 1000 ? (int64_t)seconds * 1000 : RETRY_AFTER_MAX_MS;
    else if (http_date_parse(text, &at))
        *pause_ms = at - now_ms;
    else
        return false;
    if (*pause_ms < 0)
        *pause_ms = 0;
    if (*pause_ms > RETRY_AFTER_MAX_MS)
        *pause_ms = RETRY_AFTER_MAX_MS;
    return true;
}

#include "source/log/syslog.h"

#include "base/text.h"

#define DAY_MS 86400000

static bool take_clock(struct span *s, int *hour, int *minute, int *second)
{
    return span_take_digits(s, 2, hour) && span_take_char(s, ':') &&
           span_take_digits(s, 2, minute) && span_take_char(s, ':') &&
           span_take_digits(s, 2, second) && *hour < 24 && *minute < 60 && *second < 61;
}

void syslog_clock_init(struct syslog_clock *c, int64_t now_ms, int64_t local_offset_s)
{
    char text[TEXT_TIME_SIZE];
    uint64_t year = 1970;
    text_time(now_ms + local_offset_s * 1000, text);
    span_to_u64((struct span){text, 4}, &year);
    *c = (struct syslog_clock){now_ms, local_offset_s, (int)year};
}

/* "Nov 24 02:20:27": the year is the one that brings it closest below a day from now. */
static bool take_traditional_time(struct span *s, const struct syslog_clock *c, int64_t *out)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct span name;
    int day, hour, minute, second;
    if (!span_take(s, 3, &name))
        return false;
    size_t at = span_find_span((struct span){months, sizeof(months) - 1}, name);
    if (at >= sizeof(months) - 1 || at % 3 != 0 || !span_take_char(s, ' '))
        return false;
    bool fine =
        span_take_char(s, ' ') ? span_take_digits(s, 1, &day) : span_take_digits(s, 2, &day);
    if (!fine || day < 1 || day > 31 || !span_take_char(s, ' ') ||
        !take_clock(s, &hour, &minute, &second))
        return false;
    for (int year = c->year + 1;; year--) {
        *out = text_utc_ms(year, (int)(at / 3) + 1, day, hour, minute, second, 0) -
               c->local_offset_s * 1000;
        if (*out <= c->now_ms + DAY_MS || year < c->year)
            return true;
    }
}

static int take_fraction_ms(struct span *s)
{
    int ms = 0, weight = 100;
    if (!span_take_char(s, '.'))
        return 0;
    while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
        ms += (s->p[0] - '0') * weight;
        weight /= 10;
        s->p++;
        s->n--;
    }
    return ms;
}

bool syslog_take_time(struct span *s, int64_t *out)
{
    int year, month, day, hour, minute, second, zone_hour = 0, zone_minute = 0;
    if (!span_take_digits(s, 4, &year) || !span_take_char(s, '-') ||
        !span_take_digits(s, 2, &month) || !span_take_char(s, '-') ||
        !span_take_digits(s, 2, &day) || !span_take_char(s, 'T') ||
        !take_clock(s, &hour, &minute, &second) || month < 1 || month > 12 || day < 1 || day > 31)
        return false;
    int ms = take_fraction_ms(s), sign = 0;
    if (!span_take_char(s, 'Z')) {
        sign = span_take_char(s, '+') ? 1 : span_take_char(s, '-') ? -1 : 0;
        if (sign == 0 || !span_take_digits(s, 2, &zone_hour) || !span_take_char(s, ':') ||
            !span_take_digits(s, 2, &zone_minute))
            return false;
    }
    *out = text_utc_ms(year, month, day, hour, minute, second, ms) -
           (int64_t)sign * (zone_hour * 60 + zone_minute) * 60000;
    return true;
}

/* "sshd[123]: text", "kernel: text": what stands before the colon, if it looks like a tag. */
static void take_tag(struct span *s, struct syslog_line *out)
{
    size_t n = 0;
    while (n < s->n && n < 64 && s->p[n] != ':' && s->p[n] != '[' && s->p[n] != ' ')
        n++;
    struct span rest = {s->p + n, s->n - n}, pid;
    if (n == 0 || rest.n == 0)
        return;
    if (rest.p[0] == '[') {
        rest.p++;
        rest.n--;
        uint64_t number;
        if (!span_take_until(&rest, ']', &pid))
            return;
        out->pid = span_to_u64(pid, &number) && number < INT32_MAX ? (int64_t)number : 0;
    }
    if (!span_take_char(&rest, ':')) {
        out->pid = 0;
        return;
    }
    out->program = (struct span){s->p, n};
    span_take_char(&rest, ' ');
    *s = rest;
}

bool syslog_parse(struct span line, const struct syslog_clock *clock, struct syslog_line *out)
{
    *out = (struct syslog_line){.time_ms = clock->now_ms, .message = line};
    struct span s = line, priority;
    if (span_take_char(&s, '<') && (!span_take_until(&s, '>', &priority) || priority.n > 3))
        return false;
    struct span iso = s;
    int64_t time_ms;
    enum syslog_time dated = SYSLOG_LOCAL_TIME;
    if (syslog_take_time(&iso, &time_ms)) {
        s = iso;
        dated = SYSLOG_ZONED_TIME;
    } else if (!take_traditional_time(&s, clock, &time_ms)) {
        return false;
    }
    struct span host;
    if (!span_take_char(&s, ' ') || !span_take_until(&s, ' ', &host) || host.n == 0 || host.n > 255)
        return false;
    out->time_ms = time_ms;
    out->dated = dated;
    out->host = host;
    take_tag(&s, out);
    out->message = s;
    return true;
}

#include "detect/date_part.h"

struct date {
    int year, month, day, hour, minute;
};

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int day_of_year(const struct date *d)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    return before[d->month - 1] + d->day + (d->month > 2 && is_leap(d->year));
}

/* Of December 31st: Thursday is 4. */
static int last_weekday(int year)
{
    return (year + year / 4 - year / 100 + year / 400) % 7;
}

static bool has_53_weeks(int year)
{
    return last_weekday(year) == 4 || last_weekday(year - 1) == 3;
}

static int week_of(const struct date *d)
{
    int nth = day_of_year(d);
    int weekday = (last_weekday(d->year - 1) + nth - 1) % 7 + 1; /* Monday 1 ... Sunday 7 */
    int week = (nth - weekday + 10) / 7;
    if (week < 1)
        return has_53_weeks(d->year - 1) ? 53 : 52;
    return week == 53 && !has_53_weeks(d->year) ? 1 : week;
}

static bool read_day(struct span *text, struct date *d)
{
    return span_take_digits(text, 4, &d->year) && span_take_char(text, '-') &&
           span_take_digits(text, 2, &d->month) && span_take_char(text, '-') &&
           span_take_digits(text, 2, &d->day) && d->year > 0 && d->month >= 1 && d->month <= 12 &&
           d->day >= 1 && d->day <= 31;
}

static bool read_time(struct span *text, struct date *d)
{
    return (span_take_char(text, 'T') || span_take_char(text, ' ')) &&
           span_take_digits(text, 2, &d->hour) && span_take_char(text, ':') &&
           span_take_digits(text, 2, &d->minute) && d->hour < 24 && d->minute < 60;
}

bool date_part_of(struct span text, enum date_part part, int *out)
{
    struct date d;
    bool timed = part == DATE_MINUTE || part == DATE_HOUR;
    if (!read_day(&text, &d) || (timed && !read_time(&text, &d)))
        return false;
    *out = part == DATE_MINUTE  ? d.minute
           : part == DATE_HOUR  ? d.hour
           : part == DATE_DAY   ? d.day
           : part == DATE_MONTH ? d.month
           : part == DATE_YEAR  ? d.year
                                : week_of(&d);
    return true;
}

/*
 * What the detectors would have told while a log was written: reads a file of syslog lines with
 * RFC 3339 times (or of audit.log, or of JSON objects), oldest first, with the records' own times
 * for a clock, and prints one line for each finding that is told, after flood control: time in
 * seconds, severity, rule, activity, message, separated by tabs. Used by tests/shared/alarms.
 */
#include "cli/events.h"
#include "detect/detect.h"
#include "detect/flood.h"

#include <stdio.h>
#include <stdlib.h>

#define TICK_MS       300000
#define DETECTORS_MAX 8

static struct config config = {
    .detect = true, .repeat_window_s = 3600, .budget = 500, .silence_s = 3600};

struct replay {
    struct flood *flood;
    struct running {
        struct replay *replay;
        const struct detector *is;
        void *self;
    } detectors[DETECTORS_MAX];
    size_t n;
    int64_t now_ms; /* 0: no record yet */
    uint64_t records;
};

static void print(void *ctx, const struct event *e)
{
    (void)ctx;
    printf("%lld\t%d\t%.*s\t%d\t%s\n", (long long)(e->time_ms / 1000), (int)e->severity,
           (int)e->u.detection.rule_id.n, e->u.detection.rule_id.p, e->activity, e->message);
}

static void take_finding(void *ctx, const struct event *e)
{
    struct running *d = ctx;
    flood_take(d->replay->flood, d->is, e, d->replay->now_ms);
}

static void put(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx, (void)t, (void)key, (void)value;
}

static void dropped(void *ctx, const char *reason, uint64_t n)
{
    (void)ctx, (void)n;
    fprintf(stderr, "dropped: %s\n", reason);
}

static void tick(struct replay *r, int64_t now_ms)
{
    r->now_ms = now_ms;
    for (size_t i = 0; i < r->n; i++)
        if (r->detectors[i].is->tick)
            r->detectors[i].is->tick(r->detectors[i].self, now_ms);
    flood_run(r->flood, now_ms);
}

static void take(void *ctx, const struct record *from, size_t line)
{
    struct replay *r = ctx;
    struct record record = *from;
    if (r->now_ms == 0)
        tick(r, record.time_ms);
    while (r->now_ms + TICK_MS <= record.time_ms)
        tick(r, r->now_ms + TICK_MS);
    record.source = record.source ? record.source : "/var/log/syslog";
    struct span parts[] = {span_make(&line, sizeof(line)), record.raw};
    event_uid_make(record.uid, parts, 2);
    r->records++;
    for (size_t i = 0; i < r->n; i++)
        r->detectors[i].is->record(r->detectors[i].self, &record);
}

static void begin(struct replay *r)
{
    struct flood_host host = {&config, NULL, r, print, put, dropped};
    r->flood = flood_open(&host, 0);
    for (size_t i = 0; i < DETECTORS_MAX && all_detectors[i]; i++) {
        struct running *d = &r->detectors[r->n++];
        struct error e;
        *d = (struct running){r, all_detectors[i], NULL};
        struct detect_host of_one = {&config, NULL, d, take_finding, put};
        if (d->is->open(&of_one, &d->self, &e) != 0) {
            fprintf(stderr, "%s: %s\n", d->is->name, e.text);
            exit(2);
        }
    }
}

int main(int argc, char **argv)
{
    struct replay r = {0};
    struct events_counts counts;
    struct error e;
    if (argc != 5) {
        puts("usage: alarms LEARN_SECONDS RULES TABLES FILE; tests/shared/alarms does so");
        return 77;
    }
    config.learn_s = strtoll(argv[1], NULL, 10);
    config.rules_dir = argv[2];
    config.sigma_dir = argv[3];
    config.suppress_file = (char[]){""};
    begin(&r);
    if (events_read(argv[4], NULL, take, &r, &counts, &e) != 0) {
        fprintf(stderr, "%s\n", e.text);
        return 2;
    }
    fprintf(stderr, "%llu records\n", (unsigned long long)r.records);
    for (size_t i = 0; i < r.n; i++)
        r.detectors[i].is->close(r.detectors[i].self);
    flood_close(r.flood);
    return 0;
}

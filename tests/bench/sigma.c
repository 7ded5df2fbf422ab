/*
 * Rules on records, in memory, on one processor.
 *
 *   sigma                           20 patterns on syslog lines, beside `LC_ALL=C grep -cE` and a
 *                                   loop of PCRE2-JIT with the same patterns. Aim: 1.5 M lines/s.
 *   sigma RULES TABLES EVENTS...    what RULES weigh, and how many EVENTS a second they are tried
 * on
 */
#include "base/mem.h"
#include "cli/events.h"
#include "detect/rule_set.h"
#include "platform/clock.h"
#include "platform/process.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LINES    1000000
#define AT_LEAST 4.0 /* seconds */
#define KEPT_MAX 20000
#define KEPT_OF                                                                                    \
    17 /* so many are read for one that is kept: of all kinds, and few enough for caches */

static const char *const patterns[] = {
    "POSSIBLE BREAK-IN ATTEMPT",
    "authentication failure",
    "invalid user",
    "segfault at",
    "Out of memory",
    "promiscuous mode",
    "Accepted publickey",
    "maximum authentication",
    "COMMAND=/bin/bash",
    "user NOT in sudoers",
    "Failed password for root",
    "session opened for user root",
    "I/O error",
    "unexpected EOF",
    "denied by policy",
    "new user: name=",
    "removed user",
    "stopped by signal",
    "checksum mismatch",
    "kernel: Oops",
};
#define PATTERNS (sizeof(patterns) / sizeof(patterns[0]))

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static uint64_t hits;

static void take_hit(void *ctx, size_t entry)
{
    (void)ctx;
    (void)entry;
    hits++;
}

/* ---- patterns ---- */

static void put_line(struct buf *b, unsigned i)
{
    static const char *const forms[] = {
        "sshd[%u]: Failed password for invalid admin u%u from 192.0.2.%u port %u ssh2",
        "sshd[%u]: pam_unix(sshd:auth): check pass; user unknown %u %u %u",
        "CRON[%u]: (www-data) CMD (test -x /usr/bin/job && /usr/bin/job --id %u %u %u)",
        "systemd[%u]: Started Session %u of user backup (%u, %u).",
        "kernel: [%u.%u] eth0: link up, 1000Mbps, full-duplex, lpa 0x%04x %u",
        "postfix/smtpd[%u]: connect from mail%u.example.org[198.51.100.%u]: TLS %u",
        "dbus-daemon[%u]: [system] Activating via systemd: service name='org.example.S%u' %u %u",
        "named[%u]: client 203.0.113.%u#53 (host%u.example.net): query: A + (%u)",
    };
    static const char *const rare[] = {
        "sshd[%u]: Invalid user u%u: POSSIBLE BREAK-IN ATTEMPT! %u %u",
        "kernel: prog[%u]: segfault at %u ip %u sp %u"};
    const char *form = i % 200 == 7 ? rare[i / 200 % 2] : forms[i * 2654435761u >> 29];
    buf_printf(b, "Sep 21 14:%02u:%02u host ", i / 833 % 60, i % 60);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    buf_printf(b, form, 1000 + i % 9000, i % 500, i % 250, i % 60000);
#pragma GCC diagnostic pop
    buf_put_byte(b, '\n');
}

static void put_rules(struct buf *b)
{
    for (size_t i = 0; i < PATTERNS; i++)
        buf_printf(b,
                   "title: p%zu\nid: p%zu\nlogsource: {product: linux}\ndetection:\n"
                   "    k: ['%s']\n    condition: k\n---\n",
                   i, i, patterns[i]);
}

static void put_expression(struct buf *b)
{
    for (size_t i = 0; i < PATTERNS; i++) {
        buf_put_text(b, i == 0 ? "" : "|");
        buf_put_text(b, patterns[i]);
    }
}

static double rules_s(struct span text)
{
    struct buf yaml = BUF_INIT(1 << 20);
    static struct record r = {.source = "x", .product = "linux"};
    struct view view;
    struct span line;
    put_rules(&yaml);
    struct rule_set *set = rule_set_parse("p", buf_span(&yaml), NULL, NULL, NULL);
    view_init(&view);
    hits = 0;
    double begun = cpu_s();
    while (span_take_line(&text, &line)) {
        r.message = line;
        rule_set_match(set, &view, &r, take_hit, NULL);
    }
    double took = cpu_s() - begun;
    view_release(&view);
    rule_set_free(set);
    buf_release(&yaml);
    return took;
}

static double regex_s(struct span text, uint64_t *n)
{
    struct buf expression = BUF_INIT(1 << 16);
    struct error e;
    struct span line;
    put_expression(&expression);
    struct regex *regex = regex_new(buf_span(&expression), 0, &e);
    struct regex_work *work = regex_work_new();
    double begun = cpu_s();
    for (*n = 0; span_take_line(&text, &line);)
        *n += regex_matches(regex, work, line);
    double took = cpu_s() - begun;
    regex_free(regex);
    regex_work_free(work);
    buf_release(&expression);
    return took;
}

/* Seconds of the whole command, reading of the cached file included; it prints its count itself.
 * -1: there is no grep. */
static double grep_s(struct span text)
{
    char path[] = "/tmp/vigia-bench-XXXXXX";
    struct buf expression = BUF_INIT(1 << 16);
    struct process *grep = NULL;
    int code = 1, fd = mkstemp(path);
    FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (!out)
        return -1;
    fwrite(text.p, 1, text.n, out);
    fclose(out);
    put_expression(&expression);
    const char *const argv[] = {"/usr/bin/env", "LC_ALL=C", "grep", "-cE",
                                expression.p,   path,       NULL};
    printf("LC_ALL=C grep -cE counts: ");
    fflush(stdout);
    int64_t begun = clock_mono_ms(), took;
    bool fine = process_start(argv, &grep) == 0;
    while (fine && !process_ended(grep, &code))
        usleep(1000);
    took = clock_mono_ms() - begun;
    process_free(grep);
    unlink(path);
    buf_release(&expression);
    return fine && code == 0 ? (double)took / 1000 : -1;
}

static void print_rate(const char *what, double seconds, double ours)
{
    printf("%-28s %9.0f lines/s  %6.2f times ours\n", what, LINES / seconds, ours / seconds);
}

static int bench_patterns(void)
{
    struct buf text = BUF_INIT((size_t)LINES * 256);
    uint64_t regex_n = 0;
    for (unsigned i = 0; i < LINES; i++)
        put_line(&text, i);
    printf("%zu patterns on %d lines of %zu bytes on average (aim: 1500000 lines/s)\n", PATTERNS,
           LINES, text.n / LINES);
    double ours = rules_s(buf_span(&text));
    double regex = regex_s(buf_span(&text), &regex_n);
    double grep = grep_s(buf_span(&text));
    printf("rules find %llu, PCRE2 %llu lines\n", (unsigned long long)hits,
           (unsigned long long)regex_n);
    print_rate("20 rules", ours, ours);
    print_rate("PCRE2-JIT, one expression", regex, ours);
    if (grep > 0)
        print_rate("LC_ALL=C grep -cE", grep, ours);
    buf_release(&text);
    return hits == 0 || hits < regex_n;
}

/* ---- rules on events ---- */

static struct {
    size_t n, read;
    struct record **records;
    struct arena *arena;
    uint64_t bytes;
} kept;

static struct span keep(struct span s)
{
    return s.p ? arena_copy(kept.arena, s) : s;
}

static const char *keep_text(const char *text)
{
    return text ? keep(span_of(text)).p : NULL;
}

static void take_event(void *ctx, const struct record *r, size_t line)
{
    (void)ctx;
    (void)line;
    if (kept.n == KEPT_MAX || kept.read++ % KEPT_OF != 0)
        return;
    /* only the fields that there are: 96 of them would weigh more than most events */
    size_t size = offsetof(struct record, fields) + r->fields_n * sizeof(r->fields[0]);
    struct record *copy = arena_get(kept.arena, 1, size);
    memcpy(copy, r, size);
    copy->source = keep_text(r->source);
    copy->product = keep_text(r->product);
    copy->service = keep_text(r->service);
    copy->program = keep(r->program);
    copy->host = keep(r->host);
    copy->message = keep(r->message);
    kept.bytes += r->message.n;
    for (size_t i = 0; i < r->fields_n; i++) {
        copy->fields[i].name = keep(r->fields[i].name);
        copy->fields[i].value = keep(r->fields[i].value);
        kept.bytes += r->fields[i].value.n;
    }
    kept.records[kept.n++] = copy;
}

static int bench_rules(char **argv)
{
    struct sigma_file file;
    struct view view;
    uint64_t tried = 0;
    double begun, took;
    sigma_file_load(argv[2], NULL, NULL, &file);
    struct process_cost before, after;
    process_cost_of_self(&before);
    begun = cpu_s();
    struct rule_set *set = rule_set_load(argv[1], &file, NULL, NULL);
    view_init(&view);
    process_cost_of_self(&after);
    printf("%zu rules: %.1f MB more memory (%.1f in all), loaded in %.2f s\n", set->n,
           (double)(after.rss_kib - before.rss_kib) / 1000, (double)after.rss_kib / 1000,
           cpu_s() - begun);
    kept.arena = arena_new();
    kept.records = mem_new(KEPT_MAX, sizeof(struct record *));
    for (char **path = argv + 3; *path; path++) {
        struct events_counts counts;
        struct error e;
        if (events_read(*path, "syslog", take_event, NULL, &counts, &e) != 0)
            printf("%s\n", e.text);
    }
    begun = cpu_s();
    do {
        for (size_t i = 0; i < kept.n; i++)
            rule_set_match(set, &view, kept.records[i], take_hit, NULL);
        tried += kept.n;
    } while ((took = cpu_s() - begun) < AT_LEAST && kept.n > 0);
    printf("%.0f events/s of %llu bytes on average (%zu different ones, %.4f hits each)\n",
           (double)tried / took, (unsigned long long)(kept.n ? kept.bytes / kept.n : 0), kept.n,
           tried ? (double)hits / (double)tried : 0);
    view_release(&view);
    rule_set_free(set);
    sigma_file_release(&file);
    arena_free(kept.arena);
    free(kept.records);
    return kept.n == 0;
}

int main(int argc, char **argv)
{
    if (argc > 3)
        return bench_rules(argv);
    return bench_patterns();
}

#include "base/json_write.h"
#include "base/mem.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "cli/events.h"
#include "detect/correlate.h"
#include "detect/rule_set.h"

#include <stdlib.h>

#define DEFAULT_TABLES "/etc/vigia/sigma"
#define JSON_MAX       ((size_t)256 << 20)

static const char help[] =
    "Usage: vigia rules check RULES [--tables DIR] [--json]\n"
    "       vigia rules test RULES EVENTS... [--tables DIR] [--service NAME] [--json]\n\n"
    "RULES is a file or a folder of Sigma rules (*.yml, also in folders below it).\n\n"
    "check  counts the rules that load; of the others it says file and line, what is wrong and\n"
    "       what to do, and of which logsources no table says where they are. Exit code 0: all\n"
    "       load, 1: some do not.\n"
    "test   tries the rules on the events of files and shows which match by which fields, and "
    "which\n"
    "       correlations hold, with the events' own times for a clock. An event is a JSON object "
    "(one a line, one a file, or in an array;\n"
    "       Windows' events as Event.System and Event.EventData or flat), an event of audit.log "
    "or\n"
    "       a line of syslog. A JSON object without a Channel is tried on rules of any logsource.\n"
    "       Exit code 0: something matched, 1: nothing did, 2: the rules or events are bad.\n\n"
    "  --tables DIR    where logsources are and what fields are called (default " DEFAULT_TABLES
    ")\n"
    "  --service NAME  Sigma service of the lines of syslog: auth, syslog, ...\n"
    "  --json          the result as one JSON object\n";

static const char *const levels[] = {"", "informational", "low", "medium", "high", "critical"};

struct problems {
    size_t n;
    struct buf text; /* one a line */
};

static void take_problem(void *ctx, const char *text)
{
    struct problems *p = ctx;
    p->n++;
    buf_put_text(&p->text, text);
    buf_put_byte(&p->text, '\n');
}

static void put_problems(struct json_out *j, const struct problems *p)
{
    struct span rest = buf_span(&p->text), line;
    json_array(j, "rule_errors");
    while (span_take_until(&rest, '\n', &line))
        json_span(j, NULL, line);
    json_end_array(j);
}

static struct rule_set *load(const char *rules, const char *tables, struct problems *p)
{
    struct sigma_file file;
    *p = (struct problems){.text = BUF_INIT(4 << 20)};
    sigma_file_load(tables, take_problem, p, &file);
    struct rule_set *set = rule_set_load(rules, &file, take_problem, p);
    sigma_file_release(&file);
    return set;
}

static void print_json(struct buf *text)
{
    if (text->failed)
        fputs("vigia rules: the result is too large; try fewer events at once\n", stderr);
    else
        puts(text->p);
    buf_release(text);
}

/* ---- check ---- */

static bool is_correlation(const struct rule *r)
{
    return r->correlation != NULL;
}

/* Rules that filters were joined to, one counted as often as filters mean it. */
static size_t filtered(const struct rule_set *set)
{
    size_t n = 0;
    for (size_t i = 0; i < set->filters_n; i++)
        n += set->filters[i].joined;
    return n;
}

static void put_counts(struct json_out *j, const struct rule_set *set)
{
    size_t correlations = 0;
    for (size_t i = 0; i < set->n; i++)
        correlations += is_correlation(set->entries[i].rule);
    json_uint(j, "rules", set->n - set->off);
    json_uint(j, "correlations", correlations - set->off);
    json_uint(j, "filters", set->filters_n);
    json_uint(j, "filters_applied", filtered(set));
}

static void print_filters(const struct rule_set *set)
{
    if (set->filters_n == 0)
        return;
    printf("  %zu filters, applied %zu times\n", set->filters_n, filtered(set));
    for (size_t i = 0; i < set->filters_n; i++) {
        const struct rule *r = set->filters[i].body;
        if (set->filters[i].joined == 0)
            printf("  %.*s:%d: the filter means no rule that is there\n", (int)r->file.n, r->file.p,
                   r->line);
    }
}

static void put_logsource(void *ctx, const struct rule *first, size_t rules, size_t sections)
{
    struct json_out *j = ctx;
    json_object(j, NULL);
    json_span(j, "product", first->product);
    json_span(j, "category", first->category);
    json_span(j, "service", first->service);
    json_uint(j, "rules", rules);
    json_uint(j, "sections", sections);
    json_end_object(j);
}

static void print_unserved(void *ctx, const struct rule *first, size_t rules, size_t sections)
{
    (void)ctx;
    bool any = first->category.n == 0 && first->service.n == 0;
    if (sections > 0 || any)
        return;
    printf("  %zu for %.*s%s%.*s%s%.*s: no table says where it is; only records that say so "
           "themselves\n",
           rules, (int)first->product.n, first->product.p, first->category.n ? " " : "",
           (int)first->category.n, first->category.p, first->service.n ? " " : "",
           (int)first->service.n, first->service.p);
}

static int check(const char *rules, const char *tables, bool json)
{
    struct problems p;
    struct rule_set *set = load(rules, tables, &p);
    int code = p.n > 0;
    if (json) {
        struct buf text = BUF_INIT(JSON_MAX);
        struct json_out j;
        json_start(&j, &text);
        json_object(&j, NULL);
        put_counts(&j, set);
        json_array(&j, "logsources");
        rule_set_logsources(set, put_logsource, &j);
        json_end_array(&j);
        put_problems(&j, &p);
        json_int(&j, "exit_code", code);
        json_end_object(&j);
        print_json(&text);
    } else {
        printf("%s: %zu rules fine, %zu off\n", rules, set->n - set->off, p.n);
        print_filters(set);
        rule_set_logsources(set, print_unserved, NULL);
        fputs(p.text.p ? p.text.p : "", stderr);
    }
    rule_set_free(set);
    buf_release(&p.text);
    return code;
}

/* ---- test ---- */

struct trial {
    struct rule_set *set;
    struct correlate *correlate;
    struct hit found; /* of the rule at hand */
    struct view view;
    const char *file;
    size_t line;
    size_t matches, matched, events; /* matched: events */
    bool hit;                        /* the event at hand */
    bool json;
    struct json_out j;
    struct buf safe; /* of a value that is printed */
};

static void put_field(void *ctx, struct span name, struct span value)
{
    struct trial *t = ctx;
    json_object(&t->j, NULL);
    json_span(&t->j, "name", name.n > 0 ? name : SPAN("message"));
    json_span(&t->j, "value", value);
    json_end_object(&t->j);
}

/* Values come from anywhere: no control character of theirs reaches the terminal. */
static void print_field(void *ctx, struct span name, struct span value)
{
    struct trial *t = ctx;
    buf_clear(&t->safe);
    text_put_name(&t->safe, name.n > 0 ? name : SPAN("message"));
    buf_put_text(&t->safe, " = ");
    text_put_name(&t->safe, value);
    printf("    %s\n", t->safe.p ? t->safe.p : "");
}

static void begin_match(struct trial *t, const struct rule *r)
{
    json_object(&t->j, NULL);
    json_text(&t->j, "file", t->file);
    json_uint(&t->j, "line", t->line);
    json_uint(&t->j, "event", t->events);
    json_span(&t->j, "id", r->id);
    json_span(&t->j, "title", r->title);
    json_text(&t->j, "level", levels[r->severity]);
}

static void put_match(struct trial *t, const struct rule *r)
{
    begin_match(t, r);
    json_array(&t->j, "fields");
    match_explain(r, &t->view, put_field, t);
    json_end_array(&t->j);
    json_end_object(&t->j);
}

static void print_title(struct trial *t, const struct rule *r)
{
    buf_clear(&t->safe);
    text_put_name(&t->safe, r->title);
    printf("%s:%zu: %s (%s, %.*s)", t->file, t->line, t->safe.p, levels[r->severity], (int)r->id.n,
           r->id.p);
}

static void print_match(struct trial *t, const struct rule *r)
{
    print_title(t, r);
    puts("");
    match_explain(r, &t->view, print_field, t);
}

/* ---- correlations ---- */

static void each_group_field(const struct rule *r, const struct hit *h,
                             void (*each)(void *ctx, struct span name, struct span value),
                             void *ctx)
{
    for (size_t i = 0; i < r->correlation->group_by_n; i++) {
        struct span value = {"", 0};
        hit_field(h, r->correlation->group_by[i], &value);
        each(ctx, r->correlation->group_by[i], value);
    }
}

static void take_correlation(void *ctx, const struct rule *r, const struct hit *h,
                             const struct counted *counted, const uint8_t group[COUNTER_GROUP_SIZE])
{
    struct trial *t = ctx;
    (void)group;
    t->matches++;
    t->hit = true;
    if (!t->json) {
        print_title(t, r);
        printf(": %.15g in %lld s\n", counted->measure,
               (long long)(r->correlation->timespan_ms / 1000));
        each_group_field(r, h, print_field, t);
        return;
    }
    begin_match(t, r);
    json_uint(&t->j, "count", counted->count);
    json_array(&t->j, "fields");
    each_group_field(r, h, put_field, t);
    json_end_array(&t->j);
    json_end_object(&t->j);
}

static void keep_nothing(void *ctx, struct span key, struct span value)
{
    (void)ctx, (void)key, (void)value;
}

static void take_hit(void *ctx, size_t entry)
{
    struct trial *t = ctx;
    t->matches++;
    t->hit = true;
    (t->json ? put_match : print_match)(t, t->set->entries[entry].rule);
    if (t->set->entries[entry].uses_n == 0)
        return;
    hit_make(&t->found, t->set->entries[entry].rule, &t->view);
    correlate_hit(t->correlate, &t->set->entries[entry], &t->found);
}

static void take_event(void *ctx, const struct record *r, size_t line)
{
    struct trial *t = ctx;
    t->line = line;
    t->events++;
    t->hit = false;
    rule_set_match(t->set, &t->view, r, take_hit, t);
    t->matched += t->hit;
}

/* Every file in turn; false when one cannot be read. */
static bool try_files(struct trial *t, const struct arg_list *files, const char *service,
                      struct events_counts *sum)
{
    bool fine = true;
    for (size_t i = 2; i < files->n; i++) {
        struct events_counts counts;
        struct error e;
        t->file = files->items[i];
        if (events_read(t->file, service, take_event, t, &counts, &e) != 0) {
            fprintf(stderr, "vigia rules: %s\n", e.text);
            fine = false;
        }
        sum->events += counts.events;
        sum->unread += counts.unread;
        sum->cut += counts.cut;
    }
    return fine;
}

static void end_trial(struct trial *t, const struct events_counts *sum, const struct problems *p,
                      int code)
{
    if (!t->json) {
        printf("%zu rules on %zu events: %zu matches in %zu events\n", t->set->n - t->set->off,
               sum->events, t->matches, t->matched);
        if (sum->unread + sum->cut > 0)
            printf("%zu lines were no JSON that can be read, %zu events have more fields than are "
                   "looked at\n",
                   sum->unread, sum->cut);
        fputs(p->text.p ? p->text.p : "", stderr);
        return;
    }
    json_end_array(&t->j);
    json_uint(&t->j, "rules", t->set->n - t->set->off);
    put_problems(&t->j, p);
    json_uint(&t->j, "events", sum->events);
    json_uint(&t->j, "matched", t->matched);
    json_uint(&t->j, "unread", sum->unread);
    json_uint(&t->j, "cut", sum->cut);
    json_int(&t->j, "exit_code", code);
    json_end_object(&t->j);
    print_json(t->j.b);
}

static int test(const struct arg_list *words, const char *tables, const char *service, bool json)
{
    struct problems p;
    struct buf text = BUF_INIT(JSON_MAX);
    struct trial t = {.json = json, .safe = BUF_INIT(1 << 20)};
    struct events_counts sum = {0};
    t.set = load(words->items[1], tables, &p);
    t.correlate = correlate_new(t.set, (struct counter_store){NULL, keep_nothing},
                                (struct correlate_calls){&t, take_correlation});
    view_init(&t.view);
    json_start(&t.j, &text);
    json_object(&t.j, NULL);
    json_array(&t.j, "matches");
    bool fine = try_files(&t, words, service, &sum) && t.set->n > t.set->off;
    int code = !fine ? 2 : t.matches == 0;
    end_trial(&t, &sum, &p, code);
    correlate_free(t.correlate);
    view_release(&t.view);
    rule_set_free(t.set);
    buf_release(&t.safe);
    buf_release(&text);
    buf_release(&p.text);
    return code;
}

int cmd_rules(int argc, char **argv)
{
    const char *tables = DEFAULT_TABLES, *service = NULL, *words[1024];
    bool json = false;
    const struct arg args[] = {{"--tables", &tables, NULL},
                               {"--service", &service, NULL},
                               {"--json", NULL, &json},
                               {NULL, NULL, NULL}};
    struct arg_list lists[] = {{"", words, sizeof(words) / sizeof(words[0]), 0},
                               {NULL, NULL, 0, 0}};
    int rc = args_parse_lists(argc, argv, args, lists, help);
    if (rc)
        return rc - 1;
    if (lists[0].n == 2 && strcmp(words[0], "check") == 0)
        return check(words[1], tables, json);
    if (lists[0].n >= 3 && strcmp(words[0], "test") == 0)
        return test(&lists[0], tables, service, json);
    fprintf(stderr, "vigia rules: say 'check RULES' or 'test RULES EVENTS'; --help tells more\n");
    return 2;
}

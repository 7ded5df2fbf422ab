#include "cli/host_checks.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "base/text.h"
#include "source/checks/tell.h"

#define WIDTH 96

static const char *const severities[] = {"", "informational", "low", "medium", "high", "critical"};

static void print_problem(void *ctx, const char *problem)
{
    size_t *n = ctx;
    (*n)++;
    fprintf(stderr, "vigia check: %s\n", problem);
}

static void look(struct checks_view *host, const struct check *c, struct check_outcome *out)
{
    void *walk = NULL;
    while (!checks_step(host, c, &walk, out)) {
    }
}

/* What was found comes from files that others may have written: no control character of theirs
 * reaches the terminal. Broken at blanks. */
static void print_text(const char *label, const char *text)
{
    struct buf safe = BUF_INIT(65536);
    text_put_name(&safe, span_of(text));
    struct span rest = buf_span(&safe), word;
    size_t column = 0;
    if (rest.n > 0)
        printf("      %-9s", label);
    while (span_take_until(&rest, ' ', &word)) {
        if (column > 0 && column + word.n + 1 > WIDTH - 15) {
            printf("\n               ");
            column = 0;
        }
        printf(" %.*s", (int)word.n, word.p);
        column += word.n + 1;
    }
    if (safe.n > 0)
        printf("\n");
    buf_release(&safe);
}

static void print_row(const struct check *c, const struct check_outcome *o)
{
    char place[300];
    printf("%-14s %-13s %-13s %s\n", check_status_name(o->status), severities[c->severity], c->id,
           c->title);
    if (o->status != CHECK_FAIL && o->status != CHECK_UNKNOWN)
        return;
    if (o->line > 0)
        snprintf(place, sizeof(place), "%s:%d", o->path, o->line);
    else
        snprintf(place, sizeof(place), "%s", o->path);
    print_text("in", place);
    print_text("found", o->found);
    print_text("expected", o->expected);
    if (o->status == CHECK_FAIL)
        print_text("remedy", c->remedy);
}

static void put_row(struct json_out *j, const struct check *c, const struct check_outcome *o)
{
    json_object(j, NULL);
    json_text(j, "id", c->id);
    json_text(j, "title", c->title);
    json_text(j, "topic", c->topic);
    json_text(j, "severity", severities[c->severity]);
    json_text(j, "status", check_status_name(o->status));
    json_text(j, "path", o->path[0] ? o->path : NULL);
    if (o->line > 0)
        json_int(j, "line", o->line);
    json_text(j, "found", o->found);
    json_text(j, "expected", o->expected[0] ? o->expected : NULL);
    json_text(j, "reason", c->reason);
    json_text(j, "remedy", c->remedy);
    json_array(j, "references");
    struct span rest = span_of(c->references), line;
    while (span_take_until(&rest, '\n', &line))
        json_span(j, NULL, line);
    json_end_array(j);
    json_end_object(j);
}

static void print_json(const struct checks *checks, const struct check_outcome *outcomes,
                       const struct check_totals *t, int code)
{
    struct buf text = BUF_INIT(8 << 20);
    struct json_out j;
    json_start(&j, &text);
    json_object(&j, NULL);
    json_uint(&j, "pass", t->by_status[CHECK_PASS]);
    json_uint(&j, "fail", t->by_status[CHECK_FAIL]);
    json_uint(&j, "unknown", t->by_status[CHECK_UNKNOWN]);
    json_uint(&j, "not_applicable", t->by_status[CHECK_SKIPPED]);
    json_uint(&j, "off", t->broken);
    json_array(&j, "checks");
    for (size_t i = 0; i < checks->n; i++)
        put_row(&j, &checks->items[i], &outcomes[i]);
    json_end_array(&j);
    json_int(&j, "exit_code", code);
    json_end_object(&j);
    puts(text.p ? text.p : "");
    buf_release(&text);
}

static void print_table(const struct checks *checks, const struct check_outcome *outcomes,
                        const struct check_totals *t)
{
    static const enum check_status order[] = {CHECK_FAIL, CHECK_UNKNOWN, CHECK_PASS, CHECK_SKIPPED};
    for (size_t k = 0; k < 4; k++)
        for (int severity = 5; severity > 0; severity--)
            for (size_t i = 0; i < checks->n; i++)
                if (outcomes[i].status == order[k] && checks->items[i].severity == severity)
                    print_row(&checks->items[i], &outcomes[i]);
    printf("\n%llu pass, %llu fail, %llu unknown, %llu not applicable, %llu off\n",
           (unsigned long long)t->by_status[CHECK_PASS],
           (unsigned long long)t->by_status[CHECK_FAIL],
           (unsigned long long)t->by_status[CHECK_UNKNOWN],
           (unsigned long long)t->by_status[CHECK_SKIPPED], (unsigned long long)t->broken);
}

int host_checks_print(const char *checks_dir, const char *host_root, bool json)
{
    struct checks checks;
    struct checks_view host;
    struct check_totals totals = {.broken = 0};
    size_t problems = 0;
    checks_load(checks_dir, print_problem, &problems, &checks);
    if (checks.n == 0)
        fprintf(stderr, "vigia check: %s: no check files; install conf/checks there\n", checks_dir);
    struct check_outcome *outcomes = mem_new(checks.n + 1, sizeof(*outcomes));
    checks_view_open(&host, host_root);
    for (size_t i = 0; i < checks.n; i++) {
        look(&host, &checks.items[i], &outcomes[i]);
        totals.by_status[outcomes[i].status]++;
    }
    checks_view_close(&host);
    totals.broken = problems;
    int code = checks.n == 0 || problems > 0 || totals.by_status[CHECK_FAIL] > 0;
    if (json)
        print_json(&checks, outcomes, &totals, code);
    else
        print_table(&checks, outcomes, &totals);
    free(outcomes);
    checks_release(&checks);
    return code;
}

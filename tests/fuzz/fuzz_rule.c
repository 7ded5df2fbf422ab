/* Sigma rules, read as files are. Each comment line is a record that they are matched against:
 * "# program: message", with the fields "name=value" that stand in the message. */
#include "detect/address.h"
#include "detect/condition.h"
#include "detect/correlate.h"
#include "detect/finding.h"
#include "detect/item.h"
#include "detect/match.h"
#include "detect/pattern.h"
#include "detect/regex.h"
#include "detect/rule.h"
#include "detect/rule_index.h"
#include "detect/rule_set.h"
#include "detect/yaml_tree.h"
#include "event/ocsf.h"

#include "base/json_read.h"

#define LINE_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct matching {
    struct rule_set *set;
    struct correlate *correlate;
    struct view view;
    struct hit hit;
    struct finding_work work;
    struct buf line;
};

static void take_problem(void *ctx, const char *problem)
{
    (void)ctx;
    struct span where = SPAN("fuzz.yml:"), text = span_of(problem);
    if (!span_starts(text, where) || problem[where.n] < '1' || problem[where.n] > '9')
        abort();
}

static void must_be_one_line(const struct buf *line)
{
    struct error e;
    struct json_doc *doc = json_read(buf_span(line), &e);
    if (!doc || memchr(line->p, '\n', line->n))
        abort();
    json_free(doc);
}

static void tell(void *ctx, const struct rule *rule, const struct hit *h,
                 const struct counted *counted, const uint8_t *group)
{
    struct matching *m = ctx;
    static const struct identity who = {.institution = "X", .endpoint = "pc"};
    struct event e;
    finding_make(&e, rule, h, counted, group, &m->work);
    buf_clear(&m->line);
    ocsf_encode(&m->line, &who, &e, 1);
    if (!m->line.failed)
        must_be_one_line(&m->line);
}

static void take_hit(void *ctx, size_t at)
{
    struct matching *m = ctx;
    const struct rule_entry *entry = &m->set->entries[at];
    hit_make(&m->hit, entry->rule, &m->view);
    tell(m, entry->rule, &m->hit, NULL, NULL);
    size_t fields_n = m->hit.n;
    correlate_hit(m->correlate, entry, &m->hit);
    if (m->hit.n != fields_n)
        abort();
}

static void put_state(void *ctx, struct span key, struct span value)
{
    (void)ctx;
    if (key.n != COUNTER_KEY_SIZE || !value.p)
        abort(); /* so few groups are not given up */
}

static void add_fields(struct record *r)
{
    struct span rest = r->message, word;
    while (r->fields_n < RECORD_FIELDS_MAX && span_take_until(&rest, ' ', &word)) {
        size_t equals = span_find(word, '=');
        if (equals > 0 && equals < word.n)
            r->fields[r->fields_n++] =
                (struct record_field){{word.p, equals}, {word.p + equals + 1, word.n - equals - 1}};
    }
}

/* The records are a second apart. */
static void match_line(struct matching *m, struct span line, int number)
{
    struct record r = {.source = "/var/log/auth.log", .product = "linux", .service = "auth"};
    r.time_ms = 1000 * number;
    r.raw = span_trim((struct span){line.p + 1, line.n - 1});
    struct span rest = r.raw;
    if (span_find(rest, ':') == rest.n || !span_take_until(&rest, ':', &r.program))
        return;
    r.message = span_trim(rest);
    add_fields(&r);
    rule_set_match(m->set, &m->view, &r, take_hit, m);
    r.category = "process_creation";
    rule_set_match(m->set, &m->view, &r, take_hit, m);
}

static const char tables[] =
    "[a]\nproduct = linux\ncategory = process_creation\nwhen = category: process_creation\n"
    "field = Image: exe, comm\nfield = CommandLine: proctitle\n"
    "[placeholders]\nAdmins = root\nAdmins = adm*\nHosts = h?\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sigma_file file = {0};
    sigma_file_parse("tables", span_of(tables), NULL, NULL, &file);
    struct span rest = span_make(data, n), line;
    struct matching m = {.work = {BUF_INIT(4096), BUF_INIT(8192)}, .line = BUF_INIT(LINE_MAX)};
    m.set = rule_set_parse("fuzz.yml", rest, &file, take_problem, NULL);
    m.correlate = correlate_new(m.set, (struct counter_store){NULL, put_state},
                                (struct correlate_calls){&m, tell});
    sigma_file_release(&file);
    view_init(&m.view);
    for (int i = 0; m.set->n > 0 && i < 16 && span_take_line(&rest, &line);)
        if (span_starts(line, SPAN("#"))) {
            match_line(&m, line, i);
            i++;
        }
    counters_checkpoint(correlate_counters(m.correlate));
    correlate_free(m.correlate);
    view_release(&m.view);
    rule_set_free(m.set);
    buf_release(&m.work.message);
    buf_release(&m.work.vigia);
    buf_release(&m.line);
    return 0;
}

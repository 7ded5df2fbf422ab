#include "detect/budget.h"

#include "base/json_write.h"
#include "base/mem.h"
#include "base/sha256.h"

#include <stdlib.h>

#define HOUR_MS    3600000
#define KEY_MAX    32
#define TELL_RULES 16 /* named in the event */

struct row { /* a rule's findings of this hour; the last one takes those without a row */
    uint8_t key[EVENT_UID_SIZE];
    char detector[24], id[64], title[96];
    bool dirty;
    enum event_severity severity;
    uint64_t told, over;
    int64_t first_ms, last_ms; /* of those over the budget */
};

struct class
{ /* a detector's findings of one severity */
    char detector[24];
    enum event_severity severity;
    uint64_t told;
};

struct budget {
    const struct flood_host *host;
    int64_t hour;
    struct row *rows;
    size_t rows_n;
    struct class *classes;
    size_t classes_n;
};

struct budget *budget_new(const struct flood_host *host)
{
    struct budget *b = mem_new(1, sizeof(*b));
    b->host = host;
    return b;
}

void budget_free(struct budget *b)
{
    free(b->rows);
    free(b->classes);
    free(b);
}

static struct span key_of(const struct row *row, char out[KEY_MAX])
{
    struct span prefix = BUDGET_PREFIX;
    memcpy(out, prefix.p, prefix.n);
    memcpy(out + prefix.n, row->key, sizeof(row->key));
    return (struct span){out, prefix.n + sizeof(row->key)};
}

/* ---- rows and classes ---- */

static struct class *class_of(struct budget *b, const char *detector, enum event_severity severity)
{
    for (size_t i = 0; i < b->classes_n; i++)
        if (b->classes[i].severity == severity && strcmp(b->classes[i].detector, detector) == 0)
            return &b->classes[i];
    b->classes = mem_grow(b->classes, b->classes_n + 1, sizeof(*b->classes));
    struct class *new = &b->classes[b->classes_n++];
    *new = (struct class){.severity = severity};
    span_copy(span_of(detector), new->detector, sizeof(new->detector));
    return new;
}

static void make_key(const char *detector, struct span id, uint8_t out[EVENT_UID_SIZE])
{
    struct span parts[] = {span_of(detector), id};
    event_uid_make(out, parts, 2);
}

static struct row *row_of(struct budget *b, const char *detector, const struct event *e)
{
    const struct event_detection *d = &e->u.detection;
    bool full = b->rows_n == BUDGET_RULES_MAX;
    uint8_t key[EVENT_UID_SIZE];
    make_key(detector, d->rule_id, key);
    for (size_t i = 0; i < b->rows_n; i++)
        if (memcmp(b->rows[i].key, key, sizeof(key)) == 0)
            return &b->rows[i];
    if (full)
        return &b->rows[b->rows_n - 1];
    bool last = b->rows_n == BUDGET_RULES_MAX - 1;
    b->rows = mem_grow(b->rows, b->rows_n + 1, sizeof(*b->rows));
    struct row *row = &b->rows[b->rows_n++];
    *row = (struct row){.severity = e->severity};
    memcpy(row->key, key, sizeof(key));
    span_copy(span_of(detector), row->detector, sizeof(row->detector));
    span_copy(last ? SPAN("others") : d->rule_id, row->id, sizeof(row->id));
    span_copy(last ? SPAN("other rules") : d->rule_title, row->title, sizeof(row->title));
    return row;
}

static void count_over(struct row *row, const struct event *e)
{
    row->first_ms = row->over == 0 || e->time_ms < row->first_ms ? e->time_ms : row->first_ms;
    row->last_ms = row->over == 0 || e->time_ms > row->last_ms ? e->time_ms : row->last_ms;
    row->severity = e->severity > row->severity ? e->severity : row->severity;
    row->over++;
}

bool budget_take(struct budget *b, const struct detector *from, const struct event *e,
                 int64_t wall_ms)
{
    uint64_t most = b->host->config->budget;
    if (most == 0)
        return true;
    if (from->budget > 0 && from->budget < most)
        most = from->budget;
    budget_run(b, wall_ms);
    struct row *row = row_of(b, from->name, e);
    struct class *class = class_of(b, from->name, e->severity);
    row->dirty = true;
    if (class->told < most || row->told == 0) {
        class->told++;
        row->told++;
        return true;
    }
    count_over(row, e);
    return false;
}

/* ---- the end of an hour ---- */

static void put_rule(struct json_out *j, const struct row *row)
{
    json_object(j, NULL);
    json_span(j, "id", span_of(row->id));
    json_span(j, "title", span_of(row->title));
    json_uint(j, "told", row->told);
    json_uint(j, "over", row->over);
    json_end_object(j);
}

static void emit_sum(struct budget *b, const struct row *sum, struct span vigia)
{
    char message[400];
    snprintf(message, sizeof(message),
             "%llu findings of the detector %s went over its budget of %llu an hour and were not "
             "told, most of them of: %s",
             (unsigned long long)sum->over, sum->detector,
             (unsigned long long)b->host->config->budget, sum->title);
    struct event e = {.class_uid = EVENT_DETECTION,
                      .activity = FINDING_CREATE,
                      .severity = sum->severity,
                      .time_ms = sum->last_ms,
                      .message = message,
                      .vigia = vigia,
                      .u.detection = {.rule_id = SPAN("vigia-budget"),
                                      .rule_title = SPAN("Findings over the budget"),
                                      .analytic_type_id = 3,
                                      .count = sum->over,
                                      .first_ms = sum->first_ms,
                                      .last_ms = sum->last_ms}};
    struct span parts[] = {SPAN("budget"), span_of(sum->detector),
                           span_make(&b->hour, sizeof(b->hour))};
    event_uid_make(e.uid, parts, 3);
    b->host->emit(b->host->ctx, &e);
}

static int by_over(const void *x, const void *y)
{
    const struct row *a = x, *b = y;
    return (a->over < b->over) - (a->over > b->over);
}

/* One event about the rows of the first one's detector; the rows are in order. */
static void tell_detector(struct budget *b, const char *detector)
{
    struct buf vigia = BUF_INIT(16384);
    struct json_out j;
    struct row sum = {.over = 0};
    size_t named = 0;
    json_start(&j, &vigia);
    json_object(&j, NULL);
    json_text(&j, "detector", detector);
    json_uint(&j, "budget", b->host->config->budget);
    json_array(&j, "rules");
    for (size_t i = 0; i < b->rows_n; i++) {
        const struct row *row = &b->rows[i];
        if (row->over == 0 || strcmp(row->detector, detector) != 0)
            continue;
        if (named++ < TELL_RULES)
            put_rule(&j, row);
        if (sum.over == 0)
            sum = *row;
        else
            sum.over += row->over;
        sum.severity = row->severity > sum.severity ? row->severity : sum.severity;
        sum.first_ms = row->first_ms < sum.first_ms ? row->first_ms : sum.first_ms;
        sum.last_ms = row->last_ms > sum.last_ms ? row->last_ms : sum.last_ms;
    }
    json_end_array(&j);
    json_uint(&j, "rules_over", named);
    json_end_object(&j);
    if (sum.over > 0)
        emit_sum(b, &sum, vigia.failed ? (struct span){0, 0} : buf_span(&vigia));
    buf_release(&vigia);
}

static void end_hour(struct budget *b)
{
    char key[KEY_MAX];
    if (b->rows_n > 0)
        qsort(b->rows, b->rows_n, sizeof(*b->rows), by_over);
    for (size_t i = 0; i < b->classes_n; i++) {
        size_t first = 0;
        while (strcmp(b->classes[first].detector, b->classes[i].detector) != 0)
            first++;
        if (first == i) /* its other severities are in the same event */
            tell_detector(b, b->classes[i].detector);
    }
    for (size_t i = 0; i < b->rows_n; i++)
        b->host->put(b->host->ctx, STORE_DETECT, key_of(&b->rows[i], key), (struct span){0, 0});
    b->rows_n = b->classes_n = 0;
}

int64_t budget_run(struct budget *b, int64_t wall_ms)
{
    int64_t hour = wall_ms / HOUR_MS;
    if (hour != b->hour) {
        end_hour(b);
        b->hour = hour;
    }
    return b->rows_n > 0 ? (hour + 1) * HOUR_MS : INT64_MAX;
}

/* ---- state ---- */

static void put_text(struct buf *out, const char *text)
{
    buf_put_u32(out, (uint32_t)strlen(text));
    buf_put_text(out, text);
}

static bool take_text(struct span *rest, char *out, size_t size)
{
    uint32_t n;
    struct span text;
    return span_take_u32(rest, &n) && n < size && span_take(rest, n, &text) &&
           span_copy(text, out, size);
}

void budget_checkpoint(struct budget *b)
{
    struct buf value = BUF_INIT(512);
    char key[KEY_MAX];
    for (size_t i = 0; i < b->rows_n; i++) {
        struct row *row = &b->rows[i];
        if (!row->dirty)
            continue;
        row->dirty = false;
        buf_clear(&value);
        buf_put_u64(&value, (uint64_t)b->hour);
        buf_put_u32(&value, (uint32_t)row->severity);
        buf_put_u64(&value, row->told);
        buf_put_u64(&value, row->over);
        buf_put_u64(&value, (uint64_t)row->first_ms);
        buf_put_u64(&value, (uint64_t)row->last_ms);
        put_text(&value, row->detector);
        put_text(&value, row->id);
        put_text(&value, row->title);
        b->host->put(b->host->ctx, STORE_DETECT, key_of(row, key), buf_span(&value));
    }
    buf_release(&value);
}

static bool take_row(struct span rest, struct row *row, int64_t *hour)
{
    uint64_t n[5];
    uint32_t severity;
    if (!span_take_u64(&rest, &n[0]) || !span_take_u32(&rest, &severity))
        return false;
    for (size_t i = 1; i < 5; i++)
        if (!span_take_u64(&rest, &n[i]))
            return false;
    *hour = (int64_t)n[0];
    *row = (struct row){.severity = (enum event_severity)severity,
                        .told = n[1],
                        .over = n[2],
                        .first_ms = (int64_t)n[3],
                        .last_ms = (int64_t)n[4]};
    return severity >= SEVERITY_INFORMATIONAL && severity <= SEVERITY_CRITICAL &&
           take_text(&rest, row->detector, sizeof(row->detector)) &&
           take_text(&rest, row->id, sizeof(row->id)) &&
           take_text(&rest, row->title, sizeof(row->title)) && rest.n == 0;
}

bool budget_restore(struct budget *b, struct span key, struct span value)
{
    struct span prefix = BUDGET_PREFIX;
    struct row row;
    int64_t hour;
    if (key.n != prefix.n + sizeof(row.key) || !span_starts(key, prefix) ||
        b->rows_n == BUDGET_RULES_MAX || !take_row(value, &row, &hour) ||
        (b->rows_n > 0 && hour != b->hour))
        return false;
    memcpy(row.key, key.p + prefix.n, sizeof(row.key));
    b->hour = hour;
    b->rows = mem_grow(b->rows, b->rows_n + 1, sizeof(*b->rows));
    b->rows[b->rows_n++] = row;
    class_of(b, row.detector, row.severity)->told += row.told;
    return true;
}

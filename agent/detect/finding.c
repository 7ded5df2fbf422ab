#include "detect/finding.h"

#include "base/json_write.h"

static void take_field(void *ctx, struct span name, struct span value)
{
    struct hit *h = ctx;
    for (size_t i = 0; i < h->n; i++)
        if (span_equal(h->fields[i].name, name))
            return;
    if (h->n < HIT_EXTRACTED_MAX)
        h->fields[h->n++] = (struct record_field){name, value};
}

static void take_matched(void *ctx, struct span name, struct span value)
{
    struct hit *h = ctx;
    if (h->matched_n < HIT_FIELDS_MAX)
        h->matched[h->matched_n++] =
            (struct record_field){name.n > 0 ? name : SPAN("message"), value};
}

void hit_make(struct hit *h, const struct rule *rule, struct view *v)
{
    h->record = v->record;
    h->view = v;
    h->n = h->matched_n = 0;
    for (size_t i = 0; i < rule->extract_n; i++)
        regex_extract(rule->extract[i], v->work, h->record->message, take_field, h);
    match_explain(rule, v, take_matched, h);
}

static struct span mapped(const struct view *v, struct span name)
{
    uint16_t number = v->others ? field_names_find(v->names, name) : FIELD_NONE;
    uint16_t at = number != FIELD_NONE ? view_find(v, number) : 0;
    return at > 0 ? v->texts[at - 1].text : (struct span){0, 0};
}

bool hit_field(const struct hit *h, struct span name, struct span *value)
{
    for (size_t i = h->n; i-- > 0;)
        if (span_equal(h->fields[i].name, name)) {
            *value = h->fields[i].value;
            return value->p != NULL;
        }
    *value = record_field(h->record, name);
    if (!value->p && span_equal(name, SPAN("program")))
        *value = h->record->program;
    if (!value->p && span_equal(name, SPAN("host")))
        *value = h->record->host;
    if (!value->p && h->view)
        *value = mapped(h->view, name);
    return value->p != NULL;
}

void hit_add_aliases(struct hit *h, const struct rule_correlation *c, size_t refer)
{
    struct record_field found[RULE_ALIASES_MAX];
    size_t n = 0;
    for (size_t i = 0; i < c->aliases_n; i++) {
        struct span field = c->alias_fields[refer * c->aliases_n + i], value;
        if (!field.p)
            continue; /* of this rule the alias says nothing */
        if (!hit_field(h, field, &value))
            value = (struct span){0, 0};
        found[n++] = (struct record_field){c->aliases[i].name, value};
    }
    for (size_t i = 0; i < n && h->n < HIT_FIELDS_MAX; i++)
        h->fields[h->n++] = found[i];
}

bool hit_digest(const struct hit *h, const struct span *fields, size_t n, uint8_t out[SHA256_SIZE])
{
    struct sha256 s;
    sha256_init(&s);
    for (size_t i = 0; i < n; i++) {
        struct span value;
        if (!hit_field(h, fields[i], &value))
            return false;
        uint64_t size = value.n;
        sha256_update(&s, &size, sizeof(size));
        sha256_update(&s, value.p, value.n);
    }
    sha256_final(&s, out);
    return true;
}

/* The first of the names (a list ended by NULL) that the record has a value for. */
static struct span first_field(const struct hit *h, const char *const *names)
{
    struct span value = {0, 0};
    for (size_t i = 0; names[i]; i++)
        if (hit_field(h, span_of(names[i]), &value) && value.n > 0)
            return value;
    return (struct span){0, 0};
}

/* "Many failed logins: 5 in 60 s (src_ip 192.0.2.1)" */
static const char *put_message(struct buf *b, const struct rule *rule, const struct hit *h,
                               const struct counted *counted)
{
    buf_clear(b);
    buf_put_span(b, rule->title);
    if (counted) {
        const struct rule_correlation *c = rule->correlation;
        buf_printf(b, ": %.15g in %lld s", counted->measure, (long long)(c->timespan_ms / 1000));
        for (size_t i = 0; i < c->group_by_n; i++) {
            struct span value = {0, 0};
            hit_field(h, c->group_by[i], &value);
            buf_put_text(b, i == 0 ? " (" : ", ");
            buf_put_span(b, c->group_by[i]);
            buf_put_byte(b, ' ');
            buf_put(b, value.p, value.n < 128 ? value.n : 128);
        }
        buf_put_text(b, c->group_by_n > 0 ? ")" : "");
    }
    return buf_span(b).p;
}

static void put_measure(struct json_out *j, const struct rule_correlation *c,
                        const struct counted *counted)
{
    char text[40];
    snprintf(text, sizeof(text), "%.15g", counted->measure);
    json_span(j, "field", c->fields[0]);
    json_text(j, c->type == CORRELATION_VALUE_SUM ? "sum" : "average", text);
}

static struct span put_vigia(struct buf *b, const struct rule *rule, const struct hit *h,
                             const struct counted *counted)
{
    const struct rule_correlation *c = rule->correlation;
    struct json_out j;
    buf_clear(b);
    json_start(&j, b);
    json_object(&j, NULL);
    json_object(&j, "group");
    for (size_t i = 0; i < c->group_by_n; i++) {
        struct span value = {0, 0};
        hit_field(h, c->group_by[i], &value);
        value.n = value.n < 256 ? value.n : 256;
        json_span(&j, c->group_by[i].p, value);
    }
    json_end_object(&j);
    json_int(&j, "timespan_s", c->timespan_ms / 1000);
    if (c->type == CORRELATION_VALUE_SUM || c->type == CORRELATION_VALUE_AVG)
        put_measure(&j, c, counted);
    json_uint(&j, "suppressed", counted->suppressed);
    json_end_object(&j);
    return b->failed ? (struct span){0, 0} : buf_span(b);
}

static void put_uid(struct event *e, const struct rule *rule, const struct record *r,
                    const uint8_t *group)
{
    struct span parts[3] = {rule->id, span_make(r->uid, sizeof(r->uid)),
                            span_make(group, group ? COUNTER_GROUP_SIZE : 0)};
    event_uid_make(e->uid, parts, group ? 3 : 2);
}

static bool field_of_hit(void *ctx, struct span name, struct span *value)
{
    return hit_field(ctx, name, value);
}

/* A text with each number that stands alone as one digit: ports and process ids differ each time.
 */
static void hash_but_numbers(struct sha256 *s, struct span text)
{
    static const char stops[] = " \t[](){}<>=,;'\"";
    while (text.n > 0) {
        size_t word = 0;
        while (word < text.n && text.p[word] && !strchr(stops, text.p[word]))
            word++;
        size_t digits = 0;
        while (digits < word && text.p[digits] >= '0' && text.p[digits] <= '9')
            digits++;
        size_t n = word < text.n ? word + 1 : word; /* with what stops it */
        if (word > 0 && digits == word)
            sha256_update(s, "0", 1);
        else
            sha256_update(s, text.p, word);
        sha256_update(s, text.p + word, n - word);
        text = (struct span){text.p + n, text.n - n};
    }
}

/*
 * What makes a finding the same one again: of a correlation its group; of a rule the text. A rule
 * that says which fields matter (extract) is about them, so numbers elsewhere don't.
 */
static void put_same(uint8_t out[EVENT_UID_SIZE], const struct rule *rule, const struct hit *h,
                     const uint8_t *group)
{
    struct sha256 s;
    uint8_t full[SHA256_SIZE];
    struct span program = h->record->program, message = h->record->message;
    sha256_init(&s);
    sha256_update(&s, rule->id.p, rule->id.n + 1); /* a NUL stands behind it */
    if (group) {
        sha256_update(&s, group, COUNTER_GROUP_SIZE);
    } else {
        sha256_update(&s, program.p ? program.p : "", program.n);
        sha256_update(&s, "", 1);
        for (size_t i = 0; i < h->n; i++) {
            sha256_update(&s, h->fields[i].name.p, h->fields[i].name.n);
            sha256_update(&s, h->fields[i].value.p, h->fields[i].value.n);
        }
        if (rule->extract_n > 0)
            hash_but_numbers(&s, message);
        else
            sha256_update(&s, message.p ? message.p : "", message.n);
    }
    sha256_final(&s, full);
    memcpy(out, full, EVENT_UID_SIZE);
}

/* A record without a message is told apart by its fields alone, which this does not look into. */
static bool can_repeat(const struct hit *h, const uint8_t *group)
{
    return group || h->record->message.n > 0;
}

void finding_make(struct event *e, const struct rule *rule, const struct hit *h,
                  const struct counted *counted, const uint8_t *group, struct finding_work *work)
{
    static const char *const users[] = {"user",     "User", "TargetUserName", "SubjectUserName",
                                        "username", NULL};
    static const char *const addresses[] = {"src_ip", "SourceIp", "IpAddress", "rhost", NULL};
    const struct record *r = h->record;
    *e = (struct event){.class_uid = EVENT_DETECTION,
                        .activity = FINDING_CREATE,
                        .severity = rule->severity,
                        .time_ms = r->time_ms};
    e->message = put_message(&work->message, rule, h, counted);
    if (counted)
        e->vigia = put_vigia(&work->vigia, rule, h, counted);
    put_uid(e, rule, r, group);
    struct event_detection *d = &e->u.detection;
    d->rule_id = rule->id;
    d->rule_title = rule->title;
    d->analytic_type_id = 1;
    d->attacks_n = rule->attacks_n;
    memcpy(d->attacks, rule->attacks, rule->attacks_n * sizeof(d->attacks[0]));
    d->tactics_n = rule->tactics_n;
    memcpy(d->tactics, rule->tactics, rule->tactics_n * sizeof(d->tactics[0]));
    d->tags_n = rule->tags_n;
    d->tags = rule->tags;
    d->references_n = rule->references_n;
    d->references = rule->references;
    d->fields_n = h->matched_n;
    d->fields = h->matched;
    d->confidence_id = rule->confidence_id;
    d->log_name = span_of(r->source);
    d->evidence = r->raw;
    if (can_repeat(h, group))
        put_same(d->same, rule, h, group);
    d->field = field_of_hit;
    d->field_ctx = (void *)(uintptr_t)h; /* only read */
    d->user = first_field(h, users);
    d->src_ip = first_field(h, addresses);
    d->count = counted ? counted->count : 1;
    d->first_ms = counted ? counted->first_ms : r->time_ms;
    d->last_ms = counted ? counted->last_ms : r->time_ms;
}

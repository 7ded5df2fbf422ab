#include "unit/sigma_kit.h"

static void remember(void *ctx, const char *problem)
{
    struct kit *k = ctx;
    if (k->problems++ == 0)
        span_copy(span_of(problem), k->problem, sizeof(k->problem));
}

void kit_open_with(struct kit *k, const char *yaml, const char *tables)
{
    struct sigma_file file = {0};
    *k = (struct kit){0};
    sigma_file_parse("tables.ini", span_of(tables), remember, k, &file);
    k->set = rule_set_parse("rule.yml", span_of(yaml), &file, remember, k);
    sigma_file_release(&file);
    view_init(&k->view);
}

void kit_open(struct kit *k, const char *yaml)
{
    kit_open_with(k, yaml, "");
}

void kit_close(struct kit *k)
{
    rule_set_free(k->set);
    view_release(&k->view);
}

static void count(void *ctx, size_t entry)
{
    (void)entry;
    ((struct kit *)ctx)->hits++;
}

size_t kit_hits_record(struct kit *k, const struct record *r)
{
    k->hits = 0;
    rule_set_match(k->set, &k->view, r, count, k);
    return k->hits;
}

size_t kit_hits(struct kit *k, const char *message)
{
    struct record r = kit_record("sshd", message, 0);
    return kit_hits_record(k, &r);
}

struct record kit_record(const char *program, const char *message, int64_t time_ms)
{
    struct record r = {.source = "/var/log/auth.log",
                       .product = "linux",
                       .service = "auth",
                       .program = span_of(program),
                       .host = SPAN("pc1"),
                       .pid = 7,
                       .time_ms = time_ms,
                       .message = span_of(message),
                       .raw = span_of(message)};
    memcpy(r.uid, &time_ms, sizeof(time_ms));
    return r;
}

void kit_field(struct record *r, const char *name, const char *value)
{
    r->fields[r->fields_n++] = (struct record_field){span_of(name), span_of(value)};
}

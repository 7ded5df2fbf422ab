#include "base/json_write.h"
#include "base/mem.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "config/config.h"
#include "detect/templates.h"
#include "platform/clock.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

static const char help[] =
    "Usage: vigia templates [--config FILE] [--json]\n\n"
    "The kinds of log messages that this host is known to write, the most frequent first: how "
    "often\n"
    "(about), when last, in how many hours of the day, and the message with <*> for what changes,\n"
    "or an event's channel, provider and number.\n"
    "The state is that of the last closed batch.\n\n"
    "  --config FILE  default " ARGS_DEFAULT_CONFIG "\n"
    "  --json         one object: learning, counters, templates\n";

struct list {
    struct mined *items; /* room for MINER_MAX */
    size_t n;
    struct templates_head head;
    int64_t learn_ms;
};

static bool take(void *ctx, struct span key, struct span value)
{
    struct list *l = ctx;
    size_t slot;
    if (!templates_key_slot(key, &slot))
        return true;
    if (slot == MINER_MAX)
        templates_head_load(value, &l->head);
    else if (l->n < MINER_MAX && miner_read(value, &l->items[l->n]))
        l->n++;
    return true;
}

static int by_count(const void *a, const void *b)
{
    const struct mined *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Of events, where there are any: they began when the lines did, or later. */
static int64_t learned_ms(const struct list *l)
{
    return templates_learned_ms(&l->head, l->head.events_from > 0);
}

static bool is_learning(const struct list *l)
{
    return learned_ms(l) < l->learn_ms;
}

static unsigned hours_of(const struct mined *t)
{
    return (unsigned)__builtin_popcount(t->hours);
}

/* How many values have always been the same. */
static unsigned constant_of(const struct mined *t)
{
    unsigned n = 0;
    for (size_t i = 0; i < t->values_n; i++)
        n += !t->values[i].varies;
    return n;
}

static void print_age(int64_t ms)
{
    int64_t hours = (clock_wall_ms() - ms) / 3600000;
    if (hours < 48)
        printf("%5lld h ago", (long long)(hours > 0 ? hours : 0));
    else
        printf("%5lld d ago", (long long)(hours / 24));
}

static void print(const struct list *l)
{
    printf("%zu templates%s; %llu given up\n", l->n, is_learning(l) ? ", still learning" : "",
           (unsigned long long)l->head.evicted);
    for (size_t i = 0; i < l->n; i++) {
        printf("%10llu", (unsigned long long)l->items[i].count);
        print_age(l->items[i].last_ms);
        printf("  %2u h  %s\n", hours_of(&l->items[i]), l->items[i].text);
    }
}

static void put_template(struct json_out *j, const struct mined *t)
{
    json_object(j, NULL);
    json_uint(j, "id", t->id);
    json_uint(j, "count", t->count);
    json_int(j, "first", t->first_ms);
    json_int(j, "last", t->last_ms);
    json_uint(j, "days", t->days);
    json_array(j, "hours");
    for (unsigned h = 0; h < 24; h++)
        if ((t->hours >> h & 1) != 0)
            json_uint(j, NULL, h);
    json_end_array(j);
    json_uint(j, "constant", constant_of(t));
    json_span(j, "text", span_of(t->text));
    json_end_object(j);
}

static void print_json(const struct list *l)
{
    struct buf text = BUF_INIT(16U << 20);
    struct json_out j;
    json_start(&j, &text);
    json_object(&j, NULL);
    json_bool(&j, "learning", is_learning(l));
    json_int(&j, "learned_s", learned_ms(l) / 1000);
    json_uint(&j, "evicted", l->head.evicted);
    json_array(&j, "templates");
    for (size_t i = 0; i < l->n; i++)
        put_template(&j, &l->items[i]);
    json_end_array(&j);
    json_end_object(&j);
    puts(text.p ? text.p : "");
    buf_release(&text);
}

int cmd_templates(int argc, char **argv)
{
    const char *file = ARGS_DEFAULT_CONFIG;
    bool json = false;
    const struct arg args[] = {
        {"--config", &file, NULL}, {"--json", NULL, &json}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    struct error e = {""};
    struct config *c = config_read(file, &e);
    if (!c) {
        fprintf(stderr, "vigia templates: %s\n", e.text);
        return 2;
    }
    struct list l = {.items = mem_new(MINER_MAX, sizeof(struct mined)),
                     .learn_ms = c->learn_s * 1000};
    rc = store_look(c->state_dir, STORE_DETECT, TEMPLATES_KEY_PREFIX, take, &l, &e);
    if (rc == 0) {
        qsort(l.items, l.n, sizeof(l.items[0]), by_count);
        json ? print_json(&l) : print(&l);
    } else {
        fprintf(stderr, "vigia templates: %s\n", e.text);
    }
    free(l.items);
    config_free(c);
    return rc != 0;
}

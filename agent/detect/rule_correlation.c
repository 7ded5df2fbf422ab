#include "detect/rule_bounds.h"

#include "base/text.h"

static int read_type(const struct rule_maker *m, struct rule_correlation *c,
                     const struct tree_node *map)
{
    static const struct {
        const char *name;
        enum correlation_type type;
    } types[] = {
        {"event_count", CORRELATION_EVENT_COUNT}, {"value_count", CORRELATION_VALUE_COUNT},
        {"temporal", CORRELATION_TEMPORAL},       {"temporal_ordered", CORRELATION_ORDERED},
        {"value_sum", CORRELATION_VALUE_SUM},     {"value_avg", CORRELATION_VALUE_AVG},
    };
    struct span text;
    if (rule_text(m, map, "type", 64, &text) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (span_equal_text(text, types[i].name)) {
            c->type = types[i].type;
            return 0;
        }
    if (span_equal_text(text, "value_percentile"))
        return rule_wrong(m, map->line,
                          "type value_percentile is not supported: it would have to keep every "
                          "value; write value_avg or value_count");
    return rule_wrong(m, map->line,
                      "type is missing or unknown; write event_count, value_count, temporal, "
                      "temporal_ordered, value_sum or value_avg");
}

static int read_timespan(const struct rule_maker *m, struct rule_correlation *c,
                         const struct tree_node *map)
{
    struct span text;
    uint64_t seconds;
    if (rule_text(m, map, "timespan", 32, &text) != 0)
        return -1;
    const struct tree_node *node = tree_get(map, "timespan");
    if (!text_parse_duration(text, &seconds) || seconds == 0 || seconds > RULE_TIMESPAN_MAX_S)
        return rule_wrong(m, node ? node->line : map->line,
                          "timespan is missing or wrong; write one such as 60s, 5m, 1h (31d at "
                          "most)");
    c->timespan_ms = (int64_t)seconds * 1000;
    return 0;
}

/* "alias: {rule: field, ...}" */
static int read_alias(const struct rule_maker *m, struct alias *alias, const struct tree_node *node)
{
    if (node->kind != TREE_MAP || node->n == 0 || node->n > RULE_REFERS_MAX)
        return rule_wrong(m, node->line, "an alias is a map of 1 to %d rules; write rule: field",
                          RULE_REFERS_MAX);
    alias->name = arena_copy(m->arena, node->key);
    for (const struct tree_node *pair = node->first; pair; pair = pair->next) {
        if (pair->kind != TREE_TEXT || pair->text.n == 0)
            return rule_wrong(m, pair->line, "an alias names one field of a rule; write it");
        alias->rule[alias->n] = arena_copy(m->arena, pair->key);
        alias->field[alias->n++] = arena_copy(m->arena, pair->text);
    }
    return 0;
}

static int read_aliases(const struct rule_maker *m, struct rule_correlation *c,
                        const struct tree_node *map)
{
    const struct tree_node *aliases = tree_get(map, "aliases");
    if (!aliases || tree_is_null(aliases))
        return 0;
    if (aliases->kind != TREE_MAP || aliases->n > RULE_ALIASES_MAX)
        return rule_wrong(m, aliases->line, "aliases is a map of at most %d names; write it so",
                          RULE_ALIASES_MAX);
    c->aliases = arena_get(m->arena, aliases->n, sizeof(*c->aliases));
    for (const struct tree_node *node = aliases->first; node; node = node->next)
        if (read_alias(m, &c->aliases[c->aliases_n++], node) != 0)
            return -1;
    return 0;
}

/* Tables of logsources speak of the fields that have a number. */
static void number_fields(const struct rule_maker *m, const struct rule_correlation *c)
{
    for (size_t i = 0; i < c->group_by_n; i++)
        field_names_add(m->world->names, c->group_by[i]);
    for (size_t i = 0; i < c->fields_n; i++)
        field_names_add(m->world->names, c->fields[i]);
    for (size_t i = 0; i < c->aliases_n; i++)
        for (size_t k = 0; k < c->aliases[i].n; k++)
            field_names_add(m->world->names, c->aliases[i].field[k]);
}

int rule_read_correlation(const struct rule_maker *m, struct rule *r)
{
    const struct tree_node *map = tree_get(m->document, "correlation");
    struct rule_correlation *c = r->correlation = arena_get(m->arena, 1, sizeof(*c));
    if (map->kind != TREE_MAP)
        return rule_wrong(m, map->line, "correlation is a map of keys; write type:, rules: ...");
    if (read_type(m, c, map) != 0 || read_timespan(m, c, map) != 0 || read_aliases(m, c, map) != 0)
        return -1;
    if (rule_texts(m, map, "rules", c->refers, RULE_REFERS_MAX, &c->refers_n) != 0 ||
        rule_texts(m, map, "group-by", c->group_by, RULE_GROUP_BY_MAX, &c->group_by_n) != 0)
        return -1;
    if (c->refers_n == 0)
        return rule_wrong(m, map->line, "rules is missing; name the rules whose hits are counted");
    /* the specification has generate beside level, its schema inside correlation */
    if (rule_read_bounds(m, c, map) != 0 ||
        rule_bool(m, m->document, "generate", &c->generate) != 0)
        return -1;
    number_fields(m, c);
    return rule_bool(m, map, "generate", &c->generate);
}

#include "detect/rule_parts.h"

#include "base/text.h"

static int read_type(const struct rule_maker *m, struct rule_correlation *c,
                     const struct tree_node *map)
{
    static const struct {
        const char *name;
        enum correlation_type type;
    } types[] = {
        {"event_count", CORRELATION_EVENT_COUNT}, {"value_count", CORRELATION_VALUE_COUNT},
        {"temporal", CORRELATION_NONE},           {"temporal_ordered", CORRELATION_NONE},
        {"value_sum", CORRELATION_NONE},          {"value_avg", CORRELATION_NONE},
        {"value_percentile", CORRELATION_NONE},
    };
    struct span text;
    if (rule_text(m, map, "type", 64, &text) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (span_equal_text(text, types[i].name)) {
            c->type = types[i].type;
            return c->type != CORRELATION_NONE
                       ? 0
                       : rule_wrong(m, map->line,
                                    "type %s is not supported yet; write event_count or "
                                    "value_count",
                                    types[i].name);
        }
    return rule_wrong(m, map->line, "type is missing or unknown; write event_count or value_count");
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

/* One bound: `gte: 5`. */
static int read_bound(const struct rule_maker *m, struct rule_correlation *c,
                      const struct tree_node *node)
{
    uint64_t v;
    if (node->kind != TREE_TEXT || !span_to_u64(node->text, &v) || v > RULE_COUNT_MAX)
        return rule_wrong(m, node->line, "a count is a number from 0 to %d; write one",
                          RULE_COUNT_MAX);
    uint64_t least = 0, most = UINT64_MAX;
    if (span_equal_text(node->key, "gte") || span_equal_text(node->key, "eq"))
        least = v;
    else if (span_equal_text(node->key, "gt"))
        least = v + 1;
    if (span_equal_text(node->key, "lte") || span_equal_text(node->key, "eq"))
        most = v;
    else if (span_equal_text(node->key, "lt"))
        most = v > 0 ? v - 1 : 0;
    if (least == 0 && most == UINT64_MAX && v > 0)
        return rule_wrong(m, node->line, "a condition is gt, gte, lt, lte or eq; write one");
    c->least = least > c->least ? least : c->least;
    c->most = most < c->most ? most : c->most;
    return 0;
}

static int read_bounds(const struct rule_maker *m, struct rule_correlation *c,
                       const struct tree_node *map)
{
    const struct tree_node *condition = tree_get(map, "condition");
    if (!condition || condition->kind != TREE_MAP)
        return rule_wrong(m, condition ? condition->line : map->line,
                          "no condition; add one such as gte: 5");
    c->most = UINT64_MAX;
    if (rule_text(m, condition, "field", 128, &c->field) != 0)
        return -1;
    for (const struct tree_node *node = condition->first; node; node = node->next)
        if (!span_equal_text(node->key, "field") && read_bound(m, c, node) != 0)
            return -1;
    if (c->least == 0 || c->least > RULE_COUNT_MAX || c->most < c->least)
        return rule_wrong(m, condition->line,
                          "the count needs a lower bound of 1 to %d; add gte, gt or eq",
                          RULE_COUNT_MAX);
    if ((c->type == CORRELATION_VALUE_COUNT) != (c->field.n > 0))
        return rule_wrong(m, condition->line, "value_count and only it needs field; correct it");
    return 0;
}

static int read_generate(const struct rule_maker *m, struct rule_correlation *c,
                         const struct tree_node *map)
{
    /* the specification has it beside level, its schema inside correlation */
    const struct tree_node *node = tree_get(map, "generate");
    if (!node)
        node = tree_get(m->document, "generate");
    if (node && !tree_to_bool(node, &c->generate))
        return rule_wrong(m, node->line, "generate takes true or false; write one");
    return 0;
}

int rule_read_correlation(const struct rule_maker *m, struct rule *r)
{
    const struct tree_node *map = tree_get(m->document, "correlation");
    struct rule_correlation *c = &r->correlation;
    if (map->kind != TREE_MAP)
        return rule_wrong(m, map->line, "correlation is a map of keys; write type:, rules: ...");
    if (tree_get(map, "aliases"))
        return rule_wrong(m, tree_get(map, "aliases")->line,
                          "aliases are not supported yet; use the same field name in both rules");
    if (read_type(m, c, map) != 0 || read_timespan(m, c, map) != 0 || read_bounds(m, c, map) != 0)
        return -1;
    if (rule_texts(m, map, "rules", c->refers, RULE_REFERS_MAX, &c->refers_n) != 0 ||
        rule_texts(m, map, "group-by", c->group_by, RULE_GROUP_BY_MAX, &c->group_by_n) != 0)
        return -1;
    if (c->refers_n == 0)
        return rule_wrong(m, map->line, "rules is missing; name the rules whose hits are counted");
    return read_generate(m, c, map);
}

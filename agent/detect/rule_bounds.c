#include "detect/rule_bounds.h"

#include <math.h>

#define NUMBER_MAX 1e15 /* whole numbers up to it are exact */

static const char *const op_names[] = {"gt", "gte", "lt", "lte", "eq", "neq"}; /* enum bound_op */
#define OPS (sizeof(op_names) / sizeof(op_names[0]))

bool bounds_hold(const struct rule_correlation *c, double value)
{
    for (size_t i = 0; i < c->bounds_n; i++) {
        double v = c->bounds[i].value;
        const bool holds[OPS] = {[BOUND_GT] = value > v,
                                 [BOUND_GTE] = value >= v,
                                 [BOUND_LT] = value < v,
                                 [BOUND_LTE] = value <= v,
                                 [BOUND_EQ] = !(value < v || value > v),
                                 [BOUND_NEQ] = value < v || value > v};
        if (!holds[c->bounds[i].op])
            return false;
    }
    return true;
}

double bounds_highest(const struct rule_correlation *c)
{
    double highest = 0;
    for (size_t i = 0; i < c->bounds_n; i++)
        highest = c->bounds[i].value > highest ? c->bounds[i].value : highest;
    return highest;
}

static bool is_measured(const struct rule_correlation *c)
{
    return c->type == CORRELATION_VALUE_SUM || c->type == CORRELATION_VALUE_AVG;
}

static double limit_of(const struct rule_correlation *c)
{
    return is_measured(c)                       ? NUMBER_MAX
           : c->type == CORRELATION_EVENT_COUNT ? RULE_EVENTS_MAX
                                                : RULE_COUNT_MAX;
}

static int read_bound(const struct rule_maker *m, struct rule_correlation *c,
                      const struct tree_node *node)
{
    double v, limit = limit_of(c);
    size_t op = 0;
    while (op < OPS && !span_equal_text(node->key, op_names[op]))
        op++;
    if (op == OPS)
        return rule_wrong(m, node->line, "a condition is gt, gte, lt, lte, eq or neq; write one");
    if (node->kind != TREE_TEXT || !item_number(node->text, &v) || !(fabs(v) <= limit))
        return rule_wrong(m, node->line, "a condition compares with a number up to %.0f; write one",
                          limit);
    if (!is_measured(c) && (v < 0 || v > floor(v)))
        return rule_wrong(m, node->line, "a count is a whole number; write one");
    if (c->bounds_n == RULE_BOUNDS_MAX)
        return rule_wrong(m, node->line, "more than %d bounds; leave some out", RULE_BOUNDS_MAX);
    c->bounds[c->bounds_n++] = (struct bound){(enum bound_op)op, v};
    return 0;
}

/* The smallest count from `low` on that is within the bounds; 0: there is none. */
static uint64_t first_fitting(const struct rule_correlation *c, double low)
{
    for (int i = 0; i <= RULE_BOUNDS_MAX; i++) /* each neq can exclude one */
        if (bounds_hold(c, low + i))
            return (uint64_t)low + (uint64_t)i;
    return 0;
}

/* A count needs a lower bound: there is always a shorter window that holds fewer. */
static int find_least(const struct rule_maker *m, struct rule_correlation *c, int line)
{
    double low = 0;
    for (size_t i = 0; i < c->bounds_n; i++) {
        const struct bound *b = &c->bounds[i];
        double v = b->op == BOUND_GT                         ? b->value + 1
                   : b->op == BOUND_GTE || b->op == BOUND_EQ ? b->value
                                                             : 0;
        low = v > low ? v : low;
    }
    c->least = low >= 1 ? first_fitting(c, low) : 0;
    if (c->least == 0)
        return rule_wrong(m, line,
                          "the condition needs a lower bound of 1 or more that can be "
                          "reached; add gte, gt or eq");
    bool rules = c->type == CORRELATION_TEMPORAL || c->type == CORRELATION_ORDERED;
    if (rules && c->least > c->refers_n)
        return rule_wrong(m, line, "the condition asks for more rules than there are; lower it");
    return 0;
}

static int check_fields(const struct rule_maker *m, const struct rule_correlation *c, int line)
{
    bool some = c->type == CORRELATION_VALUE_COUNT || is_measured(c);
    if (some != (c->fields_n > 0))
        return rule_wrong(m, line,
                          "value_count, value_sum and value_avg and only they need field; "
                          "correct it");
    if (is_measured(c) && c->fields_n > 1)
        return rule_wrong(m, line, "value_sum and value_avg take one field; leave the others out");
    return 0;
}

static int read_all(const struct rule_maker *m, struct rule_correlation *c,
                    const struct tree_node *condition)
{
    if (rule_texts(m, condition, "field", c->fields, RULE_FIELDS_MAX, &c->fields_n) != 0)
        return -1;
    for (const struct tree_node *node = condition->first; node; node = node->next)
        if (!span_equal_text(node->key, "field") && read_bound(m, c, node) != 0)
            return -1;
    if (c->bounds_n == 0)
        return rule_wrong(m, condition->line, "no bound in the condition; add one such as gte: 5");
    return 0;
}

int rule_read_bounds(const struct rule_maker *m, struct rule_correlation *c,
                     const struct tree_node *map)
{
    const struct tree_node *condition = tree_get(map, "condition");
    int line = condition ? condition->line : map->line;
    bool rules = c->type == CORRELATION_TEMPORAL || c->type == CORRELATION_ORDERED;
    if (rules && !condition)
        c->bounds[c->bounds_n++] = (struct bound){BOUND_GTE, (double)c->refers_n};
    else if (condition && condition->kind == TREE_TEXT)
        return rule_wrong(m, line,
                          "a condition in words is not supported; write a map such as "
                          "gte: 2, which counts the rules");
    else if (!condition || condition->kind != TREE_MAP)
        return rule_wrong(m, line, "no condition; add one such as gte: 5");
    else if (read_all(m, c, condition) != 0)
        return -1;
    if (check_fields(m, c, line) != 0)
        return -1;
    return c->type == CORRELATION_VALUE_AVG ? 0 : find_least(m, c, line);
}

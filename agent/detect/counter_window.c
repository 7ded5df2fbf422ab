#include "detect/counter_parts.h"

/*
 * temporal_ordered: the marks that the shortest sequences 1; 1, 2; 1, 2, 3; ... of rules consist
 * of. Without them a flood of hits of some rules would push out the beginning of a sequence that
 * the last rule is still missing of.
 */
static uint64_t sequences(const struct counter *c, const struct group *g)
{
    uint64_t to[RULE_REFERS_MAX] = {0}, all = 0;
    for (size_t i = 0; i < g->n; i++) {
        size_t rule = (size_t)g->marks[i].value;
        if (rule == 0 || to[rule - 1])
            to[rule] = (rule > 0 ? to[rule - 1] : 0) | (uint64_t)1 << i;
    }
    for (size_t i = 0; i < c->rule->refers_n; i++)
        all |= to[i];
    return all;
}

/* The mark that is farthest from the time; of those that are not kept, if there are such. */
static size_t farthest(const struct group *g, int64_t time_ms, uint64_t kept)
{
    size_t best = g->n;
    for (size_t i = 0; i < g->n; i++) {
        if (i < 64 && (kept >> i & 1))
            continue;
        if (best == g->n ||
            time_apart(g->marks[i].time_ms, time_ms) > time_apart(g->marks[best].time_ms, time_ms))
            best = i;
    }
    return best < g->n || kept == 0 ? best : farthest(g, time_ms, 0);
}

/* Puts the mark where its time belongs; which place that is. */
static size_t add_mark(struct counter *c, struct group *g, struct mark mark)
{
    if (g->n == c->marks_max) {
        bool ordered = c->rule->type == CORRELATION_ORDERED;
        group_remove(c, g, farthest(g, mark.time_ms, ordered ? sequences(c, g) : 0));
    }
    size_t at = g->n;
    while (at > 0 && g->marks[at - 1].time_ms > mark.time_ms)
        at--;
    group_insert(c, g, at, mark, 0);
    return at;
}

/* Of a value only the newest hit within a timespan counts. False when there is a newer one. */
static bool forget_older(struct counter *c, struct group *g, const struct mark *mark)
{
    for (size_t i = g->n; i-- > 0;) {
        const struct mark *old = &g->marks[i];
        if (old->value != mark->value ||
            time_apart(old->time_ms, mark->time_ms) >= (uint64_t)c->rule->timespan_ms)
            continue;
        if (old->time_ms > mark->time_ms)
            return false;
        group_remove(c, g, i);
    }
    return true;
}

/* Adds the hit to its slice of the timespan. */
static size_t add_to_slice(struct counter *c, struct group *g, const struct counter_hit *hit)
{
    int64_t width = c->rule->timespan_ms / SLICES, into = hit->time_ms % width;
    into += into < 0 ? width : 0;
    int64_t start = hit->time_ms < INT64_MIN + width ? INT64_MIN : hit->time_ms - into;
    size_t at = 0;
    while (at < g->n && g->marks[at].time_ms != start)
        at++;
    if (at == g->n)
        at = add_mark(c, g, (struct mark){.time_ms = start});
    g->marks[at].value++;
    group_sums(g)[at] += hit->number;
    return at;
}

/* The longest sequence of rules that stand in the order of the list, among the marks. */
static size_t in_order(const struct mark *marks, size_t n)
{
    size_t to[RULE_REFERS_MAX] = {0}, longest = 0; /* by the rule that the sequence ends with */
    for (size_t i = 0; i < n; i++) {
        size_t rule = (size_t)marks[i].value, before = 0;
        for (size_t k = 0; k < rule; k++)
            before = to[k] > before ? to[k] : before;
        to[rule] = before + 1 > to[rule] ? before + 1 : to[rule];
        longest = to[rule] > longest ? to[rule] : longest;
    }
    return longest;
}

static struct counted measure(const struct counter *c, const struct group *g, size_t start,
                              size_t end)
{
    const struct mark *marks = &g->marks[start];
    struct counted out = {
        .count = end - start, .first_ms = marks[0].time_ms, .last_ms = g->marks[end - 1].time_ms};
    if (c->rule->type == CORRELATION_ORDERED)
        out.count = in_order(marks, end - start);
    out.measure = (double)out.count;
    if (!c->sliced)
        return out;
    double sum = 0;
    out.count = 0;
    for (size_t i = 0; i < end - start; i++) {
        out.count += marks[i].value;
        sum += group_sums(g)[start + i];
    }
    out.measure = c->rule->type == CORRELATION_VALUE_SUM   ? sum
                  : c->rule->type == CORRELATION_VALUE_AVG ? sum / (double)out.count
                                                           : (double)out.count;
    return out;
}

/* Of the windows that hold mark `at` the one that measures most. */
static struct counted fullest(const struct counter *c, const struct group *g, size_t at)
{
    uint64_t span_ms = (uint64_t)c->rule->timespan_ms;
    struct counted best = {0};
    size_t end = at;
    for (size_t start = 0; start <= at; start++) {
        int64_t first = g->marks[start].time_ms;
        if (time_apart(g->marks[at].time_ms, first) >= span_ms)
            continue;
        while (end < g->n && time_apart(g->marks[end].time_ms, first) < span_ms)
            end++;
        struct counted one = measure(c, g, start, end);
        if (best.count == 0 || one.measure > best.measure)
            best = one;
    }
    return best;
}

/* The window that ends with mark `at`. */
static struct counted last_one(const struct counter *c, const struct group *g, size_t at)
{
    size_t start = at;
    while (start > 0 && time_apart(g->marks[at].time_ms, g->marks[start - 1].time_ms) <
                            (uint64_t)c->rule->timespan_ms)
        start--;
    return measure(c, g, start, at + 1);
}

bool window_add(struct counter *c, struct group *g, const struct counter_hit *hit,
                struct counted *out)
{
    struct mark mark = {.time_ms = hit->time_ms, .value = hit->value};
    bool once = c->rule->type == CORRELATION_VALUE_COUNT || c->rule->type == CORRELATION_TEMPORAL;
    if (once && !forget_older(c, g, &mark))
        return false;
    size_t at = c->sliced ? add_to_slice(c, g, hit) : add_mark(c, g, mark);
    *out = c->rule->type == CORRELATION_VALUE_AVG ? last_one(c, g, at) : fullest(c, g, at);
    if (c->sliced && out->last_ms < hit->time_ms)
        out->last_ms = hit->time_ms;
    return true;
}

/*
 * The source "inventory" in host_kit.h, under the test's own clock: the events that it tells, each
 * with all that its class requires and a uid of its own. For one file of a test.
 */
#ifndef UNIT_INVENTORY_KIT_H
#define UNIT_INVENTORY_KIT_H

#include "event/ocsf.h"
#include "source/all.h"
#include "source/inventory/part.h"
#include "unit/clock_kit.h"
#include "unit/cmocka_all.h"
#include "unit/host_kit.h"

#define TOLD_MAX 200

static struct {
    char *line;
    struct json_doc *doc;
    int severity;
} told[TOLD_MAX];
static size_t told_n, longest;
static uint8_t uids[4 * TOLD_MAX][EVENT_UID_SIZE]; /* of all events of a test */
static size_t uids_n;

static void emit(void *ctx, const struct event *e)
{
    (void)ctx;
    struct buf line;
    assert_true(told_n < TOLD_MAX && uids_n < 4 * TOLD_MAX);
    for (size_t i = 0; i < uids_n; i++) /* the spool would take it for the same event */
        assert_memory_not_equal(uids[i], e->uid, EVENT_UID_SIZE);
    memcpy(uids[uids_n++], e->uid, EVENT_UID_SIZE);
    told[told_n].doc = host_kit_encode(e, &line);
    longest = line.n > longest ? line.n : longest;
    told[told_n].severity = (int)e->severity;
    told[told_n++].line = line.p;
}

/* Runs the source for so many seconds of the double clock. */
static void pass(int64_t seconds)
{
    host_kit_pass(seconds, 100000, &mono_ms, &wall_ms);
}

static void forget_told(void)
{
    for (size_t i = 0; i < told_n; i++) {
        json_free(told[i].doc);
        free(told[i].line);
    }
    told_n = 0;
}

static const struct json_value *inventory_of(size_t i)
{
    return json_get(json_get(json_get(json_root(told[i].doc), "unmapped"), "vigia"), "inventory");
}

/* The entry of a full inventory. */
static const struct json_value *entry(const char *part, const char *key)
{
    for (size_t i = 0; i < told_n; i++) {
        const struct json_value *list = json_get(inventory_of(i), part);
        for (size_t k = 0; k < json_count(list); k++)
            if (span_equal_text(json_get_text(json_at(list, k), "key"), key))
                return json_at(list, k);
    }
    return NULL;
}

/* The one change of that kind and key; its event's severity. */
static const struct json_value *change(const char *what, const char *key, int *severity)
{
    const struct json_value *found = NULL;
    for (size_t i = 0; i < told_n; i++) {
        const struct json_value *list = json_get(inventory_of(i), "changes");
        for (size_t k = 0; k < json_count(list); k++) {
            const struct json_value *c = json_at(list, k);
            if (!span_equal_text(json_get_text(c, "what"), what) ||
                !span_equal_text(json_get_text(c, "key"), key))
                continue;
            assert_null(found);
            found = c;
            *severity = told[i].severity;
        }
    }
    if (!found)
        fail_msg("%s %s was not told; %zu events, the last: %.2000s", what, key, told_n,
                 told_n ? told[told_n - 1].line : "");
    return found;
}

static void is_text(const struct json_value *v, const char *member, const char *value)
{
    struct span text = json_get_text(v, member);
    if (!span_equal_text(text, value))
        fail_msg("%s is %.*s, not %s", member, (int)text.n, text.p, value);
}

#endif

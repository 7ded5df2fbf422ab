/* State kept from run to run, as a damaged disk may give it back. The first byte says which:
 * position of a log, the pipeline's counters, a group of a correlation, findings that repeat and
 * the hour's budget, a file of the baseline. What is accepted is saved and read again the same. */
#include "collect/counters.h"
#include "detect/budget.h"
#include "detect/counter.h"
#include "detect/repeats.h"
#include "event/ocsf.h"
#include "source/integrity/state.h"
#include "source/log/position.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void try_position(struct span saved)
{
    static struct log_content log = {FILE_NONE, NULL};
    file_t file;
    struct log_position p;
    struct buf out = BUF_INIT(256);
    if (log.file == FILE_NONE) {
        if (file_open_read("/proc/self/exe", &file) != 0) /* long enough */
            abort();
        log_content_plain(&log, file);
    }
    if (!log_position_load(saved, &p))
        return;
    log_position_save(&p, &out);
    log_position_fits_head(&log, &p);
    log_position_fits_tail(&log, &p);
    log_position_find_tail(&log, &p, 1 << 20);
    if (!span_equal(buf_span(&out), saved))
        abort();
    buf_release(&out);
}

static void try_counters(struct span saved)
{
    struct counters c = {0}, again = {0};
    struct buf out = BUF_INIT(4096);
    counters_load(&c, saved);
    counters_save(&c, &out);
    counters_load(&again, buf_span(&out));
    if (out.failed || c.reasons_n > COUNTERS_REASONS_MAX || again.sequence != c.sequence ||
        again.seen != c.seen || again.emitted != c.emitted || again.suppressed != c.suppressed)
        abort();
    buf_release(&out);
}

static void ignore(void *ctx, struct span key, struct span value)
{
    (void)ctx, (void)key, (void)value;
}

static void restore_again(void *ctx, struct span key, struct span value)
{
    if (value.p && !counters_restore(ctx, key, value))
        abort();
}

/* kind: index of the correlation */
static void try_counter(struct span saved, size_t kind)
{
    static const struct rule_correlation kinds[] = {
        {.type = CORRELATION_EVENT_COUNT, .bounds = {{BOUND_GTE, 3}, {BOUND_LTE, 4}}},
        {.type = CORRELATION_VALUE_COUNT, .bounds = {{BOUND_GTE, 2}, {BOUND_NEQ, 9}}},
        {.type = CORRELATION_ORDERED, .refers_n = 3, .bounds = {{BOUND_GTE, 3}, {BOUND_LTE, 3}}},
        {.type = CORRELATION_VALUE_SUM, .bounds = {{BOUND_GT, 3.5}, {BOUND_LT, 1e9}}},
    };
    static const uint8_t version[16], other[COUNTER_GROUP_SIZE] = {1};
    char key[COUNTER_KEY_SIZE] = "sig";
    uint8_t group[COUNTER_GROUP_SIZE] = {0};
    struct counted counted;
    struct rule_correlation rule = kinds[kind];
    rule.timespan_ms = 60000;
    rule.bounds_n = 2;
    uint64_t time_ms = 0;
    struct counters *second = counters_new((struct counter_store){0, ignore});
    struct counters *all = counters_new((struct counter_store){second, restore_again});
    struct counter *mirror = counter_new(second, &rule, version);
    struct counter *c = counter_new(all, &rule, version);
    struct span whole = {key, sizeof(key)}, last = saved;
    counters_restore(all, whole, saved);
    counters_restored(all);
    if (saved.n >= 8)
        last.p += saved.n - 8;
    span_take_u64(&last, &time_ms);
    counter_add(c, group, &(struct counter_hit){(int64_t)time_ms, time_ms % 3, 1}, &counted);
    counter_add(c, other, &(struct counter_hit){0, 1, 1}, &counted);
    counters_restore(all, saved, saved);
    counters_checkpoint(all);
    if (counter_groups(c) != counter_groups(mirror))
        abort();
    counters_free(all);
    counters_free(second);
}

static void ignore_put(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx, (void)t, (void)key, (void)value;
}

static void encode(void *ctx, const struct event *e)
{
    static const struct identity who = {.institution = "X", .endpoint = "pc"};
    struct buf line = BUF_INIT(65536);
    (void)ctx;
    ocsf_encode(&line, &who, e, 1);
    buf_release(&line);
}

static void try_flood(struct span saved, bool hour)
{
    static const struct config config = {.repeat_window_s = 3600, .budget = 1};
    static const struct detector detector = {.name = "sigma"};
    static const struct flood_host host = {&config, NULL, NULL, encode, ignore_put, NULL};
    const struct event e = {.class_uid = EVENT_DETECTION, .severity = SEVERITY_LOW};
    if (hour) {
        struct budget *b = budget_new(&host);
        budget_restore(b, SPAN("flood.b.0123456789abcdef"), saved);
        budget_checkpoint(b);
        budget_take(b, &detector, &e, 1790000000000);
        budget_run(b, 1790003600000);
        budget_free(b);
    } else {
        struct repeats *r = repeats_new(&host);
        repeats_restore(r, SPAN("flood.r.\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), saved);
        repeats_take(r, &e);
        repeats_checkpoint(r);
        repeats_run(r, 1790000000000);
        repeats_free(r);
    }
}

static void try_integrity(struct span saved)
{
    struct integrity_state s, again;
    struct integrity_attribute one;
    struct buf out = BUF_INIT(INTEGRITY_RECORD_MAX), text = BUF_INIT(INTEGRITY_RECORD_MAX);
    if (!integrity_state_decode(saved, &s))
        return;
    for (struct span rest = s.attributes; integrity_attributes_next(&rest, &one);)
        integrity_attribute_put_text(&text, &one);
    integrity_compare(NULL, &s);
    buf_release(&text);
    integrity_state_encode(&out, &s);
    if (out.failed || !integrity_state_decode(buf_span(&out), &again) ||
        integrity_compare(&s, &again) != 0)
        abort();
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0)
        return 0;
    struct span saved = span_make(data + 1, n - 1);
    switch (data[0] % 8) {
    case 0:
        try_position(saved);
        break;
    case 1:
        try_counters(saved);
        break;
    case 2:
    case 3:
        try_counter(saved, data[0] % 2 + (data[0] % 16 >= 8 ? 2u : 0u));
        break;
    case 4:
        try_flood(saved, data[0] % 16 >= 8);
        break;
    default:
        try_integrity(saved);
    }
    return 0;
}

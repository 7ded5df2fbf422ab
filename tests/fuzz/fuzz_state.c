/* State kept from run to run, as a damaged disk may give it back. The first byte says which:
 * position of a log, the pipeline's counters, a group of a correlation, a file of the baseline.
 * What is accepted is saved and read again the same. */
#include "collect/counters.h"
#include "detect/counter.h"
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
    if (value.p && !counter_restore(ctx, key, value))
        abort();
}

static void try_counter(struct span saved, bool values)
{
    static const struct rule_correlation kinds[] = {
        {.type = CORRELATION_EVENT_COUNT, .timespan_ms = 60000, .least = 3, .most = 4},
        {.type = CORRELATION_VALUE_COUNT, .timespan_ms = 60000, .least = 2, .most = UINT64_MAX},
    };
    static const uint8_t version[16], other[COUNTER_GROUP_SIZE] = {1};
    char key[COUNTER_KEY_SIZE] = "sig";
    uint8_t group[COUNTER_GROUP_SIZE] = {0};
    struct counted counted;
    uint64_t time_ms = 0;
    struct counter *second =
        counter_new(&kinds[values], version, (struct counter_store){0, ignore});
    struct counter *c =
        counter_new(&kinds[values], version, (struct counter_store){second, restore_again});
    struct span whole = {key, sizeof(key)}, last = saved;
    counter_restore(c, whole, saved);
    if (saved.n >= 8)
        last.p += saved.n - 8;
    span_take_u64(&last, &time_ms);
    counter_add(c, group, (int64_t)time_ms, time_ms, &counted);
    counter_add(c, other, 0, 1, &counted);
    counter_restore(c, saved, saved);
    counter_checkpoint(c);
    if (counter_groups(c) != counter_groups(second))
        abort();
    counter_free(c);
    counter_free(second);
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
        try_counter(saved, data[0] % 2);
        break;
    default:
        try_integrity(saved);
    }
    return 0;
}

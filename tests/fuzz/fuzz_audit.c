/* audit.log, line by line: fields lie inside what the record holds, bounds hold, and what is saved
 * and restored in the middle ends in as many records. */
#include "source/log/audit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void take_record(void *ctx, struct record *r)
{
    ++*(int *)ctx;
    if (r->fields_n > RECORD_FIELDS_MAX || r->raw.n > AUDIT_EVENT_MAX || r->pid < 0)
        abort();
    for (size_t i = 0; i < r->fields_n; i++) {
        struct span value = r->fields[i].value;
        bool literal = span_equal_text(r->fields[i].name, "type");
        if (!literal && value.n > 0 &&
            (value.p < r->message.p || value.p + value.n > r->message.p + r->message.n))
            abort();
    }
}

static void take_dropped(void *ctx, const char *reason)
{
    (void)ctx, (void)reason;
}

static int records_of(struct span input, bool restart)
{
    static const uint8_t uid[EVENT_UID_SIZE];
    int records = 0;
    const struct audit_callbacks cb = {&records, take_record, take_dropped};
    struct audit *a = audit_new(&cb);
    struct span line;
    for (int i = 0; span_take_line(&input, &line); i++) {
        audit_take(a, line, uid, 1);
        if (!restart || i % 3 != 0)
            continue;
        struct buf saved = BUF_INIT(2 * AUDIT_SAVED_MAX);
        bool changed = audit_save(a, &saved);
        if (changed) {
            audit_free(a);
            a = audit_new(&cb);
            audit_restore(a, buf_span(&saved), 1);
        }
        buf_release(&saved);
    }
    audit_flush_old(a, 10000);
    audit_free(a);
    return records;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const uint8_t uid[EVENT_UID_SIZE];
    struct span input = span_make(data, n);
    int records = 0;
    const struct audit_callbacks cb = {&records, take_record, take_dropped};
    struct audit *a = audit_new(&cb);
    audit_restore(a, input, 1); /* state that a damaged disk gives back */
    audit_take(a, input, uid, 1);
    audit_flush_old(a, 10000);
    audit_free(a);
    bool small = n < AUDIT_SAVED_MAX / 4; /* else more is handed on at a restart */
    if (records_of(input, false) != records_of(input, true) && small)
        abort();
    return 0;
}

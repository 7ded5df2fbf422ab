/* Events of Windows' event log as records, and bookmarks: fields lie within the event or the room.
 */
#include "source/log/eventlog_record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must_lie_in(struct span s, struct span a, struct span b)
{
    bool inside = s.n == 0 || (s.p >= a.p && s.p + s.n <= a.p + a.n) ||
                  (s.p >= b.p && s.p + s.n <= b.p + b.n);
    if (!inside)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct eventlog_record e;
    struct event activity;
    struct span text = span_make(data, n);
    eventlog_record_init(&e);
    if (n <= 65536 && eventlog_record_take(&e, "ForwardedEvents", NULL, text, 1)) {
        const struct record *r = &e.record;
        for (size_t i = 0; i < r->fields_n; i++) {
            must_lie_in(r->fields[i].name, text, buf_span(&e.fields));
            must_lie_in(r->fields[i].value, text, buf_span(&e.fields));
        }
        if (strlen(e.channel) >= sizeof(e.channel))
            abort();
        if (eventlog_record_activity(&e, &activity) && activity.u.log.log_name.n == 0)
            abort();
    }
    eventlog_bookmark_id(text);
    eventlog_record_release(&e);
    return 0;
}

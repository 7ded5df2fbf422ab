/* Events as XML: fields lie within the text or the room, which never moves. */
#include "source/log/event_xml.h"

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
    struct buf room = BUF_INIT(1 << 20);
    struct record r = {.fields_n = 0};
    struct span text = span_make(data, n);
    if (n <= 65536 && event_xml_fields(text, &room, &r) && r.fields_n > RECORD_FIELDS_MAX)
        abort();
    for (size_t i = 0; i < r.fields_n; i++) {
        must_lie_in(r.fields[i].name, text, buf_span(&room));
        must_lie_in(r.fields[i].value, text, buf_span(&room));
    }
    buf_release(&room);
    return 0;
}

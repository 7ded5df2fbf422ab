/* JSON from outside (ship.json, requests): what is accepted can be written and read again. */
#include "base/buf.h"
#include "base/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error e = {""};
    struct json_doc *doc = json_read(span_make(data, n), &e);
    if (!doc) {
        if (e.text[0] == '\0')
            abort();
        return 0;
    }
    struct buf copy = BUF_INIT(8 << 20);
    struct span key;
    json_get_int(json_root(doc), "time", 0);
    json_get_bool(json_root(doc), "fine", true);
    json_get_text(json_root(doc), "error");
    json_at(json_get(json_root(doc), "list"), json_count(json_root(doc)));
    json_member(json_root(doc), 1, &key);
    json_copy(json_root(doc), &copy);
    struct json_doc *again = copy.failed ? NULL : json_read(buf_span(&copy), &e);
    if (!again && copy.n <= 1 << 20)
        abort();
    json_free(again);
    buf_release(&copy);
    json_free(doc);
    return 0;
}

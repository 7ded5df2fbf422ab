/* A request of vigia report: what is taken becomes a line that is valid JSON, fits, and holds no
 * control character. */
#include "collect/report.h"
#include "event/ocsf.h"
#include "spool/spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void encode(void *ctx, const struct event *e)
{
    static const struct identity who = {.institution = "i", .endpoint = "e", .hostname = "h"};
    struct buf *line = ctx;
    ocsf_encode(line, &who, e, 1);
}

static void check_text(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 && s.p[i] != '\n' && s.p[i] != '\t')
            abort();
}

static void check_line(struct span line)
{
    struct json_doc *doc = json_read(line, NULL);
    if (!doc)
        abort();
    const struct json_value *root = json_root(doc);
    check_text(json_get_text(json_get(root, "finding_info"), "desc"));
    check_text(json_get_text(json_get(json_get(json_get(root, "unmapped"), "vigia"), "report"),
                             "contact"));
    json_free(doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct json_doc *doc = json_read(span_make(data, n), NULL);
    struct report r;
    struct error e = {""};
    struct buf line = BUF_INIT(SPOOL_LINE_MAX), again = BUF_INIT(REPORT_REQUEST_MAX);
    if (report_parse(json_root(doc), &r, &e) == 0) {
        report_tell(&r, encode, &line);
        if (line.failed)
            abort();
        check_line(buf_span(&line));
        report_write(&r, &again);
    } else if (e.text[0] == '\0') {
        abort();
    }
    buf_release(&line);
    buf_release(&again);
    json_free(doc);
    return 0;
}

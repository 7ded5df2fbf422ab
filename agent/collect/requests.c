#include "collect/requests.h"

#include "base/json_read.h"
#include "base/log.h"
#include "base/slurp.h"
#include "platform/file.h"

#define REQUEST_MAX  REPORT_REQUEST_MAX
#define REQUESTS_MAX 16

static void take_report(const char *path, const struct json_value *request,
                        const struct requests_taker *taker)
{
    struct report r;
    struct error e;
    if (report_parse(request, &r, &e) == 0) {
        if (taker->report(taker->ctx, &r))
            file_remove(path);
        return; /* what cannot be kept now is asked for again */
    }
    log_warning("%s: %s", path, e.text);
    struct buf aside = BUF_INIT(1024);
    buf_printf(&aside, "%s.refused", path);
    if (aside.failed || file_rename(path, aside.p) != 0)
        file_remove(path);
    buf_release(&aside);
}

static void take_one(const char *path, const struct requests_taker *taker)
{
    struct buf text = BUF_INIT(REQUEST_MAX);
    struct error e;
    char what[32] = "";
    int rc = slurp_untrusted(path, &text);
    struct json_doc *doc = rc == 0 ? json_read(buf_span(&text), &e) : NULL;
    if (rc != 0)
        log_warning("%s: cannot be read: %s", path, error_text(rc));
    else if (!doc)
        log_warning("%s: %s", path, e.text);
    else
        span_copy(json_get_text(json_root(doc), "request"), what, sizeof(what));
    if (strcmp(what, "report") == 0) {
        take_report(path, json_root(doc), taker);
    } else {
        file_remove(path);
        if (what[0])
            taker->take(taker->ctx, what);
    }
    json_free(doc);
    buf_release(&text);
}

void requests_take(const char *folder, const struct requests_taker *taker)
{
    char paths[REQUESTS_MAX][512];
    struct folder *d;
    const char *name;
    enum file_type type;
    size_t n = 0;
    if (folder_open(folder, &d) != 0)
        return;
    while (n < REQUESTS_MAX && folder_next(d, &name, &type) == 1) {
        if (type == FILE_FOLDER || !span_ends(span_of(name), SPAN(".json")))
            continue; /* one that is being written has another name; a folder cannot be removed */
        int length = snprintf(paths[n], sizeof(paths[n]), "%s/%s", folder, name);
        n += length > 0 && (size_t)length < sizeof(paths[n]);
    }
    folder_close(d);
    for (size_t i = 0; i < n; i++)
        take_one(paths[i], taker);
}

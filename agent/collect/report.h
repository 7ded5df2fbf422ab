/*
 * An incident that IT staff report by hand (vigia report): the request in which it reaches collect,
 * and the event that it becomes. The contents of attachments are not sent: their names, sizes and
 * hashes are, so that what is handed over later can be told to be the same.
 *
 * A request is {"request": "report", "id": 32 hex digits, "time": ms, "category", "severity",
 * "words", "reporter", "contact", "files": [{"name", "size", "sha256"}]}.
 */
#ifndef COLLECT_REPORT_H
#define COLLECT_REPORT_H

#include "base/buf.h"
#include "base/error.h"
#include "base/json_read.h"
#include "event/event.h"

#define REPORT_WORDS_MAX   4096 /* bytes */
#define REPORT_NAME_MAX    200  /* of a file, of the reporter, of the contact */
#define REPORT_REQUEST_MAX (64 * 1024)

struct report_category {
    const char *name;     /* "phishing" */
    const char *taxonomy; /* class of the reference taxonomy (RSIT) that ENISA and CSIRTs use */
    const char *help;
};
extern const struct report_category report_categories[];               /* ends with name == NULL */
const struct report_category *report_category_named(struct span name); /* or NULL */

/* "low", "medium", "high", "critical"; 0 for anything else. */
enum event_severity report_severity_named(struct span name);

struct report {
    uint8_t
        id[EVENT_UID_SIZE]; /* also the event's uid: a request that is read twice is told once */
    int64_t time_ms;
    const struct report_category *category;
    enum event_severity severity;
    struct span words, reporter, contact; /* borrowed */
    size_t files_n;
    struct event_attachment files[EVENT_ATTACHMENTS_MAX];
};

/* Text from a person or from whoever wrote a request: what is no UTF-8, and control characters but
 * tabs and line ends, become \xHH. At most max bytes of it are taken. */
void report_clean(struct buf *out, struct span text, size_t max);

void report_write(const struct report *r, struct buf *out);
/* 0, or -1 and what is wrong with it. What *out borrows belongs to the document. */
int report_parse(const struct json_value *request, struct report *out, struct error *e);

/* The event is handed to emit; everything in it is borrowed until emit returns. */
void report_tell(const struct report *r, void (*emit)(void *ctx, const struct event *e), void *ctx);

#endif

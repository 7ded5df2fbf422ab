#include "spool/outbox.h"

#include "platform/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PATH_SIZE   4400
#define STREAM_SIZE 8
#define ID_SIZE     32
#define SEQ_DIGITS  12

const char *const outbox_folder_name[OUTBOX_CLASSES] = {"urgent", "routine", "refused"};

/* ---- names ---- */

static bool take_hex(struct span *rest, size_t n, char *out)
{
    struct span digits;
    if (!span_take(rest, n, &digits))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strchr("0123456789abcdef", digits.p[i]) || digits.p[i] == '\0')
            return false;
    return span_copy(digits, out, n + 1);
}

static bool take_seq(struct span *rest, uint64_t *seq)
{
    struct span digits, before = *rest;
    if (!span_take_until(rest, '-', &digits) || digits.n == before.n)
        return false;
    return digits.n >= 1 && digits.n <= SEQ_DIGITS && digits.p[0] != '0' &&
           span_to_u64(digits, seq);
}

bool batch_name_parse(struct span text, struct batch_name *out)
{
    struct span dash;
    return take_hex(&text, STREAM_SIZE, out->stream) && span_take(&text, 1, &dash) &&
           dash.p[0] == '-' && take_seq(&text, &out->seq) && take_hex(&text, ID_SIZE, out->id) &&
           span_equal(text, SPAN(".ndjson.gz"));
}

void batch_name_format(const struct batch_name *n, char out[BATCH_NAME_SIZE])
{
    snprintf(out, BATCH_NAME_SIZE, "%.8s-%llu-%.32s.ndjson.gz", n->stream,
             (unsigned long long)n->seq, n->id);
}

/* ---- folders ---- */

/* Calls each batch of one class, in no order; each() returning false ends the walk. */
static int walk(const char *outbox, enum outbox_class c,
                bool (*each)(void *ctx, const struct batch_name *name), void *ctx)
{
    char path[PATH_SIZE];
    struct folder *folder;
    const char *text;
    enum file_type type;
    snprintf(path, sizeof(path), "%s/%s", outbox, outbox_folder_name[c]);
    int rc = folder_open(path, &folder);
    if (rc != 0)
        return rc;
    while ((rc = folder_next(folder, &text, &type)) == 1) {
        struct batch_name name;
        if (type == FILE_REGULAR && batch_name_parse(span_of(text), &name) && !each(ctx, &name))
            break;
    }
    folder_close(folder);
    return rc < 0 ? rc : 0;
}

static int size_of(const char *outbox, enum outbox_class c, const struct batch_name *name,
                   uint64_t *size)
{
    char path[PATH_SIZE], text[BATCH_NAME_SIZE];
    struct file_info info;
    batch_name_format(name, text);
    snprintf(path, sizeof(path), "%s/%s/%s", outbox, outbox_folder_name[c], text);
    int rc = file_info_at(path, &info);
    *size = rc == 0 ? info.size : 0;
    return rc;
}

struct window {
    const char *stream; /* may be NULL */
    struct outbox_entry *at;
    size_t n;
    bool (*wanted)(void *ctx, const struct batch_name *name); /* may be NULL */
    void *ctx;
};

/* Batches of another stream than ours are older, whatever their number. */
static bool is_before(const struct window *w, const struct batch_name *a,
                      const struct batch_name *b)
{
    bool a_ours = w->stream && strcmp(a->stream, w->stream) == 0;
    bool b_ours = w->stream && strcmp(b->stream, w->stream) == 0;
    if (a_ours != b_ours)
        return b_ours;
    if (a->seq != b->seq)
        return a->seq < b->seq;
    int order = strcmp(a->stream, b->stream);
    return order != 0 ? order < 0 : strcmp(a->id, b->id) < 0;
}

static bool insert(void *ctx, const struct batch_name *name)
{
    struct window *w = ctx;
    size_t i = w->n;
    while (i > 0 && is_before(w, name, &w->at[i - 1].name))
        i--;
    if (i == OUTBOX_WINDOW || (w->wanted && !w->wanted(w->ctx, name)))
        return true;
    if (w->n < OUTBOX_WINDOW)
        w->n++;
    memmove(w->at + i + 1, w->at + i, (w->n - 1 - i) * sizeof(*w->at));
    w->at[i] = (struct outbox_entry){.name = *name};
    return true;
}

int outbox_first(const char *outbox, enum outbox_class c, const char *stream,
                 struct outbox_entry out[OUTBOX_WINDOW])
{
    return outbox_first_wanted(outbox, c, stream, NULL, NULL, out);
}

int outbox_first_wanted(const char *outbox, enum outbox_class c, const char *stream,
                        bool (*wanted)(void *ctx, const struct batch_name *name), void *ctx,
                        struct outbox_entry out[OUTBOX_WINDOW])
{
    struct window w = {.stream = stream, .at = out, .wanted = wanted, .ctx = ctx};
    int rc = walk(outbox, c, insert, &w);
    if (rc != 0)
        return rc;
    int n = 0;
    for (size_t i = 0; i < w.n; i++) { /* one that went away meanwhile is left out */
        uint64_t size;
        if (size_of(outbox, c, &out[i].name, &size) != 0)
            continue;
        out[n] = out[i];
        out[n++].size = size;
    }
    return n;
}

struct sum {
    const char *outbox;
    enum outbox_class c;
    const char *stream;
    struct outbox_count *out;
};

static bool add_up(void *ctx, const struct batch_name *name)
{
    struct sum *s = ctx;
    uint64_t size;
    if (size_of(s->outbox, s->c, name, &size) != 0)
        return true;
    s->out->batches++;
    s->out->bytes += size;
    if (s->stream && strcmp(name->stream, s->stream) == 0 &&
        (s->out->low_seq == 0 || name->seq < s->out->low_seq))
        s->out->low_seq = name->seq;
    return true;
}

int outbox_sum(const char *outbox, enum outbox_class c, const char *stream,
               struct outbox_count *out)
{
    struct sum s = {outbox, c, stream, out};
    *out = (struct outbox_count){0};
    return walk(outbox, c, add_up, &s);
}

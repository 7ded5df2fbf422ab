#include "ship/queue.h"

#include "platform/file.h"

#include <errno.h>
#include <stdio.h>

#define PATH_SIZE 4400

static const char *const mark_folders[] = {"ack", "refused"};
#define MARKS (sizeof(mark_folders) / sizeof(mark_folders[0]))

void queue_init(struct queue *q, const char *outbox, const char *inbox)
{
    *q = (struct queue){.outbox = outbox, .inbox = inbox};
    queue_changed(q);
}

void queue_changed(struct queue *q)
{
    for (int c = 0; c < QUEUE_CLASSES; c++)
        q->of[c].changed = true;
}

static bool exists(const char *folder, const char *part, const char *name)
{
    char path[PATH_SIZE];
    struct file_info info;
    snprintf(path, sizeof(path), "%s/%s/%s", folder, part, name);
    return file_info_at(path, &info) == 0;
}

static bool is_unmarked(void *ctx, const struct batch_name *name)
{
    const struct queue *q = ctx;
    char text[BATCH_NAME_SIZE];
    batch_name_format(name, text);
    for (size_t i = 0; i < MARKS; i++)
        if (exists(q->inbox, mark_folders[i], text))
            return false;
    return true;
}

/* Whether the window of the class holds one; fills it when it is used up. */
static bool has_next(struct queue *q, enum outbox_class c)
{
    if (q->of[c].at < q->of[c].n)
        return true;
    if (!q->of[c].changed)
        return false;
    int n = outbox_first_wanted(q->outbox, c, NULL, is_unmarked, q, q->of[c].window);
    q->of[c].at = 0;
    q->of[c].n = n > 0 ? (size_t)n : 0;
    q->of[c].changed = n == OUTBOX_WINDOW;
    return n > 0;
}

bool queue_next(struct queue *q, struct queue_batch *out)
{
    for (int i = 0; i < QUEUE_CLASSES; i++) {
        enum outbox_class c = (enum outbox_class)i;
        if (!has_next(q, c))
            continue;
        out->class = c;
        batch_name_format(&q->of[c].window[q->of[c].at].name, out->name);
        return true;
    }
    return false;
}

void queue_path(const struct queue *q, const struct queue_batch *b, char *out, size_t size)
{
    snprintf(out, size, "%s/%s/%s", q->outbox, outbox_folder_name[b->class], b->name);
}

void queue_drop(struct queue *q, const struct queue_batch *b)
{
    if (q->of[b->class].at < q->of[b->class].n)
        q->of[b->class].at++;
}

int queue_mark_delivered(struct queue *q, const struct queue_batch *b)
{
    char path[PATH_SIZE];
    file_t f;
    snprintf(path, sizeof(path), "%s/ack/%s", q->inbox, b->name);
    int rc = file_create(path, 0644, &f);
    if (rc == 0)
        file_close(f);
    if (rc == -EEXIST)
        rc = 0;
    if (rc == 0)
        queue_drop(q, b);
    return rc;
}

int queue_mark_refused(struct queue *q, const struct queue_batch *b, int status)
{
    char folder[PATH_SIZE], text[16];
    snprintf(folder, sizeof(folder), "%s/refused", q->inbox);
    int n = snprintf(text, sizeof(text), "%d\n", status);
    int rc = file_replace_lazy(folder, b->name, text, (size_t)n, 0644);
    if (rc == 0)
        queue_drop(q, b);
    return rc;
}

static void clean_folder(const struct queue *q, const char *part)
{
    char path[PATH_SIZE];
    struct folder *folder;
    const char *name;
    enum file_type type;
    snprintf(path, sizeof(path), "%s/%s", q->inbox, part);
    if (folder_open(path, &folder) != 0)
        return;
    while (folder_next(folder, &name, &type) == 1) {
        struct batch_name batch;
        if (!batch_name_parse(span_of(name), &batch) ||
            exists(q->outbox, outbox_folder_name[OUTBOX_URGENT], name) ||
            exists(q->outbox, outbox_folder_name[OUTBOX_ROUTINE], name))
            continue;
        snprintf(path, sizeof(path), "%s/%s/%s", q->inbox, part, name);
        file_remove(path);
    }
    folder_close(folder);
}

void queue_clean_marks(const struct queue *q)
{
    for (size_t i = 0; i < MARKS; i++)
        clean_folder(q, mark_folders[i]);
}

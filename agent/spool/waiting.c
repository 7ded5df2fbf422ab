/* What waits in the outbox: acknowledged, refused, or given up for want of room. */
#include "spool/spool_self.h"

#include "base/log.h"
#include "spool/acks.h"

#include <errno.h>

static void batch_path(const struct spool *s, enum outbox_class c, const struct batch_name *name,
                       char *out, size_t size)
{
    char text[BATCH_NAME_SIZE];
    batch_name_format(name, text);
    snprintf(out, size, "%s/%s/%s", s->options.outbox, outbox_folder_name[c], text);
}

void spool_count_waiting(struct spool *s, struct spool_facts *facts)
{
    for (int c = OUTBOX_URGENT; c <= OUTBOX_ROUTINE; c++) {
        struct outbox_count count = {0};
        if (outbox_sum(s->options.outbox, (enum outbox_class)c, s->stream, &count) != 0)
            continue;
        facts->batches += count.batches;
        facts->bytes += count.bytes;
        if (count.low_seq > 0 && count.low_seq < facts->low)
            facts->low = count.low_seq;
        if (c == OUTBOX_ROUTINE)
            s->waiting_routine = count.batches;
    }
}

static uint64_t lines_in(const char *path)
{
    file_t file;
    if (file_open_untrusted(path, &file, NULL) != 0)
        return 0;
    uint64_t lines = batch_count_lines(file);
    file_close(file);
    return lines;
}

/* ---- acknowledged, refused ---- */

static void take_delivered(void *ctx, const struct batch_name *name, unsigned code)
{
    struct spool *s = ctx;
    char path[SPOOL_PATH_SIZE];
    (void)code;
    for (int c = OUTBOX_URGENT; c <= OUTBOX_ROUTINE; c++) {
        batch_path(s, (enum outbox_class)c, name, path, sizeof(path));
        if (file_remove(path) != 0)
            continue;
        s->counters.acknowledged++;
        if (c == OUTBOX_ROUTINE && s->waiting_routine > 0)
            s->waiting_routine--;
    }
}

static int record(struct spool *s, const struct batch_name *name, const char *path,
                  const char *reason)
{
    if (strcmp(name->stream, s->stream) != 0)
        return 0; /* the SOC knows of that stream's end by the new one */
    return losses_record(&s->losses, name->seq, name->seq, lines_in(path), reason);
}

static void take_refused(void *ctx, const struct batch_name *name, unsigned code)
{
    struct spool *s = ctx;
    char path[SPOOL_PATH_SIZE], aside[SPOOL_PATH_SIZE], reason[48];
    struct file_info info;
    snprintf(reason, sizeof(reason), "refused by the center: %u", code);
    batch_path(s, OUTBOX_REFUSED, name, aside, sizeof(aside));
    for (int c = OUTBOX_URGENT; c <= OUTBOX_ROUTINE; c++) {
        batch_path(s, (enum outbox_class)c, name, path, sizeof(path));
        if (file_info_at(path, &info) != 0 || record(s, name, path, reason) != 0 ||
            file_rename(path, aside) != 0)
            continue;
        s->counters.refused++;
        log_error("%s: %s; kept in outbox/refused", path, reason);
        if (c == OUTBOX_ROUTINE && s->waiting_routine > 0)
            s->waiting_routine--;
    }
}

int spool_take_acks(struct spool *s)
{
    int rc = spool_note_sealed(s);
    if (rc != 0)
        return rc;
    rc = acks_read(s->options.inbox, ACK_DELIVERED, take_delivered, s);
    int refused = acks_read(s->options.inbox, ACK_REFUSED, take_refused, s);
    return rc != 0 ? rc : refused;
}

/* ---- the cap ---- */

static int give_up_one(struct spool *s, enum outbox_class c, uint64_t *freed)
{
    struct outbox_entry entries[OUTBOX_WINDOW];
    char path[SPOOL_PATH_SIZE];
    int n = outbox_first(s->options.outbox, c, s->stream, entries);
    if (n <= 0)
        return n < 0 ? n : -ENOENT;
    batch_path(s, c, &entries[0].name, path, sizeof(path));
    /* a refused batch is on record already */
    int rc = c == OUTBOX_REFUSED ? 0 : record(s, &entries[0].name, path, "outbox full");
    if (rc == 0)
        rc = file_remove(path);
    if (rc != 0)
        return rc;
    *freed = entries[0].size;
    s->counters.given_up++;
    log_warning("%s: given up, the outbox is full", path);
    return 0;
}

static int used_bytes(const struct spool *s, uint64_t *out)
{
    *out = 0; /* the open journal goes when its batch comes */
    for (int c = 0; c < OUTBOX_CLASSES; c++) {
        struct outbox_count count = {0};
        int rc = outbox_sum(s->options.outbox, (enum outbox_class)c, s->stream, &count);
        if (rc != 0)
            return rc;
        *out += count.bytes;
    }
    return 0;
}

int spool_make_room(struct spool *s, uint64_t bytes)
{
    static const enum outbox_class order[] = {OUTBOX_REFUSED, OUTBOX_ROUTINE, OUTBOX_URGENT};
    uint64_t used, freed = 0;
    int rc = used_bytes(s, &used);
    if (rc == 0)
        rc = spool_note_sealed(s);
    for (size_t i = 0; rc == 0 && used + bytes > s->options.cap_bytes;) {
        rc = give_up_one(s, order[i], &freed);
        if (rc == 0)
            used -= freed < used ? freed : used;
        else if (rc == -ENOENT) /* none of that class is left */
            rc = ++i < sizeof(order) / sizeof(order[0]) ? 0 : -ENOSPC;
    }
    return rc;
}

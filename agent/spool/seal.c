/* The open batch becomes a file in the outbox, and its journal is no longer needed. */
#include "spool/spool_self.h"

#include "base/hex.h"
#include "base/log.h"
#include "base/sha256.h"
#include "platform/clock.h"

#include <errno.h>

static void put_heartbeat(struct spool *s, struct buf *line)
{
    struct spool_facts facts = {
        .stream = s->stream,
        .seq = s->seq,
        .prev = s->prev,
        .low = s->seq,
        .lost = s->losses.at,
        .lost_n = s->losses.n,
        .events = s->batch.lines,
    };
    spool_count_waiting(s, &facts);
    s->callbacks.heartbeat(s->callbacks.ctx, &facts, line);
}

/* The whole file in memory: it is small by the limits of batch.h. */
static int build(struct spool *s, struct buf *file)
{
    struct buf line = BUF_INIT(SPOOL_LINE_MAX);
    put_heartbeat(s, &line);
    int rc = line.failed ? -EMSGSIZE : batch_write(&s->batch, buf_span(&line), file);
    buf_release(&line);
    return rc == 0 && file->failed ? -ENOMEM : rc;
}

static void make_name(const struct spool *s, struct span file, char out[BATCH_NAME_SIZE])
{
    uint8_t digest[SHA256_SIZE];
    struct batch_name name = {.seq = s->seq};
    memcpy(name.stream, s->stream, sizeof(name.stream));
    sha256_of(file.p, file.n, digest);
    hex_encode(digest, (BATCH_ID_SIZE - 1) / 2, name.id);
    batch_name_format(&name, out);
}

static int write_batch(struct spool *s, char name[BATCH_NAME_SIZE])
{
    char folder[SPOOL_PATH_SIZE];
    struct buf file = BUF_INIT(BATCH_FILE_MAX);
    int rc = build(s, &file);
    if (rc == 0)
        rc = spool_make_room(s, file.n);
    if (rc == 0) {
        make_name(s, buf_span(&file), name);
        snprintf(folder, sizeof(folder), "%s/%s", s->options.outbox,
                 outbox_folder_name[s->urgent ? OUTBOX_URGENT : OUTBOX_ROUTINE]);
        rc = file_replace(folder, name, file.p, file.n, 0640);
    }
    buf_release(&file);
    return rc;
}

int spool_note_sealed(struct spool *s)
{
    struct buf data = BUF_INIT(SLOT_DATA_MAX);
    if (s->noted)
        return 0;
    buf_put(&data, s->stream, sizeof(s->stream) - 1);
    buf_put_text(&data, s->prev);
    int rc = slots_write(&s->last, buf_span(&data));
    buf_release(&data);
    s->noted = rc == 0;
    return rc;
}

void spool_remove_journals(struct spool *s, uint64_t up_to_seq)
{
    char path[SPOOL_PATH_SIZE];
    uint64_t seq = 0;
    while (journal_next(s->options.state, seq, &seq) == 1 && seq <= up_to_seq) {
        journal_path(path, sizeof(path), s->options.state, seq);
        file_remove(path);
    }
}

/* The next batch is open from here on; what the last one held is out of memory. */
static void begin_next(struct spool *s, const char *name)
{
    span_copy(span_of(name), s->prev, sizeof(s->prev));
    s->noted = false;
    s->waiting_routine += !s->urgent;
    s->seq++;
    s->urgent = false;
    s->open_since = s->urgent_since = 0;
    s->sealed_at = clock_mono_ms();
    s->counters.sealed++;
    batch_release(&s->batch);
    uidset_sealed(&s->uids);
    spool_roll_jitter(s);
    if (s->journal.file != FILE_NONE)
        journal_close(&s->journal);
}

int spool_carry_uids(struct spool *s)
{
    struct span rest = buf_span(&s->loose), uid;
    if (rest.n == 0)
        return 0;
    frame_begin(&s->frame, s->stream);
    while (span_take(&rest, SPOOL_UID_SIZE, &uid))
        frame_put_known(&s->frame, (const uint8_t *)uid.p);
    s->pending = true;
    return spool_write_frame(s, false);
}

int spool_seal(struct spool *s)
{
    char name[BATCH_NAME_SIZE];
    uint64_t sealed = s->seq;
    int rc = spool_write_frame(s, false);
    if (rc == 0)
        rc = write_batch(s, name);
    if (rc != 0)
        return rc;
    begin_next(s, name);
    /* From here on the batch is delivered whatever fails: what is left over is put right at the
     * next seal or start, which finds the batch in the outbox. */
    if (spool_note_sealed(s) != 0)
        log_warning("%s/last: cannot be written", s->options.state);
    if (s->callbacks.commit(s->callbacks.ctx) == 0 && spool_carry_uids(s) == 0)
        spool_remove_journals(s, sealed);
    return 0;
}

#include "spool/spool_self.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/random.h"

#include <errno.h>

#define FRAME_SOFT   (256u * 1024)       /* a frame is written before it gets larger */
#define FRAME_FULL   (1024u * 1024)      /* with state changes: written at the end of the round */
#define JOURNAL_FULL (16u * 1024 * 1024) /* after a crash it is read into memory */
#define FRAME_HARD   (8u * 1024 * 1024)  /* held in memory while nothing can be written */

const char *spool_stream(const struct spool *s)
{
    return s->stream;
}

bool spool_is_new_stream(const struct spool *s)
{
    return s->new_stream;
}

void spool_roll_jitter(struct spool *s)
{
    uint32_t dice[2] = {0};
    random_fill(dice, sizeof(dice)); /* without it there is no jitter, which does no harm */
    uint64_t percent = s->options.jitter;
    s->age_jitter = (uint64_t)s->options.seal_age_ms * (dice[0] % (percent + 1)) / 100;
    s->beat_jitter = (uint64_t)s->options.beat_ms * (dice[1] % (percent + 1)) / 100;
}

int spool_open(const struct spool_options *o, const struct spool_callbacks *cb, struct spool **out,
               struct error *e)
{
    struct spool *s = mem_new(1, sizeof(*s));
    s->options = *o;
    s->options.state = s->paths[0] = mem_text(o->state); /* the caller's may go before we do */
    s->options.outbox = s->paths[1] = mem_text(o->outbox);
    s->options.inbox = s->paths[2] = mem_text(o->inbox);
    s->callbacks = *cb;
    s->journal.file = s->last.file = s->losses.slots.file = FILE_NONE;
    s->frame = BUF_INIT(FRAME_MAX);
    s->loose = BUF_INIT((size_t)BATCH_LINES_MAX * 4 * SPOOL_UID_SIZE);
    s->sealed_at = clock_mono_ms();
    batch_init(&s->batch);
    uidset_init(&s->uids);
    spool_roll_jitter(s);
    int rc = spool_recover(s, e);
    if (rc != 0) {
        spool_close(s);
        return rc;
    }
    *out = s;
    return 0;
}

void spool_close(struct spool *s)
{
    if (!s)
        return;
    if (s->journal.file != FILE_NONE)
        journal_close(&s->journal);
    if (s->last.file != FILE_NONE)
        slots_close(&s->last);
    if (s->losses.slots.file != FILE_NONE)
        losses_close(&s->losses);
    uidset_release(&s->uids);
    batch_release(&s->batch);
    buf_release(&s->frame);
    buf_release(&s->loose);
    for (size_t i = 0; i < sizeof(s->paths) / sizeof(s->paths[0]); i++)
        free(s->paths[i]);
    free(s);
}

/* ---- adding ---- */

static void begin_frame(struct spool *s)
{
    if (!s->pending)
        frame_begin(&s->frame, s->stream);
    s->pending = true;
}

int spool_write_frame(struct spool *s, bool whole)
{
    int rc = 0;
    if (s->pending && s->journal.file == FILE_NONE)
        rc = journal_open(&s->journal, s->options.state, s->seq);
    if (rc == 0 && s->pending)
        rc = journal_append(&s->journal, &s->frame);
    if (rc != 0)
        return rc;
    buf_release(&s->frame);
    s->pending = false;
    if (whole)
        buf_release(&s->loose);
    return 0;
}

static bool is_batch_full(const struct spool *s)
{
    return !batch_has_room(&s->batch) || batch_size(&s->batch) >= s->options.seal_bytes ||
           s->journal.size > JOURNAL_FULL;
}

/*
 * A frame that grows too large is written before the caller's round ends. Positions and detector
 * state of the round are not in it: after a crash its lines are read again, and are known by their
 * uids. When the batch is sealed meanwhile, those uids (`loose`) go on into the next journal.
 */
static int make_space(struct spool *s)
{
    int rc = 0;
    if (s->frame.n >= FRAME_SOFT)
        rc = spool_write_frame(s, false);
    if (is_batch_full(s))
        rc = spool_seal(s);
    bool fits = s->frame.n < FRAME_HARD && batch_has_room(&s->batch);
    return rc != 0 && !fits ? -ENOSPC : 0;
}

int spool_add(struct spool *s, const uint8_t uid[SPOOL_UID_SIZE], struct span line, bool urgent)
{
    if (line.n == 0 || line.n > SPOOL_LINE_MAX)
        return -EMSGSIZE;
    if (uidset_has(&s->uids, uid)) {
        s->counters.duplicates++;
        return 1;
    }
    int rc = make_space(s);
    if (rc == 0)
        rc = batch_add(&s->batch, line);
    if (rc != 0)
        return rc;
    begin_frame(s);
    frame_put_line(&s->frame, uid, urgent, line);
    buf_put(&s->loose, uid, SPOOL_UID_SIZE);
    uidset_add(&s->uids, uid);
    int64_t now = clock_mono_ms();
    if (s->open_since == 0)
        s->open_since = now;
    if (urgent && s->urgent_since == 0)
        s->urgent_since = now;
    s->urgent = s->urgent || urgent;
    return 0;
}

void spool_put(struct spool *s, uint8_t table, struct span key, struct span value)
{
    begin_frame(s);
    frame_put_state(&s->frame, table, key, value);
}

bool spool_has_pending(const struct spool *s)
{
    return s->pending;
}

bool spool_frame_is_full(const struct spool *s)
{
    return s->pending && s->frame.n > FRAME_FULL;
}

int spool_flush(struct spool *s)
{
    return spool_write_frame(s, true);
}

/* ---- when ---- */

static int64_t seal_due(const struct spool *s)
{
    int64_t due = s->sealed_at + s->options.beat_ms - (int64_t)s->beat_jitter;
    int64_t age = s->open_since + s->options.seal_age_ms - (int64_t)s->age_jitter;
    if (is_batch_full(s))
        return 0;
    if (s->urgent_since > 0 && s->urgent_since + s->options.urgent_ms < due)
        due = s->urgent_since + s->options.urgent_ms;
    /* what waits already is a sign of a center that is away: many small batches help nobody */
    if (s->open_since > 0 && s->waiting_routine == 0 && age < due)
        due = age;
    return due;
}

int64_t spool_run(struct spool *s, int64_t now_ms)
{
    if (seal_due(s) > now_ms)
        return seal_due(s);
    int rc = spool_seal(s);
    return rc != 0 ? rc : seal_due(s);
}

void spool_counters_read(const struct spool *s, struct spool_counters *out)
{
    *out = s->counters;
    out->open_events = s->batch.lines;
}

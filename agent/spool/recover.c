/*
 * What the spool finds at its start: the stream, the last sealed batch, journals of before. A
 * journal whose batch is sealed only hands its state over; the others are the open batch again.
 */
#include "spool/spool_self.h"

#include "base/hex.h"
#include "base/log.h"
#include "base/slurp.h"
#include "platform/clock.h"
#include "platform/random.h"

#include <errno.h>

#define ASIDE_SEQ 999999999999u

/* ---- the stream ---- */

static bool is_stream(struct span text)
{
    uint32_t value;
    return hex_decode(text, &value, sizeof(value));
}

static int make_stream(struct spool *s)
{
    uint8_t random[4];
    int rc = random_fill(random, sizeof(random));
    if (rc != 0)
        return rc;
    hex_encode(random, sizeof(random), s->stream);
    s->new_stream = true;
    return file_replace(s->options.state, "stream", s->stream, sizeof(s->stream) - 1, 0600);
}

static int read_stream(struct spool *s)
{
    char path[SPOOL_PATH_SIZE];
    struct buf text = BUF_INIT(64);
    snprintf(path, sizeof(path), "%s/stream", s->options.state);
    int rc = slurp(path, &text);
    bool good = rc == 0 && is_stream(span_trim(buf_span(&text)));
    if (good)
        span_copy(span_trim(buf_span(&text)), s->stream, sizeof(s->stream));
    buf_release(&text);
    if (good)
        return 0;
    if (rc != 0 && rc != -ENOENT && rc != -EFBIG)
        return rc;
    return make_stream(s);
}

/* ---- the last sealed batch ---- */

static void take_last(struct spool *s, const struct batch_name *name)
{
    if (strcmp(name->stream, s->stream) != 0 || name->seq < s->seq)
        return;
    s->seq = name->seq + 1;
    batch_name_format(name, s->prev);
    s->noted = false;
}

static int read_last(struct spool *s)
{
    struct buf data = BUF_INIT(SLOT_DATA_MAX);
    struct batch_name name;
    struct span rest, stream;
    int rc = slots_open(&s->last, s->options.state, "last", &data);
    rest = buf_span(&data);
    if (rc == 0 && span_take(&rest, sizeof(s->stream) - 1, &stream) &&
        span_equal_text(stream, s->stream) && batch_name_parse(rest, &name))
        take_last(s, &name);
    s->noted = true;
    buf_release(&data);
    return rc == -ENOENT ? 0 : rc;
}

/* A batch that was half written: its name never comes again, so nothing would replace it. */
static void remove_leftover(const char *folder, const char *name)
{
    char path[SPOOL_PATH_SIZE + 256];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file_remove(path);
}

/* A batch may have been sealed and not written down before the crash: the outbox knows. */
static int look_at_outbox(struct spool *s)
{
    for (int c = 0; c < OUTBOX_CLASSES; c++) {
        char path[SPOOL_PATH_SIZE];
        struct folder *folder;
        struct batch_name name;
        const char *text;
        enum file_type type;
        snprintf(path, sizeof(path), "%s/%s", s->options.outbox, outbox_folder_name[c]);
        int rc = folder_open(path, &folder);
        if (rc != 0)
            return rc;
        while ((rc = folder_next(folder, &text, &type)) == 1) {
            if (batch_name_parse(span_of(text), &name)) {
                take_last(s, &name);
                s->waiting_routine += c == OUTBOX_ROUTINE;
            } else if (text[0] == '.') {
                remove_leftover(path, text);
            }
        }
        folder_close(folder);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* ---- journals ---- */

struct adoption {
    struct spool *s;
    bool open;    /* its lines belong to the batch that is open now */
    bool foreign; /* of another stream: its lines are added like new ones */
};

static void take_stream(void *ctx, struct span stream)
{
    struct adoption *a = ctx;
    if (!span_equal_text(stream, a->s->stream))
        a->foreign = true;
}

static void know(struct spool *s, const uint8_t uid[16])
{
    if (!uidset_has(&s->uids, uid))
        uidset_add(&s->uids, uid);
    buf_put(&s->loose, uid, SPOOL_UID_SIZE);
}

static void take_line(void *ctx, const uint8_t uid[16], bool urgent, struct span line)
{
    struct adoption *a = ctx;
    struct spool *s = a->s;
    if (a->foreign) {
        spool_add(s, uid, line, urgent);
        return;
    }
    know(s, uid);
    if (!a->open || batch_add(&s->batch, line) != 0)
        return;
    int64_t now = clock_mono_ms();
    if (s->open_since == 0)
        s->open_since = now;
    if (urgent && s->urgent_since == 0)
        s->urgent_since = now;
    s->urgent = s->urgent || urgent;
}

static void take_state(void *ctx, uint8_t table, struct span key, struct span value)
{
    struct spool *s = ((struct adoption *)ctx)->s;
    s->callbacks.restore(s->callbacks.ctx, table, key, value);
}

static void take_known(void *ctx, const uint8_t uid[16])
{
    know(((struct adoption *)ctx)->s, uid);
}

static void keep_damaged(struct spool *s, file_t file, uint64_t seq, const struct journal_end *end)
{
    char name[64];
    struct buf rest = BUF_INIT(FRAME_MAX);
    size_t n = (size_t)(end->size - end->good);
    char *to = n <= FRAME_MAX ? buf_reserve(&rest, n) : NULL;
    if (to && file_read_at(file, end->good, to, n) == (int64_t)n) {
        snprintf(name, sizeof(name), "open-%llu.journal.damaged", (unsigned long long)seq);
        file_replace(s->options.state, name, rest.p, n, 0600);
    }
    buf_release(&rest);
    log_error("%s/open-%llu.journal: damaged; %llu events in it are lost", s->options.state,
              (unsigned long long)seq, (unsigned long long)end->lines);
}

/* The lines of another stream's journal are safe in a journal of ours before it goes. Its number
 * may be ours too: then it steps aside, to one that no batch ever has. */
static int adopt(struct spool *s, const char *path)
{
    char aside[SPOOL_PATH_SIZE];
    journal_path(aside, sizeof(aside), s->options.state, ASIDE_SEQ);
    int rc = file_rename(path, aside);
    if (rc == 0)
        rc = spool_write_frame(s, false);
    return rc == 0 ? file_remove(aside) : rc;
}

static int replay(struct spool *s, uint64_t seq)
{
    struct adoption a = {.s = s, .open = seq >= s->seq};
    const struct journal_reader reader = {&a, take_stream, take_line, take_state, take_known};
    struct journal_end end;
    char path[SPOOL_PATH_SIZE];
    file_t file;
    journal_path(path, sizeof(path), s->options.state, seq);
    int rc = file_open_rw(path, 0600, &file);
    if (rc != 0)
        return rc;
    rc = journal_replay(file, &reader, &end);
    bool ours = rc == 0 && end.good > 0 && !a.foreign;
    if (rc == 0 && end.damaged && (a.open || a.foreign)) { /* else the sealed batch has it all */
        uint64_t lost = ours ? seq : s->seq;
        keep_damaged(s, file, seq, &end);
        rc = losses_record(&s->losses, lost, lost, end.lines, "journal damaged");
    }
    if (rc == 0 && end.good < end.size)
        rc = file_truncate(file, end.good);
    file_close(file);
    if (rc == 0 && end.good == 0) /* nobody knows whose it was */
        rc = file_remove(path);
    else if (rc == 0 && a.foreign)
        rc = adopt(s, path);
    else if (rc == 0 && a.open) {
        if (seq != s->seq) /* state of two moments, put back: what was before is not known */
            s->prev[0] = '\0';
        s->seq = seq;
        rc = journal_open(&s->journal, s->options.state, seq);
    }
    return rc;
}

static int replay_all(struct spool *s)
{
    uint64_t seq = 0, sealed = s->seq - 1;
    bool behind = false; /* a crash came between sealing a batch and removing its journal */
    int rc;
    while ((rc = journal_next(s->options.state, seq, &seq)) == 1) {
        behind = behind || seq <= sealed;
        rc = s->journal.file != FILE_NONE ? spool_seal(s) : 0; /* two open ones: one at a time */
        if (rc == 0)
            rc = replay(s, seq);
        if (rc != 0)
            return rc;
    }
    if (rc == 0 && behind && s->callbacks.commit(s->callbacks.ctx) == 0 && spool_carry_uids(s) == 0)
        spool_remove_journals(s, sealed);
    return rc;
}

int spool_recover(struct spool *s, struct error *e)
{
    s->seq = 1;
    int rc = read_stream(s);
    if (rc == 0)
        rc = losses_open(&s->losses, s->options.state, s->stream);
    if (rc == 0)
        rc = read_last(s);
    if (rc == 0)
        rc = look_at_outbox(s);
    if (rc == 0 && spool_note_sealed(s) != 0)
        log_warning("%s/last: cannot be written", s->options.state);
    if (rc == 0)
        rc = replay_all(s);
    losses_forget(&s->losses, s->seq);
    if (rc != 0)
        error_set(e, "%s: the spool cannot be opened: %s", s->options.state, error_text(rc));
    return rc;
}

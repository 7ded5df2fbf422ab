#include "source/integrity/away.h"

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "platform/clock.h"
#include "platform/usn.h"
#include "source/integrity/self.h"

#include <errno.h>

#define VERSION     1
#define VOLUMES_MAX 8
#define RECORD_MAX  1024
#define PIECE       256  /* changes a run */
#define WAITING_MAX 1024 /* paths that wait for a look before more are taken */
#define ROOM_MS     200
#define SETTLE_MS   1000 /* until what came before a position was surely told by the watch too */
#define NOTE_MS     10000
#define NAMES                                                                                      \
    (USN_CREATED | USN_DELETED | USN_OLD_NAME | USN_NEW_NAME | USN_REPARSE) /* of a folder */

static const struct span key = {"integrity.away", 14};

struct volume {
    char name[USN_VOLUME_MAX];
    struct usn *journal;
    bool reading;                /* it tells what happened while we were off */
    struct usn_position noted;   /* where it ended at noted_ms */
    struct usn_position settled; /* all before it was looked at; journal 0: none is known */
};

struct integrity_away {
    struct integrity *self;
    struct volume volumes[VOLUMES_MAX];
    size_t n;
    bool whole;         /* every watched tree lies on a volume with a journal */
    uint64_t missed;    /* times; counted from 1 until a scan of everything made good */
    uint64_t began;     /* missed when the scan began */
    uint64_t good;      /* missed as far as a scan made good */
    int64_t scanned_ms; /* wall clock of the last scan of everything; 0: none is known */
    int64_t rest_ms;
    int64_t noted_ms; /* monotonic; 0: no position is noted */
    bool is_new;      /* there is something to keep */
    char words[120];
    struct usn_change change;
};

/* ---- opening ---- */

static void add_volume(void *ctx, const char *root, size_t item)
{
    struct integrity_away *a = ctx;
    struct volume *v = &a->volumes[a->n];
    char on_disk[INTEGRITY_PATH_MAX], name[USN_VOLUME_MAX];
    (void)item;
    if (!integrity_paths_on_disk(a->self->paths, root, on_disk, sizeof(on_disk)) ||
        usn_volume(on_disk, name, sizeof(name)) != 0) {
        a->whole = false;
        return;
    }
    for (size_t i = 0; i < a->n; i++)
        if (strcmp(a->volumes[i].name, name) == 0)
            return;
    if (a->n == VOLUMES_MAX || usn_open(name, &v->journal) != 0) {
        a->whole = false;
        return;
    }
    memcpy(v->name, name, sizeof(v->name));
    a->n++;
}

static bool take_position(struct span *rest, struct span *name, struct usn_position *p)
{
    uint64_t next;
    bool fine = span_take_until(rest, '\0', name) && span_take_u64(rest, &p->journal) &&
                span_take_u64(rest, &next);
    p->next = fine ? (int64_t)next : 0;
    return fine;
}

static bool find_kept(struct span volumes, const char *name, struct usn_position *out)
{
    struct span one;
    while (take_position(&volumes, &one, out))
        if (span_equal_text(one, name))
            return true;
    return false;
}

/* Whether it tells all since it was left. */
static bool go_on(struct integrity_away *a, struct volume *v, struct span kept)
{
    struct usn_position from;
    if (!find_kept(kept, v->name, &from))
        return false;
    int rc = usn_seek(v->journal, &from);
    if (rc != 0)
        snprintf(a->words, sizeof(a->words), "the change journal of %s %s, so all is scanned",
                 v->name,
                 rc == -ENOENT   ? "was deleted or made anew"
                 : rc == -ERANGE ? "does not reach back to the last run"
                                 : "cannot be read");
    v->reading = rc == 0;
    v->settled = from;
    return rc == 0;
}

static void read_kept(struct integrity_away *a)
{
    struct buf kept = BUF_INIT(RECORD_MAX);
    struct span rest, version;
    uint64_t scanned;
    bool good = a->whole && a->n > 0;
    if (store_get(a->self->host.store, STORE_META, key, &kept) != 0)
        good = false;
    rest = buf_span(&kept);
    good = good && span_take(&rest, 1, &version) && version.p[0] == VERSION &&
           span_take_u64(&rest, &scanned);
    for (size_t i = 0; i < a->n && good; i++)
        good = go_on(a, &a->volumes[i], rest);
    buf_release(&kept);
    if (!good)
        return;
    int64_t every_ms = a->self->host.config->scan_every_s * 1000;
    int64_t rest_ms = (int64_t)scanned + every_ms - clock_wall_ms();
    a->scanned_ms = (int64_t)scanned;
    a->rest_ms = rest_ms < 1 ? 1 : rest_ms > every_ms ? every_ms : rest_ms;
    a->good = a->missed;
}

struct integrity_away *integrity_away_new(struct integrity *self, bool current)
{
    struct integrity_away *a = mem_new(1, sizeof(*a));
    a->self = self;
    a->whole = true;
    a->missed = 1;
    if (!self->watch || self->watch_words[0])
        return a; /* a position says that all before it was seen */
    integrity_paths_roots(self->paths, add_volume, a);
    if (current)
        read_kept(a);
    for (size_t i = 0; i < a->n; i++)
        a->volumes[i].reading = a->volumes[i].reading && a->rest_ms > 0;
    if (a->words[0])
        log_warning("%s", a->words);
    return a;
}

void integrity_away_free(struct integrity_away *a)
{
    if (!a)
        return;
    for (size_t i = 0; i < a->n; i++)
        usn_close(a->volumes[i].journal);
    free(a);
}

int64_t integrity_away_rest_ms(const struct integrity_away *a)
{
    return a->rest_ms;
}

const char *integrity_away_words(const struct integrity_away *a)
{
    return a->words;
}

/* ---- what happened ---- */

static void look_at(struct integrity_away *a, const char *path, int64_t now_ms)
{
    const struct usn_change *c = &a->change;
    struct integrity *self = a->self;
    bool tree = c->folder && c->reason & NAMES;
    struct pending *p = tree ? pendings_add_tree(self->pending, path, now_ms)
                             : pendings_add(self->pending, path, NULL, now_ms, 0);
    if (!p) {
        integrity_scan_soon(self, now_ms);
        return;
    }
    p->seen_ms = c->time_ms;
    p->while_off = true;
}

static void take_change(struct integrity_away *a, int64_t now_ms)
{
    const struct usn_change *c = &a->change;
    const struct integrity_paths *paths = a->self->paths;
    const char *path = integrity_paths_told(paths, c->path);
    if (!path || !path[1])
        return;
    if (integrity_paths_wanted(paths, path))
        look_at(a, path, now_ms);
    else if (c->folder && c->reason & NAMES && integrity_paths_may_hold(paths, path) &&
             integrity_paths_enter(paths, path))
        integrity_scan_soon(a->self, now_ms); /* the baseline does not know what lay below it */
}

static bool read_on(struct integrity_away *a, struct volume *v, int64_t now_ms)
{
    for (int i = 0; i < PIECE; i++) {
        int rc = usn_next(v->journal, &a->change);
        if (rc == 1) {
            take_change(a, now_ms);
            continue;
        }
        v->reading = false;
        if (rc != 0) {
            snprintf(a->words, sizeof(a->words),
                     "the change journal of %s was overrun or cannot be read, so all is scanned",
                     v->name);
            log_warning("%s", a->words);
            integrity_scan_soon(a->self, now_ms);
        }
        return false;
    }
    return true;
}

int64_t integrity_away_run(struct integrity_away *a, int64_t now_ms)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < a->n; i++) {
        struct volume *v = &a->volumes[i];
        bool room = pendings_count(a->self->pending) < WAITING_MAX;
        if (v->reading && (!room || read_on(a, v, now_ms)))
            next_ms = now_ms + (room ? 0 : ROOM_MS);
    }
    return next_ms;
}

/* ---- positions ---- */

void integrity_away_missed(struct integrity_away *a)
{
    a->missed++;
    a->noted_ms = 0;
}

void integrity_away_scan_begins(struct integrity_away *a)
{
    a->began = a->missed;
}

void integrity_away_scan_ended(struct integrity_away *a, int64_t wall_ms)
{
    a->good = a->began;
    a->scanned_ms = wall_ms;
    a->is_new = a->n > 0;
    if (a->good == a->missed)
        a->words[0] = '\0';
}

static void note_ends(struct integrity_away *a, int64_t now_ms)
{
    a->noted_ms = now_ms;
    for (size_t i = 0; i < a->n; i++)
        if (usn_end(a->volumes[i].journal, &a->volumes[i].noted) != 0)
            a->noted_ms = 0;
}

static bool is_reading(const struct integrity_away *a)
{
    bool any = false;
    for (size_t i = 0; i < a->n; i++)
        any = any || a->volumes[i].reading;
    return any;
}

void integrity_away_note(struct integrity_away *a, bool idle, int64_t now_ms)
{
    if (a->n == 0 || a->missed != a->good || is_reading(a))
        return;
    if (a->noted_ms == 0) {
        note_ends(a, now_ms);
        return;
    }
    if (!idle || now_ms - a->noted_ms < SETTLE_MS)
        return;
    for (size_t i = 0; i < a->n; i++) {
        struct volume *v = &a->volumes[i];
        a->is_new =
            a->is_new || v->settled.next != v->noted.next || v->settled.journal != v->noted.journal;
        v->settled = v->noted;
    }
    if (now_ms - a->noted_ms >= NOTE_MS)
        a->noted_ms = 0;
}

void integrity_away_keep(struct integrity_away *a)
{
    struct buf out = BUF_INIT(RECORD_MAX);
    if (!a->is_new)
        return;
    buf_put_byte(&out, VERSION);
    buf_put_u64(&out, (uint64_t)a->scanned_ms);
    for (size_t i = 0; i < a->n; i++) {
        const struct volume *v = &a->volumes[i];
        if (v->settled.journal == 0)
            continue;
        buf_put_text(&out, v->name);
        buf_put_byte(&out, '\0');
        buf_put_u64(&out, v->settled.journal);
        buf_put_u64(&out, (uint64_t)v->settled.next);
    }
    a->self->host.put(a->self->host.ctx, STORE_META, key, buf_span(&out));
    a->is_new = false;
    buf_release(&out);
}

#include "detect/repeats.h"

#include "base/map.h"
#include "base/mem.h"
#include "detect/kept_event.h"

#include <stdlib.h>

#define KEY_MAX  32
#define TIME_MAX ((uint64_t)1 << 53) /* no date after it is meant */

struct repeat {
    uint8_t same[EVENT_UID_SIZE];
    uint8_t first_uid[EVENT_UID_SIZE];
    struct repeat *older, *newer; /* by when the window began */
    bool dirty;
    int64_t began_wall_ms;
    int64_t began_ms; /* of the first one's record */
    int64_t first_ms, last_ms;
    uint64_t times; /* findings */
    uint64_t count; /* records that they stand for */
    char *event;    /* kept_event.h; NULL while there is but one */
    size_t event_n;
};

struct repeats {
    const struct flood_host *host;
    uint64_t window_ms;
    struct map *map;
    struct repeat *oldest, *newest;
};

struct repeats *repeats_new(const struct flood_host *host)
{
    struct repeats *r = mem_new(1, sizeof(*r));
    r->host = host;
    r->window_ms = (uint64_t)host->config->repeat_window_s * 1000;
    r->map = map_new(SIZE_MAX);
    return r;
}

static void repeat_free(void *value)
{
    struct repeat *one = value;
    free(one->event);
    free(one);
}

void repeats_free(struct repeats *r)
{
    map_free(r->map, repeat_free);
    free(r);
}

static struct span key_of(const struct repeat *one, char out[KEY_MAX])
{
    struct span prefix = REPEATS_PREFIX;
    memcpy(out, prefix.p, prefix.n);
    memcpy(out + prefix.n, one->same, sizeof(one->same));
    return (struct span){out, prefix.n + sizeof(one->same)};
}

static uint64_t apart(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : (uint64_t)b - (uint64_t)a;
}

/* ---- the end of a window ---- */

static void tell(struct repeats *r, const struct repeat *one)
{
    struct event e;
    struct buf message = BUF_INIT(2 * KEPT_TEXT_MAX);
    if (!kept_event_take((struct span){one->event, one->event_n}, &e))
        return;
    buf_printf(&message, "%s (%llu times)", e.message, (unsigned long long)one->times);
    e.message = message.p;
    e.time_ms = one->last_ms;
    struct span parts[] = {SPAN("repeats"), span_make(one->same, sizeof(one->same)),
                           span_make(one->first_uid, sizeof(one->first_uid))};
    event_uid_make(e.uid, parts, 3);
    e.u.detection.finding_uid = one->first_uid;
    e.u.detection.count = one->count;
    e.u.detection.first_ms = one->first_ms;
    e.u.detection.last_ms = one->last_ms;
    r->host->emit(r->host->ctx, &e);
    buf_release(&message);
}

/* One that is in the list no more. */
static void finish(struct repeats *r, struct repeat *one)
{
    char key[KEY_MAX];
    if (one->times > 1)
        tell(r, one);
    r->host->put(r->host->ctx, STORE_DETECT, key_of(one, key), (struct span){0, 0});
    map_remove(r->map, span_make(one->same, sizeof(one->same)));
    repeat_free(one);
}

static void end(struct repeats *r, struct repeat *one)
{
    *(one->older ? &one->older->newer : &r->oldest) = one->newer;
    *(one->newer ? &one->newer->older : &r->newest) = one->older;
    finish(r, one);
}

static void end_oldest(struct repeats *r)
{
    struct repeat *one = r->oldest;
    r->oldest = one->newer;
    *(one->newer ? &one->newer->older : &r->newest) = NULL;
    finish(r, one);
}

int64_t repeats_run(struct repeats *r, int64_t wall_ms)
{
    while (r->oldest && apart(wall_ms, r->oldest->began_wall_ms) >= r->window_ms)
        end_oldest(r);
    return r->oldest ? r->oldest->began_wall_ms + (int64_t)r->window_ms : INT64_MAX;
}

/* ---- findings ---- */

static struct repeat *open_one(struct repeats *r, const uint8_t same[EVENT_UID_SIZE])
{
    while (map_count(r->map) >= REPEATS_MAX)
        end_oldest(r);
    struct repeat *one = mem_new(1, sizeof(*one));
    memcpy(one->same, same, sizeof(one->same));
    one->older = r->newest;
    *(r->newest ? &r->newest->newer : &r->oldest) = one;
    r->newest = one;
    map_set(r->map, span_make(same, EVENT_UID_SIZE), one, NULL);
    return one;
}

static void count(struct repeat *one, const struct event *e)
{
    const struct event_detection *d = &e->u.detection;
    one->dirty = true;
    one->times++;
    one->count += d->count > 0 ? d->count : 1;
    one->first_ms = d->first_ms < one->first_ms ? d->first_ms : one->first_ms;
    one->last_ms = d->last_ms > one->last_ms ? d->last_ms : one->last_ms;
    if (one->event)
        return;
    struct buf kept = BUF_INIT(KEPT_MAX);
    kept_event_put(&kept, e);
    one->event = mem_new(kept.n + 1, 1);
    one->event_n = kept.n;
    memcpy(one->event, kept.p, kept.n);
    buf_release(&kept);
}

bool repeats_take(struct repeats *r, const struct event *e)
{
    struct repeat *one = map_get(r->map, span_make(e->u.detection.same, EVENT_UID_SIZE));
    if (!one)
        return false;
    if (apart(e->time_ms, one->began_ms) >= r->window_ms) {
        end(r, one);
        return false;
    }
    count(one, e);
    return true;
}

void repeats_begin(struct repeats *r, const struct event *e, int64_t wall_ms)
{
    const struct event_detection *d = &e->u.detection;
    struct repeat *one = open_one(r, d->same);
    memcpy(one->first_uid, e->uid, sizeof(one->first_uid));
    one->began_wall_ms = wall_ms;
    one->began_ms = e->time_ms;
    one->first_ms = d->first_ms;
    one->last_ms = d->last_ms;
    one->times = 1;
    one->count = d->count > 0 ? d->count : 1;
    one->dirty = true;
}

/* ---- state ---- */

void repeats_checkpoint(struct repeats *r)
{
    struct buf value = BUF_INIT(KEPT_MAX + 256);
    char key[KEY_MAX];
    for (struct repeat *one = r->oldest; one; one = one->newer) {
        if (!one->dirty)
            continue;
        one->dirty = false;
        buf_clear(&value);
        buf_put(&value, one->first_uid, sizeof(one->first_uid));
        buf_put_u64(&value, (uint64_t)one->began_wall_ms);
        buf_put_u64(&value, (uint64_t)one->began_ms);
        buf_put_u64(&value, (uint64_t)one->first_ms);
        buf_put_u64(&value, (uint64_t)one->last_ms);
        buf_put_u64(&value, one->times);
        buf_put_u64(&value, one->count);
        buf_put(&value, one->event ? one->event : "", one->event_n);
        r->host->put(r->host->ctx, STORE_DETECT, key_of(one, key), buf_span(&value));
    }
    buf_release(&value);
}

/* After a restart the windows stand in no order; whoever began later goes behind. */
static void sort_in(struct repeats *r, struct repeat *one)
{
    struct repeat *before = one->older;
    while (before && before->began_wall_ms > one->began_wall_ms)
        before = before->older;
    if (before == one->older)
        return;
    *(one->older ? &one->older->newer : &r->oldest) = NULL;
    r->newest = one->older;
    one->older = before;
    one->newer = before ? before->newer : r->oldest;
    *(before ? &before->newer : &r->oldest) = one;
    one->newer->older = one;
}

bool repeats_restore(struct repeats *r, struct span key, struct span value)
{
    struct span prefix = REPEATS_PREFIX, uid;
    struct event e;
    uint64_t n[6];
    if (key.n != prefix.n + EVENT_UID_SIZE || !span_starts(key, prefix) ||
        map_count(r->map) >= REPEATS_MAX ||
        map_get(r->map, (struct span){key.p + prefix.n, EVENT_UID_SIZE}) ||
        !span_take(&value, EVENT_UID_SIZE, &uid))
        return false;
    for (size_t i = 0; i < 6; i++)
        if (!span_take_u64(&value, &n[i]))
            return false;
    if (n[0] > TIME_MAX || n[4] == 0 || (n[4] > 1) != (value.n > 0) ||
        (value.n > 0 && !kept_event_take(value, &e)))
        return false;
    struct repeat *one = open_one(r, (const uint8_t *)key.p + prefix.n);
    memcpy(one->first_uid, uid.p, sizeof(one->first_uid));
    one->began_wall_ms = (int64_t)n[0];
    one->began_ms = (int64_t)n[1];
    one->first_ms = (int64_t)n[2];
    one->last_ms = (int64_t)n[3];
    one->times = n[4];
    one->count = n[5];
    one->event_n = value.n;
    one->event = value.n > 0 ? mem_new(value.n, 1) : NULL;
    if (one->event)
        memcpy(one->event, value.p, value.n);
    sort_in(r, one);
    return true;
}

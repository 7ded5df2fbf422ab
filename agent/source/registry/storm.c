#include "source/registry/storm.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "source/registry/tell.h"

struct storm {
    int64_t window_ms;                  /* began */
    uint32_t told;                      /* in the window */
    int64_t first_due_ms, last_seen_ms; /* monotonic, of what is counted */
    struct kept {
        uint64_t count;
        int64_t first_ms, last_ms; /* wall clock */
        uint32_t severity;         /* the gravest */
        uint32_t zero;
    } kept;
    bool changed; /* since it was put */
};

struct registry_storms {
    struct source_host host;
    const struct registry_keys *keys;
    int64_t window_ms;
    uint32_t told;
    struct storm *of; /* each item */
};

static struct span key_of(const struct registry_item *item, struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "registry.storm.%s", item->text);
    return buf_span(out);
}

struct registry_storms *registry_storms_new(const struct source_host *host,
                                            const struct registry_keys *keys)
{
    struct registry_storms *s = mem_new(1, sizeof(*s));
    struct buf key = BUF_INIT(480), value = BUF_INIT(64);
    s->host = *host;
    s->keys = keys;
    s->of = mem_new(keys->n + 1, sizeof(*s->of));
    for (size_t i = 0; i < keys->n; i++) {
        buf_clear(&value);
        bool held = store_get(host->store, STORE_META, key_of(&keys->items[i], &key), &value) == 0;
        if (held && value.n == sizeof(s->of[i].kept))
            memcpy(&s->of[i].kept, value.p, sizeof(s->of[i].kept));
    }
    buf_release(&key);
    buf_release(&value);
    return s;
}

void registry_storms_free(struct registry_storms *s)
{
    if (!s)
        return;
    free(s->of);
    free(s);
}

static void count(struct storm *t, enum event_severity severity, int64_t now_ms)
{
    int64_t wall_ms = clock_wall_ms();
    if (t->kept.count++ == 0) {
        t->kept.first_ms = wall_ms;
        t->first_due_ms = now_ms + REGISTRY_STORM_LATEST_MS;
        t->kept.severity = severity;
    }
    if (t->kept.severity < (uint32_t)severity)
        t->kept.severity = severity;
    t->kept.last_ms = wall_ms;
    t->last_seen_ms = now_ms;
    t->changed = true;
}

bool registry_storms_take(struct registry_storms *s, size_t item, enum event_severity severity,
                          int64_t now_ms)
{
    struct storm *t = &s->of[item];
    uint32_t most = severity >= SEVERITY_HIGH ? REGISTRY_STORM_GRAVE : REGISTRY_STORM_SINGLE;
    if (now_ms - t->window_ms >= REGISTRY_STORM_WINDOW_MS) {
        t->window_ms = now_ms;
        t->told = 0;
    }
    if (now_ms - s->window_ms >= REGISTRY_STORM_WINDOW_MS) {
        s->window_ms = now_ms;
        s->told = 0;
    }
    if (t->told < most && s->told < REGISTRY_STORM_TOTAL) {
        t->told++;
        s->told++;
        return false;
    }
    count(t, severity, now_ms);
    return true;
}

static int64_t due_of(const struct storm *t)
{
    int64_t quiet_ms = t->last_seen_ms + REGISTRY_STORM_QUIET_MS;
    if (t->kept.count == 0)
        return INT64_MAX;
    return quiet_ms < t->first_due_ms ? quiet_ms : t->first_due_ms;
}

static void tell(struct registry_storms *s, size_t i)
{
    struct storm *t = &s->of[i];
    struct registry_sum sum = {s->keys->items[i].root, t->kept.count, t->kept.first_ms,
                               t->kept.last_ms, (enum event_severity)t->kept.severity};
    registry_tell_sum(&sum, s->host.emit, s->host.ctx);
    t->kept = (struct kept){0};
    t->changed = true;
}

int64_t registry_storms_run(struct registry_storms *s, int64_t now_ms)
{
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < s->keys->n; i++) {
        if (due_of(&s->of[i]) <= now_ms)
            tell(s, i);
        int64_t due = due_of(&s->of[i]);
        next = due < next ? due : next;
    }
    registry_storms_checkpoint(s); /* a sum and its end belong to one frame */
    return next;
}

void registry_storms_checkpoint(struct registry_storms *s)
{
    struct buf key = BUF_INIT(480);
    for (size_t i = 0; i < s->keys->n; i++) {
        struct storm *t = &s->of[i];
        struct span value = span_make(&t->kept, sizeof(t->kept));
        if (t->changed)
            s->host.put(s->host.ctx, STORE_META, key_of(&s->keys->items[i], &key),
                        t->kept.count > 0 ? value : (struct span){NULL, 0});
        t->changed = false;
    }
    buf_release(&key);
}

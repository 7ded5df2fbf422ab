#include "source/integrity/storm.h"

#include "base/buf.h"
#include "base/json_write.h"
#include "base/map.h"
#include "base/mem.h"
#include "platform/clock.h"

#define VERSION    1
#define NAME_MAX   128
#define ACTOR_MAX  128
#define RECORD_MAX (INTEGRITY_PATH_MAX + 1024)
#define PREFIX     "integrity.storm."

enum count { CREATED, CHANGED, DELETED, RENAMED, COUNTS };

static const struct {
    const char *word;
    unsigned change;
    int activity;
} kinds[COUNTS] = {
    [CREATED] = {"created", INTEGRITY_CREATED, FILE_ACTIVITY_CREATE},
    [CHANGED] = {"changed", ~0u, FILE_ACTIVITY_UPDATE}, /* whatever is none of the others */
    [DELETED] = {"deleted", INTEGRITY_DELETED, FILE_ACTIVITY_DELETE},
    [RENAMED] = {"renamed", INTEGRITY_RENAMED, FILE_ACTIVITY_RENAME},
};

struct storm {
    struct storm *next;
    char *folder;              /* "" for the root folder */
    int64_t window_ms;         /* when the present window began; monotonic, as the next three */
    int64_t begun_ms, last_ms; /* of what is counted */
    unsigned singles, graves;  /* told in this window */
    bool below;                /* changes of folders below are counted here as well */
    bool dirty;                /* differs from what the store has */
    uint64_t counts[COUNTS];
    uint64_t while_off, by_scan;
    int64_t first_wall_ms, last_wall_ms;
    enum event_severity severity; /* the gravest of what is counted */
    size_t actors_n;              /* one more than there is room for: there were others */
    char actor[STORM_ACTORS][ACTOR_MAX];
    size_t names_n; /* of the first files; not kept over a crash */
    char name[STORM_NAMES][NAME_MAX];
};

struct integrity_storms {
    struct source_host host;
    struct map *by_folder;
    struct storm *first;
    int64_t window_ms;
    unsigned singles; /* of all folders in this window */
};

static uint64_t sum_of(const struct storm *m)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < COUNTS; i++)
        sum += m->counts[i];
    return sum;
}

/* ---- the store ---- */

static struct span key_of(const struct storm *m, char key[sizeof(PREFIX) + INTEGRITY_ID_SIZE])
{
    uint8_t id[INTEGRITY_ID_SIZE];
    integrity_folder_id(span_of(m->folder), id);
    memcpy(key, PREFIX, sizeof(PREFIX) - 1);
    memcpy(key + sizeof(PREFIX) - 1, id, sizeof(id));
    return span_make(key, sizeof(PREFIX) - 1 + sizeof(id));
}

static void encode(const struct storm *m, struct buf *out)
{
    buf_put_byte(out, VERSION);
    for (size_t i = 0; i < COUNTS; i++)
        buf_put_u64(out, m->counts[i]);
    buf_put_u64(out, m->while_off);
    buf_put_u64(out, m->by_scan);
    buf_put_u64(out, (uint64_t)m->first_wall_ms);
    buf_put_u64(out, (uint64_t)m->last_wall_ms);
    buf_put_u32(out, m->severity);
    buf_put_u32(out, m->below);
    buf_put_text(out, m->folder);
    buf_put_byte(out, '\0');
    for (size_t i = 0; i < m->actors_n && i < STORM_ACTORS; i++) {
        buf_put_text(out, m->actor[i]);
        buf_put_byte(out, '\0');
    }
}

static void note_actor(struct storm *m, struct span exe)
{
    struct span cut = {exe.p, exe.n < ACTOR_MAX - 1 ? exe.n : ACTOR_MAX - 1};
    for (size_t i = 0; i < m->actors_n && i < STORM_ACTORS; i++)
        if (span_equal_text(cut, m->actor[i]))
            return;
    if (m->actors_n < STORM_ACTORS)
        span_copy(cut, m->actor[m->actors_n++], ACTOR_MAX);
    else
        m->actors_n = STORM_ACTORS + 1;
}

static bool decode(struct span r, struct storm *m, struct span *folder)
{
    struct span version, actor;
    uint64_t numbers[COUNTS + 4];
    uint32_t severity, below;
    if (!span_take(&r, 1, &version) || version.p[0] != VERSION)
        return false;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (!span_take_u64(&r, &numbers[i]))
            return false;
    if (!span_take_u32(&r, &severity) || !span_take_u32(&r, &below) ||
        severity < SEVERITY_INFORMATIONAL || severity > SEVERITY_CRITICAL ||
        !span_take_until(&r, '\0', folder) || folder->n >= INTEGRITY_PATH_MAX)
        return false;
    memcpy(m->counts, numbers, sizeof(m->counts));
    m->while_off = numbers[COUNTS];
    m->by_scan = numbers[COUNTS + 1];
    m->first_wall_ms = (int64_t)numbers[COUNTS + 2];
    m->last_wall_ms = (int64_t)numbers[COUNTS + 3];
    m->severity = (enum event_severity)severity;
    m->below = below != 0;
    while (span_take_until(&r, '\0', &actor))
        if (actor.n > 0)
            note_actor(m, actor);
    return sum_of(m) > 0;
}

static struct storm *make(struct integrity_storms *s, struct span folder);

static bool restore(void *ctx, struct span key, struct span value)
{
    struct integrity_storms *s = ctx;
    struct storm read = {0};
    struct span folder;
    (void)key;
    struct storm *m = decode(value, &read, &folder) ? make(s, folder) : NULL;
    if (!m)
        return true;
    read.next = m->next;
    read.folder = m->folder;
    read.last_ms = -STORM_QUIET_MS; /* due at once */
    *m = read;
    return true;
}

struct integrity_storms *integrity_storms_new(const struct source_host *host)
{
    struct integrity_storms *s = mem_new(1, sizeof(*s));
    s->host = *host;
    s->by_folder = map_new(STORM_FOLDERS);
    store_each(host->store, STORE_META, SPAN(PREFIX), restore, s);
    return s;
}

static void storm_free(void *value)
{
    struct storm *m = value;
    free(m->folder);
    free(m);
}

void integrity_storms_free(struct integrity_storms *s)
{
    if (!s)
        return;
    map_free(s->by_folder, storm_free);
    free(s);
}

void integrity_storms_checkpoint(struct integrity_storms *s)
{
    char key[sizeof(PREFIX) + INTEGRITY_ID_SIZE];
    struct buf record = BUF_INIT(RECORD_MAX);
    for (struct storm *m = s->first; m; m = m->next) {
        if (!m->dirty)
            continue;
        buf_clear(&record);
        encode(m, &record);
        s->host.put(s->host.ctx, STORE_META, key_of(m, key), buf_span(&record));
        m->dirty = false;
    }
    buf_release(&record);
}

/* ---- telling ---- */

static enum count most(const struct storm *m)
{
    enum count best = CREATED;
    for (enum count i = CREATED; i < COUNTS; i++)
        if (m->counts[i] > m->counts[best])
            best = i;
    return best;
}

static void describe(const struct storm *m, struct buf *message, struct buf *vigia)
{
    struct json_out j;
    const char *between = " ";
    json_start(&j, vigia);
    json_object(&j, NULL);
    json_object(&j, "storm");
    buf_printf(message, "Watched folder%s:", m->below ? " and below" : "");
    for (size_t i = 0; i < COUNTS; i++) {
        if (m->counts[i] == 0)
            continue;
        json_uint(&j, kinds[i].word, m->counts[i]);
        buf_printf(message, "%s%llu %s", between, (unsigned long long)m->counts[i], kinds[i].word);
        between = ", ";
    }
    buf_put_text(message, " beside those told one by one");
    json_bool(&j, "below", m->below);
    json_uint(&j, "found_by_scan", m->by_scan);
    if (m->while_off > 0)
        json_uint(&j, "while_off", m->while_off);
    json_array(&j, "programs");
    for (size_t i = 0; i < m->actors_n && i < STORM_ACTORS; i++)
        json_name(&j, NULL, span_of(m->actor[i]));
    json_end_array(&j);
    json_bool(&j, "more_programs", m->actors_n > STORM_ACTORS);
    json_array(&j, "first_names");
    for (size_t i = 0; i < m->names_n; i++)
        json_name(&j, NULL, span_of(m->name[i]));
    json_end_array(&j);
    json_end_object(&j);
    json_end_object(&j);
}

static void make_uid(const struct storm *m, uint8_t out[EVENT_UID_SIZE])
{
    struct span parts[] = {SPAN("file storm"), span_of(m->folder),
                           span_make(&m->first_wall_ms, sizeof(m->first_wall_ms)),
                           span_make(m->counts, sizeof(m->counts))};
    event_uid_make(out, parts, sizeof(parts) / sizeof(parts[0]));
}

static void tell(struct integrity_storms *s, const struct storm *m)
{
    struct buf message = BUF_INIT(512), vigia = BUF_INIT(4096);
    struct event e = {
        .class_uid = EVENT_FILE,
        .activity = kinds[most(m)].activity,
        .severity = m->severity,
        .time_ms = m->last_wall_ms,
        .u.file = {.path = m->folder[0] ? span_of(m->folder) : SPAN("/"),
                   .after = {.type_id = 2},
                   .actor = {.uid = -1},
                   .count = sum_of(m),
                   .first_ms = m->first_wall_ms,
                   .last_ms = m->last_wall_ms},
    };
    make_uid(m, e.uid);
    describe(m, &message, &vigia);
    e.message = message.p;
    e.vigia = buf_span(&vigia);
    s->host.emit(s->host.ctx, &e);
    buf_release(&message);
    buf_release(&vigia);
}

static void finish(struct integrity_storms *s, struct storm *m)
{
    char key[sizeof(PREFIX) + INTEGRITY_ID_SIZE];
    tell(s, m);
    s->host.put(s->host.ctx, STORE_META, key_of(m, key), (struct span){NULL, 0});
    memset(m->counts, 0, sizeof(m->counts));
    m->while_off = m->by_scan = 0;
    m->severity = 0;
    m->actors_n = m->names_n = 0;
    m->below = m->dirty = false;
}

static int64_t due_ms(const struct storm *m)
{
    if (sum_of(m) == 0)
        return INT64_MAX;
    int64_t quiet = m->last_ms + STORM_QUIET_MS, latest = m->begun_ms + STORM_LATEST_MS;
    return quiet < latest ? quiet : latest;
}

int64_t integrity_storms_next_ms(const struct integrity_storms *s)
{
    int64_t next = INT64_MAX;
    for (const struct storm *m = s->first; m; m = m->next)
        if (due_ms(m) < next)
            next = due_ms(m);
    return next;
}

/* A folder where nothing is counted, whose window is over and, after a storm, the calm as well. */
static bool is_over(const struct storm *m, int64_t now_ms)
{
    bool calm = m->last_ms == 0 || now_ms - m->last_ms >= STORM_CALM_MS;
    return sum_of(m) == 0 && calm && now_ms - m->window_ms >= STORM_WINDOW_MS;
}

static void forget(struct integrity_storms *s, int64_t now_ms)
{
    for (struct storm **at = &s->first; *at;) {
        struct storm *m = *at;
        if (!is_over(m, now_ms)) {
            at = &m->next;
            continue;
        }
        *at = m->next;
        map_remove(s->by_folder, span_of(m->folder));
        storm_free(m);
    }
}

void integrity_storms_run(struct integrity_storms *s, int64_t now_ms)
{
    for (struct storm *m = s->first; m; m = m->next)
        if (due_ms(m) <= now_ms)
            finish(s, m);
    forget(s, now_ms);
}

/* ---- counting ---- */

static struct storm *make(struct integrity_storms *s, struct span folder)
{
    bool full;
    struct storm *m = mem_new(1, sizeof(*m));
    m->folder = mem_new(folder.n + 1, 1);
    memcpy(m->folder, folder.p, folder.n);
    map_set(s->by_folder, folder, m, &full);
    if (full) {
        storm_free(m);
        return NULL;
    }
    m->next = s->first;
    s->first = m;
    return m;
}

/* The folder itself, or one above it that is counted already, or the root folder, for which there
 * always is room: what is left when the oldest one is told before its time. */
static struct storm *find_or_make(struct integrity_storms *s, struct span folder, int64_t now_ms,
                                  bool *below)
{
    *below = false;
    struct storm *m = map_get(s->by_folder, folder);
    size_t limit = STORM_FOLDERS - 1; /* the last one is the root folder's */
    if (!m && map_count(s->by_folder) >= limit)
        forget(s, now_ms);
    if (!m && map_count(s->by_folder) < limit)
        m = make(s, folder);
    while (!m && folder.n > 0) {
        struct span name;
        integrity_path_split(folder, &folder, &name);
        *below = true;
        m = map_get(s->by_folder, folder);
    }
    return m ? m : make(s, folder);
}

static void begin_windows(struct integrity_storms *s, struct storm *m, int64_t now_ms)
{
    if (now_ms - s->window_ms >= STORM_WINDOW_MS) {
        s->window_ms = now_ms;
        s->singles = 0;
    }
    if (m->window_ms == 0 || is_over(m, now_ms)) {
        m->window_ms = now_ms;
        m->last_ms = 0;
        m->singles = m->graves = 0;
    }
}

static bool is_single(struct integrity_storms *s, struct storm *m, enum event_severity severity)
{
    if (severity >= SEVERITY_HIGH)
        return m->graves++ < STORM_GRAVE;
    if (m->singles >= STORM_SINGLE || s->singles >= STORM_TOTAL)
        return false;
    m->singles++;
    s->singles++;
    return true;
}

static enum count kind_of(unsigned change)
{
    for (enum count i = CREATED; i < COUNTS; i++)
        if (i != CHANGED && kinds[i].change & change)
            return i;
    return CHANGED;
}

static void note_name(struct storm *m, struct span name)
{
    if (m->names_n < STORM_NAMES && span_copy(name, m->name[m->names_n], NAME_MAX))
        m->names_n++;
}

static void count(struct storm *m, const struct integrity_fact *f, int64_t now_ms)
{
    int64_t wall_ms = f->seen_ms;
    if (sum_of(m) == 0) {
        m->begun_ms = now_ms;
        m->first_wall_ms = wall_ms;
        m->severity = f->severity;
    }
    m->counts[kind_of(f->change)]++;
    m->while_off += f->while_off;
    m->by_scan += f->by_scan;
    m->last_ms = now_ms;
    m->last_wall_ms = wall_ms > m->first_wall_ms ? wall_ms : m->first_wall_ms;
    if (f->severity > m->severity)
        m->severity = f->severity;
    if (f->actor && f->actor->exe[0])
        note_actor(m, span_of(f->actor->exe));
    m->dirty = true;
}

bool integrity_storms_take(struct integrity_storms *s, const struct integrity_fact *f,
                           int64_t now_ms)
{
    struct span folder, name;
    bool below;
    integrity_path_split(span_of(f->new_path ? f->new_path : f->path), &folder, &name);
    struct storm *m = find_or_make(s, folder, now_ms, &below);
    if (!m)
        return false;
    begin_windows(s, m, now_ms);
    if (is_single(s, m, f->severity))
        return false;
    m->below = m->below || below;
    note_name(m, name);
    count(m, f, now_ms);
    return true;
}

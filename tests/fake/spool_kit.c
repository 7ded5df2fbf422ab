#include "unit/spool_kit.h"

#include "base/slurp.h"
#include "platform/file.h"
#include "spool/batch.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <zlib.h>

struct spool_kit kit;

static const char *path_of(const char *folder, const char *part, const char *name)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s/%s", folder, part, name);
    return path;
}

/* ---- what the spool calls ---- */

static void heartbeat(void *ctx, const struct spool_facts *facts, struct buf *out)
{
    (void)ctx;
    kit.facts = *facts;
    snprintf(kit.prev, sizeof(kit.prev), "%s", facts->prev);
    memcpy(kit.lost, facts->lost, facts->lost_n * sizeof(kit.lost[0]));
    kit.facts.prev = kit.prev;
    kit.facts.lost = kit.lost;
    buf_printf(out, "heartbeat %llu after %s", (unsigned long long)facts->seq, facts->prev);
}

static void restore(void *ctx, uint8_t table, struct span key, struct span value)
{
    (void)ctx;
    buf_printf(&kit.restored, "%u/%.*s", table, (int)key.n, key.p);
    if (value.p)
        buf_printf(&kit.restored, "=%.*s; ", (int)value.n, value.p);
    else
        buf_put_text(&kit.restored, " gone; ");
}

static int commit(void *ctx)
{
    (void)ctx;
    if (kit.at_commit)
        kit.at_commit();
    return kit.commit_rc;
}

/* ---- life ---- */

static void make_folders(const char *folder, const char *const *parts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert_int_equal(folder_make(path_of(folder, parts[i], ""), 0700), 0);
}

int spool_kit_setup(void **state)
{
    static const char *const marks[] = {"ack", "refused"}, *const nothing[] = {""};
    (void)state;
    scratch_open();
    kit = (struct spool_kit){.restored = BUF_INIT(1 << 20)};
    snprintf(kit.state, sizeof(kit.state), "%s/state", scratch_path());
    snprintf(kit.outbox, sizeof(kit.outbox), "%s/outbox", scratch_path());
    snprintf(kit.inbox, sizeof(kit.inbox), "%s/inbox", scratch_path());
    make_folders(kit.state, nothing, 1);
    make_folders(kit.outbox, outbox_folder_name, OUTBOX_CLASSES);
    make_folders(kit.inbox, marks, 2);
    kit.options = (struct spool_options){
        .state = kit.state,
        .outbox = kit.outbox,
        .inbox = kit.inbox,
        .cap_bytes = 1 << 30,
        .seal_bytes = 256 << 10,
        .seal_age_ms = 60000,
        .urgent_ms = 200,
        .beat_ms = 300000,
    };
    return 0;
}

int spool_kit_teardown(void **state)
{
    (void)state;
    spool_kit_crash();
    buf_release(&kit.restored);
    scratch_close();
    return 0;
}

void spool_kit_start(void)
{
    const struct spool_callbacks callbacks = {NULL, heartbeat, restore, commit};
    struct error e = {""};
    if (spool_open(&kit.options, &callbacks, &kit.spool, &e) != 0)
        fail_msg("%s", e.text);
}

void spool_kit_crash(void)
{
    spool_close(kit.spool);
    kit.spool = NULL;
}

/* ---- events ---- */

static int add(unsigned number, struct span line, bool urgent)
{
    uint8_t uid[SPOOL_UID_SIZE] = {'u'};
    memcpy(uid + 1, &number, sizeof(number));
    return spool_add(kit.spool, uid, line, urgent);
}

int spool_kit_add(unsigned number, bool urgent)
{
    char line[32];
    snprintf(line, sizeof(line), "event %u", number);
    return add(number, span_of(line), urgent);
}

int spool_kit_add_noise(unsigned number, size_t n, bool urgent)
{
    static char line[SPOOL_LINE_MAX];
    uint64_t x = number * 0x9e3779b97f4a7c15u + 1;
    for (size_t i = 0; i < n; i++) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        line[i] = (char)(33 + (x >> 32) % 94);
    }
    return add(number, (struct span){line, n}, urgent);
}

void spool_kit_flush(void)
{
    assert_int_equal(spool_flush(kit.spool), 0);
}

void spool_kit_seal(void)
{
    assert_int_equal(spool_seal(kit.spool), 0);
}

/* ---- the outbox ---- */

uint64_t spool_kit_count(enum outbox_class c)
{
    struct outbox_count count;
    assert_int_equal(outbox_sum(kit.outbox, c, NULL, &count), 0);
    return count.batches;
}

static size_t find_in(uint64_t seq, enum outbox_class c, struct batch_name *out)
{
    struct folder *folder;
    struct batch_name name;
    const char *text;
    enum file_type type;
    size_t found = 0;
    assert_int_equal(folder_open(path_of(kit.outbox, outbox_folder_name[c], ""), &folder), 0);
    while (folder_next(folder, &text, &type) == 1)
        if (batch_name_parse(span_of(text), &name) && name.seq == seq) {
            *out = name;
            found++;
        }
    folder_close(folder);
    return found;
}

bool spool_kit_find(uint64_t seq, enum outbox_class *c, struct batch_name *name)
{
    size_t found = 0;
    for (int i = 0; i < OUTBOX_CLASSES; i++) {
        size_t here = find_in(seq, (enum outbox_class)i, name);
        if (here > 0)
            *c = (enum outbox_class)i;
        found += here;
    }
    assert_true(found <= 1);
    return found == 1;
}

const char *spool_kit_name(uint64_t seq)
{
    static char text[BATCH_NAME_SIZE];
    enum outbox_class c;
    struct batch_name name;
    if (!spool_kit_find(seq, &c, &name))
        fail_msg("no batch has seq %llu", (unsigned long long)seq);
    batch_name_format(&name, text);
    return text;
}

/* All members of a gzip file. */
static void inflate_all(struct span in, struct buf *out)
{
    z_stream z = {.next_in = (z_const Bytef *)(uintptr_t)in.p, .avail_in = (uInt)in.n};
    int rc = inflateInit2(&z, 15 + 16);
    while (rc == Z_OK && (z.avail_in > 0 || z.avail_out == 0)) {
        char *to = buf_reserve(out, 65536);
        assert_non_null(to);
        z.next_out = (Bytef *)to;
        z.avail_out = 65536;
        rc = inflate(&z, Z_NO_FLUSH);
        out->n += 65536 - z.avail_out;
        if (rc == Z_STREAM_END && z.avail_in > 0)
            rc = inflateReset(&z);
    }
    assert_int_equal(rc, Z_STREAM_END);
    inflateEnd(&z);
}

/* The text of a batch behind its heartbeat, with ; for newlines; *prev what the heartbeat names. */
static const char *read_batch(uint64_t seq, char prev[BATCH_NAME_SIZE])
{
    static char events[BATCH_RAW_MAX];
    struct buf file = BUF_INIT(BATCH_FILE_MAX), text = BUF_INIT(BATCH_RAW_MAX + 65536);
    enum outbox_class c;
    struct batch_name name;
    char beat[32];
    struct span rest, line;
    int n = snprintf(beat, sizeof(beat), "heartbeat %llu after ", (unsigned long long)seq);
    const char *file_name = spool_kit_name(seq);
    assert_true(spool_kit_find(seq, &c, &name));
    assert_int_equal(slurp(path_of(kit.outbox, outbox_folder_name[c], file_name), &file), 0);
    inflate_all(buf_span(&file), &text);
    rest = buf_span(&text);
    assert_true(span_take_line(&rest, &line) && span_starts(line, span_of(beat)));
    span_copy(span_make(line.p + n, line.n - (size_t)n), prev, BATCH_NAME_SIZE);
    span_copy(rest, events, sizeof(events));
    for (char *p = events; (p = strchr(p, '\n')); p++)
        *p = ';';
    buf_release(&file);
    buf_release(&text);
    return events;
}

const char *spool_kit_events(uint64_t seq)
{
    char prev[BATCH_NAME_SIZE];
    return read_batch(seq, prev);
}

const char *spool_kit_prev(uint64_t seq)
{
    static char prev[BATCH_NAME_SIZE];
    read_batch(seq, prev);
    return prev;
}

void spool_kit_expect(enum outbox_class c, uint64_t seq, const char *events)
{
    enum outbox_class where;
    struct batch_name name;
    assert_true(spool_kit_find(seq, &where, &name));
    assert_int_equal(where, c);
    assert_string_equal(name.stream, spool_stream(kit.spool));
    assert_string_equal(spool_kit_events(seq), events);
}

/* ---- ship ---- */

void spool_kit_mark_delivered(const char *name)
{
    scratch_append(path_of(kit.inbox, "ack", name), "", 0);
}

void spool_kit_mark_refused(const char *name, const char *content)
{
    scratch_append(path_of(kit.inbox, "refused", name), content, strlen(content));
}

void spool_kit_deliver(uint64_t seq)
{
    spool_kit_mark_delivered(spool_kit_name(seq));
    assert_int_equal(spool_take_acks(kit.spool), 0);
}

/* ---- copies ---- */

static void replace_folder(const char *from, const char *to)
{
    scratch_remove(to);
    scratch_copy(from, to);
}

void spool_kit_save(const char *folder, const char *label)
{
    char from[600], to[600];
    snprintf(from, sizeof(from), "%s/%s", scratch_path(), folder);
    snprintf(to, sizeof(to), "%s/%s-%s", scratch_path(), folder, label);
    replace_folder(from, to);
}

void spool_kit_load(const char *folder, const char *label)
{
    char from[600], to[600];
    snprintf(from, sizeof(from), "%s/%s-%s", scratch_path(), folder, label);
    snprintf(to, sizeof(to), "%s/%s", scratch_path(), folder);
    replace_folder(from, to);
}

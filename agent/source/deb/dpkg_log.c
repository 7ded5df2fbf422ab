#include "source/deb/dpkg_log.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/sha256.h"
#include "base/text.h"
#include "platform/clock.h"
#include "platform/file.h"

#include <errno.h>

#define TAIL_MAX         (4 << 20)
#define ROTATED_MAX      (1 << 20)
#define BLOCK            (256 << 10)
#define CHANGES_MAX      16384
#define TRANSACTIONS_MAX 4096
#define WORD_MAX         512
#define APART_MS         60000 /* between two lines: another transaction, if a run of dpkg begins */
#define QUIET_MS         10000 /* it is over, if every package is complete */
#define HANGS_MS         120000 /* it is over in any case */
#define SLACK_MS         2000   /* the log knows seconds only */

/* ---- one line ---- */

/* "2026-11-24 12:34:56 " */
static bool take_time(struct span *s, int64_t *ms)
{
    int year, month, day, hour, minute, second;
    if (!span_take_digits(s, 4, &year) || !span_take_char(s, '-') ||
        !span_take_digits(s, 2, &month) || !span_take_char(s, '-') ||
        !span_take_digits(s, 2, &day) || !span_take_char(s, ' ') ||
        !span_take_digits(s, 2, &hour) || !span_take_char(s, ':') ||
        !span_take_digits(s, 2, &minute) || !span_take_char(s, ':') ||
        !span_take_digits(s, 2, &second) || !span_take_char(s, ' '))
        return false;
    if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60)
        return false;
    *ms = text_utc_ms(year, month, day, hour, minute, second, 0);
    return true;
}

static enum dpkg_action action_of(struct span word)
{
    static const struct {
        const char *word;
        enum dpkg_action action;
    } rows[] = {{"startup", DPKG_STARTUP}, {"install", DPKG_INSTALL}, {"upgrade", DPKG_UPGRADE},
                {"remove", DPKG_REMOVE},   {"purge", DPKG_REMOVE},    {"status", DPKG_STATUS}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (span_equal_text(word, rows[i].word))
            return rows[i].action;
    return DPKG_OTHER;
}

static bool take_word(struct span *s, struct span *out)
{
    return span_take_until(s, ' ', out) && out->n > 0 && out->n < WORD_MAX &&
           span_find(*out, '\0') == out->n;
}

bool dpkg_line_parse(struct span line, struct dpkg_line *out)
{
    struct span rest = line, word;
    *out = (struct dpkg_line){.action = DPKG_OTHER};
    if (!take_time(&rest, &out->local_ms) || !take_word(&rest, &word))
        return false;
    out->action = action_of(word);
    if (out->action == DPKG_OTHER || out->action == DPKG_STARTUP)
        return true;
    if (out->action == DPKG_STATUS)
        return take_word(&rest, &out->status) && take_word(&rest, &out->package) &&
               take_word(&rest, &out->to);
    return take_word(&rest, &out->package) && take_word(&rest, &out->from) &&
           take_word(&rest, &out->to);
}

/* ---- what it says ---- */

static struct dpkg_change *find(const struct dpkg_log *l, struct span package)
{
    size_t at = (size_t)(uintptr_t)map_get(l->by_package, package);
    return at > 0 ? &l->changes[at - 1] : NULL;
}

const struct dpkg_change *dpkg_log_change(const struct dpkg_log *l, struct span package)
{
    return find(l, package);
}

static bool is_last(const struct dpkg_log *l, const struct dpkg_change *c)
{
    return c->transaction + 1 == l->transactions_n;
}

static bool is_complete(const struct dpkg_change *c)
{
    return c->step == DPKG_INSTALLED || c->step == DPKG_REMOVED;
}

static void set_step(struct dpkg_log *l, struct dpkg_change *c, enum dpkg_step step)
{
    if (is_last(l, c) && !is_complete(c))
        l->unfinished--;
    c->step = step;
    c->line = l->lines;
    if (is_last(l, c) && !is_complete(c))
        l->unfinished++;
}

static void begin_transaction(struct dpkg_log *l, int64_t ms, struct span line)
{
    uint8_t sum[SHA256_SIZE];
    if (l->transactions_n == TRANSACTIONS_MAX)
        return;
    l->transactions = mem_grow(l->transactions, l->transactions_n + 1, sizeof(*l->transactions));
    struct dpkg_transaction *t = &l->transactions[l->transactions_n++];
    *t = (struct dpkg_transaction){.first_ms = ms, .last_ms = ms};
    sha256_of(line.p, line.n, sum);
    memcpy(t->id, sum, sizeof(t->id));
    l->unfinished = 0;
}

static struct dpkg_change *new_change(struct dpkg_log *l, struct span package)
{
    struct span name = package;
    name.n = span_find(package, ':');
    if (l->n == CHANGES_MAX)
        return NULL;
    if ((l->n & (l->n - 1)) == 0) /* at each power of two */
        l->changes = mem_grow(l->changes, l->n ? 2 * l->n : 1, sizeof(*l->changes));
    struct dpkg_change *c = &l->changes[l->n++];
    *c = (struct dpkg_change){.package = mem_text_span(package)};
    map_set(l->by_package, package, (void *)(uintptr_t)l->n, NULL);
    map_set(l->by_package, name, (void *)(uintptr_t)l->n, NULL);
    return c;
}

static char *version(struct span text)
{
    return span_equal_text(text, "<none>") ? NULL : mem_text_span(text);
}

static void take_change(struct dpkg_log *l, const struct dpkg_line *line)
{
    struct dpkg_change *c = find(l, line->package);
    size_t now = l->transactions_n - 1;
    bool again = c && c->transaction == now;
    if (!c)
        c = new_change(l, line->package);
    if (!c)
        return;
    if (again && !is_complete(c))
        l->unfinished--;
    if (!again) { /* within one transaction the first version counts, and the last */
        free(c->from);
        c->from = version(line->from);
        l->transactions[now].changes++;
    }
    free(c->to);
    c->to = line->action == DPKG_REMOVE ? NULL : version(line->to);
    c->step = DPKG_BEGUN;
    c->line = l->lines;
    c->transaction = now;
    l->unfinished++;
}

static void take_status(struct dpkg_log *l, const struct dpkg_line *line)
{
    static const struct {
        const char *status;
        enum dpkg_step step;
    } rows[] = {{"unpacked", DPKG_UNPACKED},         {"half-configured", DPKG_UNPACKED},
                {"triggers-awaited", DPKG_UNPACKED}, {"triggers-pending", DPKG_UNPACKED},
                {"installed", DPKG_INSTALLED},       {"config-files", DPKG_REMOVED},
                {"not-installed", DPKG_REMOVED},     {"half-installed", DPKG_BEGUN}};
    struct dpkg_change *c = find(l, line->package);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (!span_equal_text(line->status, rows[i].status))
            continue;
        l->busy = rows[i].step == DPKG_BEGUN || rows[i].step == DPKG_UNPACKED;
        if (!c || !is_last(l, c))
            break;
        /* until it is unpacked, dpkg tells states of the old version */
        bool is_new = c->to && span_equal_text(line->to, c->to);
        if (rows[i].step == DPKG_REMOVED ? !c->to : is_new)
            set_step(l, c, rows[i].step);
    }
}

static void take_line(struct dpkg_log *l, struct span text)
{
    struct dpkg_line line;
    l->lines++;
    if (!dpkg_line_parse(text, &line))
        return;
    int64_t ms = line.local_ms - clock_local_offset_s(line.local_ms) * 1000;
    struct dpkg_transaction *t =
        l->transactions_n > 0 ? &l->transactions[l->transactions_n - 1] : NULL;
    if (!t || (line.action == DPKG_STARTUP && (ms - t->last_ms > APART_MS || ms < t->first_ms)))
        begin_transaction(l, ms, text);
    else if (ms > t->last_ms)
        t->last_ms = ms;
    if (line.action == DPKG_STATUS)
        take_status(l, &line);
    else if (line.action != DPKG_OTHER && line.action != DPKG_STARTUP)
        take_change(l, &line);
}

void dpkg_log_parse(struct dpkg_log *l, struct span text)
{
    struct span line;
    while (span_take_line(&text, &line))
        take_line(l, line);
}

/* ---- the files ---- */

/* Whole lines from offset on; returns behind the last one. */
static uint64_t read_lines(struct dpkg_log *l, file_t f, uint64_t offset, bool in_middle)
{
    char *block = mem_new(1, BLOCK);
    for (;;) {
        int64_t got = file_read_at(f, offset, block, BLOCK);
        size_t n = got > 0 ? (size_t)got : 0;
        while (n > 0 && block[n - 1] != '\n')
            n--;
        if (n == 0 && got == BLOCK)
            n = BLOCK; /* a line as long as that is none of dpkg's */
        if (n == 0)
            break;
        struct span text = {block, n}, line;
        if (in_middle)
            span_take_line(&text, &line);
        in_middle = false;
        dpkg_log_parse(l, text);
        offset += n;
    }
    free(block);
    return offset;
}

static bool read_file(struct dpkg_log *l, const char *path, uint64_t from, uint64_t most,
                      uint64_t *end)
{
    file_t f;
    struct file_info info;
    if (file_open_trusted_path(path, &f, &info) != 0)
        return false;
    bool tail = info.size > from && info.size - from > most;
    if (tail)
        from = info.size - most;
    *end = read_lines(l, f, from, tail);
    file_close(f);
    return *end > from;
}

static void load(struct dpkg_log *l)
{
    uint64_t end;
    read_file(l, l->rotated, 0, ROTATED_MAX, &end);
    l->offset = 0;
    l->loaded = true;
}

bool dpkg_log_refresh(struct dpkg_log *l, int64_t now_ms, bool in_any_case)
{
    struct file_info info;
    if (file_info_at(l->path, &info) != 0)
        return false;
    int64_t written = info.mtime_ns / 1000000, age = clock_wall_ms() - written;
    bool recent = age > -HANGS_MS && age < HANGS_MS;
    if (!recent && !in_any_case)
        return false;
    bool first = !l->loaded;
    if (first)
        load(l);
    if (info.ino != l->ino || info.size < l->offset)
        l->offset = 0; /* rotated */
    l->ino = info.ino;
    l->written_ms = written;
    bool grew = info.size > l->offset && read_file(l, l->path, l->offset, TAIL_MAX, &l->offset);
    if (first)
        l->grown_ms = recent ? now_ms - (age > 0 ? age : 0) : INT64_MIN;
    else if (grew)
        l->grown_ms = now_ms;
    return grew;
}

bool dpkg_log_running(const struct dpkg_log *l, int64_t now_ms)
{
    if (!l->loaded || l->grown_ms == INT64_MIN)
        return false;
    int64_t age = now_ms - l->grown_ms;
    return age < (l->unfinished > 0 || l->busy ? HANGS_MS : QUIET_MS);
}

bool dpkg_log_unpacking(const struct dpkg_log *l)
{
    for (size_t i = 0; l->unfinished > 0 && i < l->n; i++)
        if (is_last(l, &l->changes[i]) && l->changes[i].step == DPKG_BEGUN)
            return true;
    return false;
}

bool dpkg_log_covers(const struct dpkg_log *l, int64_t wall_ms)
{
    for (size_t i = l->transactions_n; i-- > 0;)
        if (wall_ms >= l->transactions[i].first_ms - SLACK_MS &&
            wall_ms <= l->transactions[i].last_ms + SLACK_MS)
            return true;
    return false;
}

/* ---- life ---- */

struct dpkg_log *dpkg_log_new(const char *host_root)
{
    struct dpkg_log *l = mem_new(1, sizeof(*l));
    l->path = mem_join(host_root, "/var/log/dpkg.log");
    l->rotated = mem_join(host_root, "/var/log/dpkg.log.1");
    l->by_package = map_new(SIZE_MAX);
    l->grown_ms = INT64_MIN;
    return l;
}

void dpkg_log_forget(struct dpkg_log *l)
{
    for (size_t i = 0; i < l->n; i++) {
        free(l->changes[i].package);
        free(l->changes[i].from);
        free(l->changes[i].to);
    }
    free(l->changes);
    free(l->transactions);
    map_free(l->by_package, NULL);
    l->by_package = map_new(SIZE_MAX);
    l->changes = NULL;
    l->transactions = NULL;
    l->n = l->transactions_n = l->unfinished = 0;
    l->loaded = l->busy = false;
    l->offset = l->ino = 0;
    l->grown_ms = INT64_MIN;
}

void dpkg_log_free(struct dpkg_log *l)
{
    if (!l)
        return;
    dpkg_log_forget(l);
    map_free(l->by_package, NULL);
    free(l->path);
    free(l->rotated);
    free(l);
}

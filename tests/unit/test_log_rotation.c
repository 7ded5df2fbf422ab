/* What came before the file at a log's path: generations packed and not, in their order; logs that
 * were emptied, replaced, edited. */
#include "base/text.h"
#include "platform/file.h"
#include "source/log/follow.h"
#include "source/log/rotated.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char log_path[512];
static struct log_follow f;
static struct buf lines; /* what was handed on, joined by blanks */
static int told[LOG_INCIDENT_DELETED + 1];
static const char *unread;

static void take_line(void *ctx, const struct log_line *line)
{
    (void)ctx;
    struct span first = line->text;
    first.n = span_find(first, ' ');
    buf_put_text(&lines, lines.n ? " " : "");
    buf_put(&lines, first.p, first.n < 40 ? first.n : 40);
}

static void take_incident(void *ctx, enum log_incident what, const struct log_position *before)
{
    (void)ctx, (void)before;
    told[what]++;
}

static void take_unread(void *ctx, const char *why)
{
    (void)ctx;
    unread = why;
}

static const struct log_follow_callbacks callbacks = {NULL, take_line, take_incident, take_unread};

static int set_up(void **state)
{
    (void)state;
    scratch_open();
    snprintf(log_path, sizeof(log_path), "%s/a.log", scratch_path());
    lines = BUF_INIT(1 << 20);
    memset(told, 0, sizeof(told));
    unread = NULL;
    log_follow_init(&f, log_path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    log_follow_release(&f);
    buf_release(&lines);
    scratch_close();
    return 0;
}

static const char *in(const char *name)
{
    static char paths[4][600];
    static int turn;
    char *path = paths[turn++ % 4];
    snprintf(path, sizeof(paths[0]), "%s/%s", scratch_path(), name);
    return path;
}

/* The line's first word, and enough behind it that no two lines are alike. */
static const char *line_of(const char *word)
{
    static char text[256];
    snprintf(text, sizeof(text), "%s is what this line of the log says, number %zu of all\n", word,
             strlen(word) + (size_t)word[0]);
    return text;
}

static void append(const char *name, const char *word)
{
    scratch_append(in(name), line_of(word), strlen(line_of(word)));
}

static void run(const char *const *words)
{
    pid_t pid = fork();
    int status = -1;
    if (pid == 0) {
        execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* What logrotate's compress does: the same time, another inode. */
static void pack(const char *name, const char *ending)
{
    static const char *const tools[][6] = {{".gz", "gzip", "-n1"},
                                           {".xz", "xz", "-1"},
                                           {".zst", "zstd", "-q", "--rm"},
                                           {".lz4", "lz4", "-q", "--rm"}};
    const char *words[8] = {0};
    char packed[600];
    struct stat st;
    size_t i = 0, n = 0;
    while (i < 3 && strcmp(tools[i][0], ending) != 0)
        i++;
    while (tools[i][n + 1])
        words[n] = tools[i][n + 1], n++;
    words[n] = in(name);
    snprintf(packed, sizeof(packed), "%s%s", words[n], ending);
    words[n + 1] = i == 3 ? packed : NULL; /* lz4 writes to stdout else */
    assert_int_equal(stat(words[n], &st), 0);
    run(words);
    struct timespec times[2] = {{st.st_atim.tv_sec, 0}, {st.st_mtim.tv_sec, 0}};
    assert_int_equal(utimensat(AT_FDCWD, packed, times, 0), 0);
}

static void rename_to(const char *from, const char *to)
{
    assert_int_equal(file_rename(in(from), in(to)), 0);
}

static void dated(const char *name, int minutes_ago)
{
    struct timespec times[2] = {{time(NULL) - minutes_ago * 60, 0},
                                {time(NULL) - minutes_ago * 60, 0}};
    assert_int_equal(utimensat(AT_FDCWD, in(name), times, 0), 0);
}

static const char *read_now(int64_t now_ms)
{
    buf_clear(&lines);
    log_follow_read(&f, 1 << 20, now_ms, &callbacks);
    return buf_span(&lines).p;
}

static void restart(void)
{
    struct buf saved = BUF_INIT(256);
    struct log_position p;
    log_position_save(&f.at, &saved);
    log_follow_release(&f);
    log_follow_init(&f, log_path);
    assert_true(log_position_load(buf_span(&saved), &p));
    log_follow_resume(&f, &p, false);
    buf_release(&saved);
}

static int incidents(void)
{
    int sum = 0;
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++)
        sum += told[i];
    return sum;
}

/* ---- names ---- */

static void names_of_generations(void **state)
{
    (void)state;
    static const struct {
        const char *log, *entry;
        int kind; /* -1: none of this log's */
        const char *order;
        bool packed;
    } rows[] = {
        {"syslog", "syslog.1", LOG_GENERATION_NUMBER, "1", false},
        {"syslog", "syslog.12.gz", LOG_GENERATION_NUMBER, "12", true},
        {"syslog", "syslog-20261124", LOG_GENERATION_DATE, "20261124", false},
        {"syslog", "syslog-2026-11-24.xz", LOG_GENERATION_DATE, "2026-11-24", true},
        {"syslog", "syslog-1795651200.gz", LOG_GENERATION_DATE, "1795651200", true},
        {"syslog", "syslog.old", LOG_GENERATION_OTHER, NULL, false},
        {"syslog", "syslog", -1, NULL, false},
        {"syslog", "syslogd.1", -1, NULL, false},
        {"auth.log", "auth.log.1", LOG_GENERATION_NUMBER, "1", false},
        {"auth.log", "auth.1.log", LOG_GENERATION_NUMBER, "1", false},
        {"auth.log", "auth-20261124.log.gz", LOG_GENERATION_DATE, "20261124", true},
        {"auth.log", "auth-1.log", -1, NULL, false},
        {"auth.log", "auth-west.log", -1, NULL, false},
        {"auth.log", "auth.log.gz", LOG_GENERATION_OTHER, "", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum log_generation_kind kind;
        struct span order;
        bool packed;
        bool is = log_generation_name(span_of(rows[i].log), span_of(rows[i].entry), &kind, &order,
                                      &packed);
        assert_int_equal(is ? (int)kind : -1, rows[i].kind);
        assert_true(!is || packed == rows[i].packed);
        assert_true(!is || !rows[i].order || span_equal_text(order, rows[i].order));
    }
}

static void origins_of_generations(void **state)
{
    (void)state;
    static const char *const rows[][2] = {
        {"syslog.2.gz", "syslog"},
        {"app-20261124.log", "app.log"},
        {"app-2026-11-24.log", "app.log"},
        {"auth.log.1", "auth.log"},
        {"auth.log-20261124", "auth.log"},
        {"auth.log", NULL},
        {"node-1.log", NULL},
        {"syslog.old", NULL},
        {"1", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[64];
        enum log_generation_kind kind;
        bool is = log_generation_origin(span_of(rows[i][0]), out, sizeof(out), &kind);
        assert_int_equal(is, rows[i][1] != NULL);
        if (is)
            assert_string_equal(out, rows[i][1]);
    }
}

/* ---- catching up ---- */

static void days_off_are_caught_up_in_order(void **state)
{
    (void)state;
    append("a.log", "a1");
    assert_string_equal(read_now(1), "a1");
    append("a.log", "a2");
    rename_to("a.log", "a.log.3");
    pack("a.log.3", ".gz");
    append("a.log.2", "b1");
    append("a.log.2", "b2");
    pack("a.log.2", ".gz");
    append("a.log.1", "c1");
    append("a.log", "d1");
    restart();
    assert_string_equal(read_now(2), "a2 b1 b2 c1 d1");
    assert_string_equal(read_now(3), "");
    append("a.log", "d2");
    restart();
    assert_string_equal(read_now(4), "d2");
    assert_int_equal(incidents(), 0);
    assert_null(unread);
}

static void dated_generations_too(void **state)
{
    (void)state;
    append("a.log", "a1");
    read_now(1);
    append("a.log", "a2");
    rename_to("a.log", "a-20261122.log");
    pack("a-20261122.log", ".gz");
    append("a-20261123.log", "b1");
    pack("a-20261123.log", ".gz");
    append("a-20261124.log", "c1");
    append("a-west.log", "west"); /* another log */
    append("a.log.bak", "bak");   /* somebody's copy */
    append("a.log", "d1");
    restart();
    assert_string_equal(read_now(2), "a2 b1 c1 d1");
    assert_int_equal(incidents(), 0);
}

/* As after a restore, beside a copy whose name says nothing of when it is from. */
static void generations_of_one_moment(void **state)
{
    static const char *const days[] = {"20261118", "20261119", "20261120", "20261121", "20261122"};
    char name[32], line[16];
    (void)state;
    append("a.log", "a0");
    read_now(1);
    for (int i = 0; i < 5; i++) {
        snprintf(line, sizeof(line), "a%d", i + 1);
        snprintf(name, sizeof(name), "a-%s.log", days[i]);
        append("a.log", line);
        rename_to("a.log", name);
        dated(name, 5);
    }
    append("a.log.bak", "bak");
    dated("a.log.bak", 5);
    append("a.log", "a6");
    restart();
    assert_string_equal(read_now(2), "a1 a2 a3 a4 a5 a6");
    assert_int_equal(incidents(), 0);
}

static void a_crash_in_the_middle_goes_on_there(void **state)
{
    (void)state;
    append("a.log", "a1");
    read_now(1);
    append("a.log", "a2");
    rename_to("a.log", "a.log.2");
    pack("a.log.2", ".gz");
    append("a.log.1", "b1");
    append("a.log.1", "b2");
    append("a.log", "c1");
    restart();
    buf_clear(&lines);
    log_follow_read(&f, 1, 2, &callbacks); /* a budget of one block */
    assert_string_equal(buf_span(&lines).p, "a2");
    restart();
    assert_string_equal(read_now(3), "b1 b2 c1");
    assert_int_equal(incidents(), 0);
}

static void packed_before_it_was_read_to_its_end(void **state)
{
    (void)state;
    append("a.log", "a1");
    read_now(1);
    append("a.log", "a2");
    rename_to("a.log", "a.log.1");
    pack("a.log.1", ".gz"); /* it is open still */
    append("a.log", "b1");
    assert_string_equal(read_now(2), "a2 b1");
    append("a.log", "b2");
    rename_to("a.log.1.gz", "a.log.2.gz");
    rename_to("a.log", "a.log.1");
    append("a.log", "c1");
    assert_string_equal(read_now(3), "b2 c1");
    assert_int_equal(incidents(), 0);
}

static void two_logs_with_the_same_first_line(void **state)
{
    (void)state;
    append("a.log", "head");
    append("a.log", "a1");
    assert_string_equal(read_now(1), "head a1");
    append("a.log", "a2");
    rename_to("a.log", "a.log.3");
    pack("a.log.3", ".gz");
    for (int i = 2; i > 0; i--) {
        char name[16];
        snprintf(name, sizeof(name), "a.log.%d", i);
        append(name, "head");
        append(name, i == 2 ? "b1" : "c1");
        append(name, i == 2 ? "b2" : "c2");
        pack(name, ".gz");
    }
    append("a.log", "head");
    restart();
    assert_string_equal(read_now(2), "a2 head b1 b2 head c1 c2 head");
    assert_int_equal(incidents(), 0);
}

static void copies_are_caught_up_as_well(void **state)
{
    (void)state;
    append("a.log", "a1");
    read_now(1);
    append("a.log.2", "a1"); /* copytruncate, twice */
    append("a.log.2", "a2");
    dated("a.log.2", 2);
    pack("a.log.2", ".gz");
    append("a.log.1", "b1");
    dated("a.log.1", 1);
    assert_int_equal(truncate(log_path, 0), 0);
    append("a.log", "c1");
    restart();
    assert_string_equal(read_now(2), "a2 b1 c1");
    assert_int_equal(incidents(), 0);
}

static void a_copy_of_what_was_never_read(void **state)
{
    (void)state;
    append("a.log", "a1");
    read_now(1);
    append("a.log.1", "a1");
    dated("a.log.1", 1);
    assert_int_equal(truncate(log_path, 0), 0);
    assert_string_equal(read_now(2), ""); /* stands at the beginning of an empty file */
    dated("a.log", 1);
    read_now(3);
    restart();
    rename_to("a.log.1", "a.log.2");
    append("a.log.1", "b1");
    append("a.log", "c1");
    assert_string_equal(read_now(4), "b1 c1");
    assert_int_equal(incidents(), 0);
}

static void off_for_longer_than_generations_are_kept(void **state)
{
    (void)state;
    append("a.log", "a1");
    dated("a.log", 60);
    read_now(1);
    append("a.log.3", "old");
    dated("a.log.3", 90);
    append("a.log.2", "b1");
    dated("a.log.2", 30);
    append("a.log.1", "c1");
    unlink(log_path);
    append("a.log", "d1");
    restart();
    assert_string_equal(read_now(2), "b1 c1 d1");
    assert_int_equal(told[LOG_INCIDENT_REPLACED], 1);
    assert_int_equal(incidents(), 1);
}

static const char *const endings[] = {".gz", ".xz", ".zst", ".lz4"};

static const char *named(const char *name, const char *ending)
{
    static char names[2][32];
    static int turn;
    char *out = names[turn++ % 2];
    snprintf(out, sizeof(names[0]), "%s%s", name, ending);
    return out;
}

/* Begins anew: for the next row of a table. */
static void again(void)
{
    log_follow_release(&f);
    scratch_close();
    buf_release(&lines);
    set_up(NULL);
}

static void every_packing_is_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++, again()) {
        append("a.log", "a1");
        read_now(1);
        append("a.log", "a2");
        rename_to("a.log", "a.log.2");
        pack("a.log.2", endings[i]);
        append("a.log.1", "b1");
        pack("a.log.1", endings[i]);
        append("a.log", "c1");
        restart();
        assert_string_equal(read_now(2), "a2 b1 c1");
        assert_null(unread);
        assert_int_equal(incidents(), 0);
    }
}

/* More than is unpacked at once, and the agent starts again in the middle. */
static void reading_goes_on_inside_a_packed_one(void **state)
{
    (void)state;
    char word[16];
    for (size_t i = 0; i < 4; i++, again()) {
        append("a.log", "w0000");
        read_now(1);
        for (int n = 1; n < 6000; n++) {
            snprintf(word, sizeof(word), "w%04d", n);
            append("a.log", word);
        }
        rename_to("a.log", "a.log.1");
        pack("a.log.1", endings[i]);
        append("a.log", "w6000");
        buf_clear(&lines);
        for (int call = 0; call < 20; call++) {
            if (call % 2 == 0)
                restart();
            log_follow_read(&f, 50000, 2, &callbacks);
        }
        struct span rest = buf_span(&lines), got;
        for (int n = 1; n <= 6000; n++) {
            snprintf(word, sizeof(word), "w%04d", n);
            assert_true(span_take_until(&rest, ' ', &got) && span_equal_text(got, word));
        }
        assert_int_equal(rest.n, 0);
        assert_int_equal(incidents(), 0);
    }
}

static void append_file(const char *to, const char *from)
{
    static char content[1 << 16];
    FILE *file = fopen(in(from), "rb");
    assert_non_null(file);
    scratch_append(in(to), content, fread(content, 1, sizeof(content), file));
    fclose(file);
}

/* Streams one behind the other are one; what is none is left alone. */
static void streams_in_a_row_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++, again()) {
        append("a.log", "a1");
        read_now(1);
        rename_to("a.log", "a.log.2");
        append("one", "b1");
        pack("one", endings[i]);
        append("two", "b2");
        pack("two", endings[i]);
        append_file(named("a.log.1", endings[i]), named("one", endings[i]));
        append_file(named("a.log.1", endings[i]), named("two", endings[i]));
        append(named("a.log.1", endings[i]), "none");
        append("a.log", "c1");
        restart();
        assert_string_equal(read_now(2), "b1 b2 c1");
        assert_null(unread);
    }
}

static void packings_that_cannot_be_read_are_told(void **state)
{
    (void)state;
    static const char *const heads[] = {"BZh91AY&SY and so on",
                                        "\x28\xb5\x2f\xfd\x04\x88 zstd that wants 128 MiB"};
    for (size_t i = 0; i < 2; i++, again()) {
        append("a.log", "a1");
        read_now(1);
        unlink(log_path);
        scratch_append(in("a.log.2.xz"), heads[i], strlen(heads[i]));
        append("a.log.1", "b1");
        append("a.log", "c1");
        restart();
        assert_string_equal(read_now(2), "b1 c1");
        assert_string_equal(unread, "rotated log packed in a way that cannot be read here");
        assert_int_equal(incidents(), 0);
    }
}

static int take(struct log_content *c, const char *name)
{
    file_t file;
    assert_int_equal(file_open_trusted_path(in(name), &file, NULL), 0);
    return log_content_take(c, file);
}

/* Each of them may need a lot of memory. */
static void few_are_unpacked_at_once(void **state)
{
    (void)state;
    struct log_content c[5];
    append("a.log.1", "a1");
    pack("a.log.1", ".xz");
    for (int i = 0; i < 4; i++)
        assert_int_equal(take(&c[i], "a.log.1.xz"), 0);
    assert_int_equal(take(&c[4], "a.log.1.xz"), -ENOTSUP);
    for (int i = 0; i < 4; i++)
        log_content_close(&c[i]);
    assert_int_equal(take(&c[4], "a.log.1.xz"), 0);
    log_content_close(&c[4]);
}

static void flip_byte(const char *name, off_t at)
{
    int fd = open(in(name), O_RDWR);
    char byte;
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    close(fd);
}

/* Cut off, or with a wrong checksum: what stands before that is read. */
static void damaged_ones_are_read_as_far_as_they_go(void **state)
{
    (void)state;
    static const struct {
        const char *ending;
        int cut, flip;      /* bytes before the end */
        const char *begins; /* of "bulk" */
    } rows[] = {{".gz", 12, 0, "bulk bulk"}, {".gz", 0, 5, "bulk bulk"},
                {".xz", 12, 0, "bulk bulk"}, {".xz", 0, 40, "bulk bulk"},
                {".zst", 12, 0, ""},         {".lz4", 0, 3, ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++, again()) {
        append("a.log", "a1");
        read_now(1);
        for (int n = 0; n < 200; n++)
            append("a.log.2", "bulk");
        rename_to("a.log", "a.log.3");
        pack("a.log.2", rows[i].ending);
        const char *packed = named("a.log.2", rows[i].ending);
        struct stat st;
        assert_int_equal(stat(in(packed), &st), 0);
        if (rows[i].flip)
            flip_byte(packed, st.st_size - rows[i].flip);
        assert_int_equal(truncate(in(packed), st.st_size - rows[i].cut), 0);
        append("a.log.1", "c1");
        append("a.log", "d1");
        restart();
        const char *got = read_now(2);
        assert_memory_equal(got, rows[i].begins, strlen(rows[i].begins));
        assert_string_equal(got + strlen(got) - 5, "c1 d1");
        assert_string_equal(unread, "rotated log damaged");
        assert_int_equal(incidents(), 0);
    }
}

/* A file that unpacks to far more than a log has is read within the budget of each call. */
static void a_bomb_costs_a_budget_at_a_time(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++, again()) {
        append("a.log", "a1");
        read_now(1);
        rename_to("a.log", "a.log.2");
        append("a.log.1", "");
        assert_int_equal(truncate(in("a.log.1"), 256 << 20), 0);
        pack("a.log.1", endings[i]);
        append("a.log", "d1");
        restart();
        int calls = 0;
        buf_clear(&lines);
        while (log_follow_read(&f, 1 << 20, 2, &callbacks) >= 1 << 20 && calls < 1000)
            calls++;
        assert_in_range(calls, 10, 300);
        struct span got = buf_span(&lines);
        assert_true(span_ends(got, SPAN("d1")));
    }
}

/* ---- what somebody did ---- */

static void a_replaced_log_is_told(void **state)
{
    (void)state;
    append("a.log", "a1");
    append("a.log", "a2");
    read_now(1);
    append("a.new", "x1");
    rename_to("a.new", "a.log");
    assert_string_equal(read_now(2), "x1");
    assert_int_equal(told[LOG_INCIDENT_REPLACED], 1);
    assert_string_equal(read_now(3), "");
    assert_int_equal(incidents(), 1);
}

/* sed -i: another file without the line in question. Lines read before are not handed on again. */
static void an_edited_log_is_told_and_goes_on(void **state)
{
    (void)state;
    append("a.log", "a1");
    append("a.log", "intruder");
    append("a.log", "a3");
    append("a.log", "a4");
    read_now(1);
    append("a.new", "a1");
    append("a.new", "a3");
    append("a.new", "a4");
    append("a.new", "a5");
    rename_to("a.new", "a.log");
    assert_string_equal(read_now(2), "a5");
    assert_int_equal(told[LOG_INCIDENT_EDITED], 1);
    append("a.log", "a6");
    assert_string_equal(read_now(3), "a6");
    assert_int_equal(incidents(), 1);
}

/* The same while the agent is off, in place, and with the file grown beyond where it stood. */
static void an_edit_in_place_is_told(void **state)
{
    (void)state;
    append("a.log", "a1");
    append("a.log", "intruder");
    append("a.log", "a3");
    append("a.log", "a4");
    read_now(1);
    assert_int_equal(truncate(log_path, 0), 0);
    for (int i = 1; i < 9; i++) {
        char word[3] = {'a', (char)('0' + i), 0};
        append("a.log", word[1] == '2' ? "a0" : word);
    }
    restart();
    assert_string_equal(read_now(2), "a5 a6 a7 a8");
    assert_int_equal(told[LOG_INCIDENT_EDITED], 1);
    assert_int_equal(incidents(), 1);
}

static void a_rotated_log_that_is_not_made_anew_is_no_deletion(void **state)
{
    (void)state;
    append("a.log", "a1");
    read_now(1);
    append("a.log", "a2");
    rename_to("a.log", "a.log.1");
    assert_string_equal(read_now(2), "a2");
    assert_string_equal(read_now(20000), "");
    assert_false(log_follow_is_unsettled(&f));
    pack("a.log.1", ".gz");
    append("a.log", "b1");
    assert_string_equal(read_now(30000), "b1");
    assert_int_equal(incidents(), 0);
}

static void a_deleted_log_is_told_even_if_held_open(void **state)
{
    (void)state;
    append("a.log", "a1");
    read_now(1);
    unlink(log_path);
    read_now(2);
    assert_true(log_follow_is_unsettled(&f));
    read_now(20000);
    read_now(40000);
    assert_int_equal(told[LOG_INCIDENT_DELETED], 1);
    assert_false(log_content_is_open(&f.content));
    assert_false(log_follow_is_unsettled(&f));
    append("a.log", "b1");
    assert_string_equal(read_now(50000), "b1");
    assert_int_equal(incidents(), 1);
}

int main(void)
{
#define LOG_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_generations),
        cmocka_unit_test(origins_of_generations),
        LOG_TEST(days_off_are_caught_up_in_order),
        LOG_TEST(dated_generations_too),
        LOG_TEST(generations_of_one_moment),
        LOG_TEST(a_crash_in_the_middle_goes_on_there),
        LOG_TEST(packed_before_it_was_read_to_its_end),
        LOG_TEST(two_logs_with_the_same_first_line),
        LOG_TEST(copies_are_caught_up_as_well),
        LOG_TEST(a_copy_of_what_was_never_read),
        LOG_TEST(off_for_longer_than_generations_are_kept),
        LOG_TEST(every_packing_is_read),
        LOG_TEST(reading_goes_on_inside_a_packed_one),
        LOG_TEST(streams_in_a_row_are_read),
        LOG_TEST(packings_that_cannot_be_read_are_told),
        LOG_TEST(few_are_unpacked_at_once),
        LOG_TEST(damaged_ones_are_read_as_far_as_they_go),
        LOG_TEST(a_bomb_costs_a_budget_at_a_time),
        LOG_TEST(a_replaced_log_is_told),
        LOG_TEST(an_edited_log_is_told_and_goes_on),
        LOG_TEST(an_edit_in_place_is_told),
        LOG_TEST(a_rotated_log_that_is_not_made_anew_is_no_deletion),
        LOG_TEST(a_deleted_log_is_told_even_if_held_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

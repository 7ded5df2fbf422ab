/* What dpkg wrote down: its log, its lists, checksums and configuration files. */
#include "base/buf.h"
#include "base/hex.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/deb/control.h"
#include "source/deb/dpkg_info.h"
#include "source/deb/dpkg_log.h"
#include "source/integrity/owner.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define A "00112233445566778899aabbccddeeff"
#define B "ffeeddccbbaa99887766554433221100"

static char path[600];

static const char *at(const char *name)
{
    snprintf(path, sizeof(path), "%s%s", scratch_path(), name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    const char *file = at(name);
    char folder[600];
    snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(file, '/') - file), file);
    assert_int_equal(folder_make(folder, 0755), 0);
    unlink(file);
    scratch_append(file, text, strlen(text));
}

/* ---- the log ---- */

static void test_lines(void **state)
{
    static const struct {
        const char *line;
        bool fine;
        enum dpkg_action action;
        const char *package, *from, *to, *status;
    } rows[] = {
        {"2026-11-24 12:00:01 startup archives unpack", true, DPKG_STARTUP, "", "", "", ""},
        {"2026-11-24 12:00:01 upgrade libc6:amd64 2.36-9 2.36-9+deb12u10", true, DPKG_UPGRADE,
         "libc6:amd64", "2.36-9", "2.36-9+deb12u10", ""},
        {"2026-11-24 12:00:01 install x:all <none> 1", true, DPKG_INSTALL, "x:all", "<none>", "1",
         ""},
        {"2026-11-24 12:00:01 purge x:all 1 <none>", true, DPKG_REMOVE, "x:all", "1", "<none>", ""},
        {"2026-11-24 12:00:01 status half-installed x:all 1", true, DPKG_STATUS, "x:all", "", "1",
         "half-installed"},
        {"2026-11-24 12:00:01 trigproc x:all 1 <none>", true, DPKG_OTHER, "", "", "", ""},
        {"2026-11-24 12:00:01 conffile /etc/x keep", true, DPKG_OTHER, "", "", "", ""},
        {"2026-11-24 12:00:01 upgrade x:all 1", false, DPKG_UPGRADE, "x:all", "1", "", ""},
        {"2026-11-24 12:00:01 status installed", false, DPKG_STATUS, "", "", "", "installed"},
        {"2026-13-24 12:00:01 startup x", false, DPKG_OTHER, "", "", "", ""},
        {"2026-11-24T12:00:01 startup x", false, DPKG_OTHER, "", "", "", ""},
        {"", false, DPKG_OTHER, "", "", "", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct dpkg_line l;
        if (dpkg_line_parse(span_of(rows[i].line), &l) != rows[i].fine)
            fail_msg("%s", rows[i].line);
        assert_int_equal(l.action, rows[i].action);
        assert_true(span_equal_text(l.package, rows[i].package));
        assert_true(span_equal_text(l.from, rows[i].from));
        assert_true(span_equal_text(l.to, rows[i].to));
        assert_true(span_equal_text(l.status, rows[i].status));
    }
}

static enum dpkg_step step_of(const struct dpkg_log *l, const char *package)
{
    const struct dpkg_change *c = dpkg_log_change(l, span_of(package));
    assert_non_null(c);
    return c->step;
}

static void parse(struct dpkg_log *l, const char *text)
{
    dpkg_log_parse(l, span_of(text));
}

/* States of the old version, which dpkg tells before it unpacks, are not the new one's. */
static void test_steps(void **state)
{
    (void)state;
    struct dpkg_log *l = dpkg_log_new("");
    parse(l, "2026-11-24 12:00:01 startup archives unpack\n"
             "2026-11-24 12:00:01 upgrade a:amd64 1 2\n"
             "2026-11-24 12:00:01 status half-configured a:amd64 1\n"
             "2026-11-24 12:00:01 status unpacked a:amd64 1\n"
             "2026-11-24 12:00:01 status half-installed a:amd64 1\n");
    assert_int_equal(step_of(l, "a:amd64"), DPKG_BEGUN);
    assert_int_equal(step_of(l, "a"), DPKG_BEGUN);
    assert_true(dpkg_log_unpacking(l));
    parse(l, "2026-11-24 12:00:02 status unpacked a:amd64 2\n");
    assert_int_equal(step_of(l, "a"), DPKG_UNPACKED);
    assert_false(dpkg_log_unpacking(l));
    assert_int_equal(l->unfinished, 1);
    parse(l, "2026-11-24 12:00:02 status half-configured a:amd64 2\n"
             "2026-11-24 12:00:02 status installed a:amd64 2\n");
    assert_int_equal(step_of(l, "a"), DPKG_INSTALLED);
    assert_int_equal(l->unfinished, 0);
    assert_false(l->busy);
    parse(l, "2026-11-24 12:00:03 trigproc t:all 1 <none>\n"
             "2026-11-24 12:00:03 status half-configured t:all 1\n");
    assert_true(l->busy); /* a trigger of a package that does not change itself */
    parse(l, "2026-11-24 12:00:09 status installed t:all 1\n"
             "2026-11-24 12:00:09 remove b:all 3 <none>\n"
             "2026-11-24 12:00:09 status half-installed b:all 3\n");
    assert_int_equal(l->unfinished, 1);
    parse(l, "2026-11-24 12:00:09 status not-installed b:all <none>\n");
    assert_int_equal(step_of(l, "b"), DPKG_REMOVED);
    assert_int_equal(l->unfinished, 0);
    dpkg_log_free(l);
}

static void test_transactions(void **state)
{
    (void)state;
    struct dpkg_log *l = dpkg_log_new("");
    parse(l, "2026-11-24 12:00:01 startup archives unpack\n"
             "2026-11-24 12:00:01 upgrade a:all 1 2\n"
             "2026-11-24 12:00:20 startup packages configure\n" /* the same apt-get */
             "2026-11-24 12:05:00 status installed a:all 2\n"   /* no dpkg began: it was slow */
             "2026-11-24 12:05:30 upgrade a:all 2 3\n"
             "2026-11-24 13:00:00 startup archives unpack\n"
             "2026-11-24 13:00:00 upgrade b:all 1 2\n");
    assert_int_equal(l->transactions_n, 2);
    assert_int_equal(l->transactions[0].changes, 1);
    assert_int_equal(l->transactions[0].last_ms - l->transactions[0].first_ms, 329000);
    assert_string_equal(dpkg_log_change(l, SPAN("a"))->from, "1");
    assert_string_equal(dpkg_log_change(l, SPAN("a"))->to, "3");
    assert_int_equal(dpkg_log_change(l, SPAN("a"))->transaction, 0);
    assert_int_equal(l->unfinished, 1); /* of the last one */
    assert_true(dpkg_log_covers(l, l->transactions[0].first_ms + 60000));
    assert_false(dpkg_log_covers(l, l->transactions[0].last_ms + 60000));
    assert_null(dpkg_log_change(l, SPAN("c")));
    dpkg_log_free(l);
}

static void append_log(const char *text)
{
    scratch_append(at("/var/log/dpkg.log"), text, strlen(text));
}

static void set_written(int64_t seconds_ago)
{
    struct timespec t = {(time_t)(clock_wall_ms() / 1000 - seconds_ago), 0};
    struct timespec both[2] = {t, t};
    assert_int_equal(utimensat(AT_FDCWD, at("/var/log/dpkg.log"), both, 0), 0);
}

static void test_following(void **state)
{
    (void)state;
    int64_t now = 1000000;
    struct dpkg_log *l = dpkg_log_new(scratch_path());
    assert_false(dpkg_log_refresh(l, now, true)); /* there is none */
    write_file("/var/log/dpkg.log.1", "2026-10-24 12:00:01 startup archives unpack\n"
                                      "2026-10-24 12:00:01 install old:all <none> 1\n");
    write_file("/var/log/dpkg.log", "");
    append_log("2026-11-24 12:00:01 startup archives unpack\n"
               "2026-11-24 12:00:01 upgrade a:all 1 2\n2026-11-24 12:00:01 upgr");
    set_written(3600);
    assert_false(dpkg_log_refresh(l, now, false)); /* long ago: not even read */
    assert_false(l->loaded);
    assert_true(dpkg_log_refresh(l, now, true));
    assert_false(dpkg_log_running(l, now));
    assert_non_null(dpkg_log_change(l, SPAN("old")));
    assert_null(dpkg_log_change(l, SPAN("b")));
    append_log("ade b:all 1 2\n");
    assert_true(dpkg_log_refresh(l, now, false));
    assert_non_null(dpkg_log_change(l, SPAN("b")));
    assert_false(dpkg_log_refresh(l, now + 1, false));
    assert_true(dpkg_log_running(l, now + 119000)); /* two are not complete ... */
    assert_false(dpkg_log_running(l, now + 121000));
    append_log("2026-11-24 12:00:01 status installed a:all 2\n"
               "2026-11-24 12:00:01 status installed b:all 2\n");
    assert_true(dpkg_log_refresh(l, now, false));
    assert_true(dpkg_log_running(l, now + 9000)); /* ... and now they are */
    assert_false(dpkg_log_running(l, now + 11000));
    write_file("/var/log/dpkg.log", "2026-11-24 12:00:05 upgrade c:all 1 2\n"); /* rotated */
    assert_true(dpkg_log_refresh(l, now, false));
    assert_non_null(dpkg_log_change(l, SPAN("c")));
    dpkg_log_free(l);
}

/* ---- lists ---- */

static bool note_path(void *ctx, struct span p, const uint8_t *md5)
{
    struct buf *out = ctx;
    char hex[2 * MD5_SIZE + 1] = "-";
    if (md5)
        hex_encode(md5, MD5_SIZE, hex);
    buf_printf(out, "%.*s %s\n", (int)p.n, p.p, hex);
    return true;
}

static bool note_conffile(void *ctx, struct span package, struct span p, const uint8_t *md5)
{
    buf_printf(ctx, "%.*s: ", (int)package.n, package.p);
    return note_path(ctx, p, md5);
}

static void test_files(void **state)
{
    (void)state;
    struct buf out = BUF_INIT(1 << 20);
    write_file("/l", "/.\n/usr\n\n/usr/bin/a b\n/no newline");
    assert_int_equal(dpkg_read_list(at("/l"), note_path, &out), 0);
    assert_string_equal(out.p, "/. -\n/usr -\n/usr/bin/a b -\n/no newline -\n");
    buf_clear(&out);
    write_file("/m", A "  usr/bin/a b\n" B " *x\nshort  y\n" A " z\n" A "  \n" B "  last");
    assert_int_equal(dpkg_read_md5sums(at("/m"), note_path, &out), 0);
    assert_string_equal(out.p, "usr/bin/a b " A "\nx " B "\nlast " B "\n");
    buf_clear(&out);
    write_file("/s", "Package: one\nConffiles:\n /etc/a " A "\n /etc/b c " B " obsolete\n"
                     " /etc/new newconffile\nDescription: x\n /etc/no " A "\n\n"
                     "Package: two\nConffiles:\n /etc/d " B " remove-on-upgrade obsolete\n");
    assert_int_equal(dpkg_read_conffiles(at("/s"), note_conffile, &out), 0);
    assert_string_equal(out.p, "one: /etc/a " A "\none: /etc/b c " B "\ntwo: /etc/d " B "\n");
    buf_release(&out);
    assert_int_equal(dpkg_read_list(at("/none"), note_path, &out), -ENOENT);
}

static bool count_path(void *ctx, struct span p, const uint8_t *md5)
{
    (void)p, (void)md5;
    ++*(int *)ctx;
    return true;
}

/* A line that is far too long is passed over, across all blocks that it fills. */
static void test_long_lines(void **state)
{
    (void)state;
    int n = 0;
    write_file("/long", "/first\n");
    char *line = malloc(200000);
    memset(line, 'x', 200000);
    line[0] = '/';
    scratch_append(at("/long"), line, 200000);
    scratch_append(at("/long"), "\n/second\n/", 10);
    scratch_append(at("/long"), line, 9000);
    assert_int_equal(dpkg_read_list(at("/long"), count_path, &n), 0);
    assert_int_equal(n, 2);
    free(line);
}

static bool note_name(void *ctx, const struct span *values)
{
    buf_put_span(ctx, values[0]);
    buf_put_byte(ctx, '\n');
    return true;
}

/* Where a line is too long for the block, what comes behind is no field of the stanza. */
static void test_long_fields(void **state)
{
    static const char *const names[] = {"Package", NULL};
    const size_t block = 256 << 10; /* a multiple of that of the reader */
    (void)state;
    struct buf names_read = BUF_INIT(100);
    struct deb_reader reader;
    char *line = malloc(block);
    memset(line, 'x', block);
    memcpy(line, "Homepage: ", 10);
    write_file("/status", "");
    scratch_append(at("/status"), line, block);
    scratch_append(at("/status"), "Package: no\nPackage: one\n\n", 26);
    deb_reader_init(&reader, names, note_name, &names_read);
    assert_int_equal(deb_read_file(at("/status"), &reader), 0);
    assert_string_equal(names_read.p, "one\n");
    buf_release(&names_read);
    free(line);
}

static void test_owner(void **state)
{
    (void)state;
    struct held_owner o;
    write_file("/var/lib/dpkg/info/a:amd64.list", "/.\n/bin\n/bin/ls\n/etc/a.conf\n");
    write_file("/var/lib/dpkg/info/a:amd64.md5sums", A "  bin/ls\n");
    write_file("/var/lib/dpkg/info/b.list", "/usr/lib/b\n/usr/share/doc/b\n");
    write_file("/var/lib/dpkg/info/b.md5sums", B "  usr/share/doc/b\n");
    write_file("/var/lib/dpkg/status", "Package: a\nConffiles:\n /etc/a.conf " B "\n");
    const char *root = scratch_path();
    assert_int_equal(owner_of(root, "/bin/ls", 10000, &o), OWNER_FOUND);
    assert_int_equal(owner_of(root, "/usr/bin/ls", 10000, &o), OWNER_FOUND); /* merged */
    assert_string_equal(o.package, "a:amd64");
    assert_true(o.listed && o.has_md5 && o.md5[1] == 0x11);
    assert_int_equal(owner_of(root, "/usr/lib/b", 10000, &o), OWNER_FOUND);
    assert_false(o.has_md5);
    assert_int_equal(owner_of(root, "/lib/b", 10000, &o), OWNER_NONE);
    assert_int_equal(owner_of(root, "/usr/bin/l", 10000, &o), OWNER_NONE);
    assert_true(owner_of_conffile(root, "/etc/a.conf", &o));
    assert_string_equal(o.package, "a");
    assert_int_equal(o.md5[0], 0xff);
    assert_false(owner_of_conffile(root, "/etc/a", &o));
}

static int begin(void **state)
{
    (void)state;
    scratch_open();
    return 0;
}

static int end(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_lines), CASE(test_steps),      CASE(test_transactions), CASE(test_following),
        CASE(test_files), CASE(test_long_lines), CASE(test_long_fields),  CASE(test_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* config: values, defaults, and errors that name file, line and what is allowed. */
#include "base/slurp.h"
#include "config/config.h"
#include "config/keys.h"
#include "platform/file.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

static struct config *parse(const char *text, struct error *e)
{
    return config_parse("test.ini", text, strlen(text), e);
}

static void defaults_hold_without_a_file(void **state)
{
    (void)state;
    struct error e;
    struct config *c = parse("", &e);
    assert_non_null(c);
    assert_int_equal(c->spool_cap, 1u << 30);
    assert_int_equal(c->heartbeat_s, 300);
    assert_true(c->integrity && c->realtime && c->patch && c->detect);
    assert_false(c->remote_filesystems);
    assert_true(c->paths.n > 10);
    assert_string_equal(c->state_dir, "/var/lib/vigia/state");
    assert_int_equal(c->logs_n, 0);
    config_free(c);
}

static void values_replace_defaults(void **state)
{
    (void)state;
    struct error e;
    struct config *c =
        parse("[agent]\nroot = /tmp/x\ntag = a\ntag = b\n"
              "[integrity]\npath = /etc\n[log auth]\npath = /var/log/auth.log\n"
              "service = auth ; comment\n[log app]\npath=/srv/*.log\nformat = plain\n",
              &e);
    assert_non_null(c);
    assert_string_equal(c->inbox_dir, "/tmp/x/var/lib/vigia/inbox");
    assert_int_equal(c->tags.n, 2);
    assert_int_equal(c->paths.n, 1);
    assert_int_equal(c->logs_n, 2);
    assert_string_equal(c->logs[0].service, "auth");
    assert_string_equal(c->logs[0].format, "syslog");
    assert_string_equal(c->logs[1].format, "plain");
    config_free(c);
}

static void errors_say_where_and_what_helps(void **state)
{
    (void)state;
    static const struct {
        const char *text, *place, *remedy;
    } rows[] = {
        {"[spool]\ncap = lots\n", "test.ini:2", "10M or 1G"},
        {"[spool]\n\ncap = 1k\n", "test.ini:3", "1048576 to"},
        {"[spool]\ncapp = 1G\n", "test.ini:2", "known are: cap seal_size"},
        {"[spol]\ncap = 1G\n", "test.ini:2", "known are: agent center"},
        {"cap = 1G\n", "test.ini:1", "before the first [section]"},
        {"[agent]\nroot = relative\n", "test.ini:2", "absolute path"},
        {"[agent]\nroot = /a/../b\n", "test.ini:2", "without \"..\""},
        {"[agent]\nroot = C:\\a\\..\\b\n", "test.ini:2", "without \"..\""},
        {"[agent]\nlog_level = loud\n", "test.ini:2", "error warning info debug"},
        {"[patch]\nenabled = maybe\n", "test.ini:2", "yes or no"},
        {"[center]\nurl = http://x\n", "test.ini:2", "https://host"},
        {"[center]\nurl = https://x/path\n", "test.ini:2", "without a path"},
        {"[spool]\ncap = 1G\ncap = 2G\n", "test.ini:3", "first in line 2"},
        {"[log a]\nservice = x\n", "test.ini", "[log a] needs a path or a channel"},
        {"[log a]\npath = /x\nchannel = y\n", "test.ini", "and not both"},
        {"[agent]\nnonsense\n", "test.ini:2", "key = value"},
        {"[log]\npath = /x\n", "test.ini:2", "known are"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct error e = {""};
        assert_null(parse(rows[i].text, &e));
        if (!strstr(e.text, rows[i].place) || !strstr(e.text, rows[i].remedy))
            fail_msg("row %zu: %s", i, e.text);
    }
}

static void a_path_with_a_drive_gets_slashes(void **state)
{
    (void)state;
    struct error e;
    struct config *c = parse("[agent]\nroot = D:\\trial\n[integrity]\n"
                             "path = C:\\Users\\*\\x\npath = /home/a\\b\n",
                             &e);
    assert_non_null(c);
    assert_string_equal(c->root, "D:/trial");
    assert_string_equal(c->paths.items[0], "C:/Users/*/x");
    assert_string_equal(c->paths.items[1], "/home/a\\b"); /* a name like any other elsewhere */
    config_free(c);
}

static void long_lines_and_nul_are_refused(void **state)
{
    (void)state;
    struct error e;
    char text[5000];
    memset(text, 'a', sizeof(text));
    memcpy(text, "[agent]\nname = ", 15);
    assert_null(config_parse("t", text, sizeof(text), &e));
    assert_non_null(strstr(e.text, "t:2"));
    assert_null(config_parse("t", "[agent]\nna\0me = x\n", 18, &e));
}

static const char *put(const char *name, const char *text)
{
    static char path[4600];
    snprintf(path, sizeof(path), "%s/%s", scratch_path(), name);
    scratch_append(path, text, strlen(text));
    return path;
}

static void drop_ins_replace_what_the_file_says(void **state)
{
    (void)state;
    struct error e;
    scratch_open();
    char file[4600], folder[4700];
    snprintf(file, sizeof(file), "%s",
             put("a.ini", "[agent]\ntag = a\ntag = b\ncriticality = low\n[log app]\npath = /x\n"));
    snprintf(folder, sizeof(folder), "%s.d", file);
    struct config *c = config_read(file, &e);
    assert_non_null(c);
    assert_int_equal(c->drop_ins.n, 0);
    config_free(c);

    assert_int_equal(folder_make(folder, 0755), 0);
    put("a.ini.d/20-b.ini", "[agent]\ntag = d\ntag = e\n[integrity]\npath = /srv\n");
    put("a.ini.d/10-a.ini", "[agent]\ntag = c\nname = n\n[log app]\nformat = plain\n");
    put("a.ini.d/30-c.ini.bak", "[nonsense]\n");
    put("a.ini.d/.hidden.ini", "[nonsense]\n");
    c = config_read(file, &e);
    assert_non_null(c);
    assert_int_equal(c->drop_ins.n, 2);
    assert_int_equal(c->tags.n, 2);
    assert_string_equal(c->tags.items[0], "d");
    assert_string_equal(c->tags.items[1], "e");
    assert_string_equal(c->name, "n");
    assert_string_equal(c->criticality, "low");
    assert_int_equal(c->paths.n, 1);
    assert_int_equal(c->logs_n, 1);
    assert_string_equal(c->logs[0].path, "/x");
    assert_string_equal(c->logs[0].format, "plain");
    config_free(c);

    put("a.ini.d/20-b.ini", "\n[spool]\ncap = lots\n");
    assert_null(config_read(file, &e));
    assert_non_null(strstr(e.text, "a.ini.d/20-b.ini:8: cap"));
    scratch_close();
}

static bool documents(struct span file, const struct config_key *key)
{
    char line[128];
    struct span rest = file, one;
    size_t n = (size_t)snprintf(line, sizeof(line), "%s =", key->name);
    while (span_take_line(&rest, &one)) {
        while (one.n > 0 && (one.p[0] == ';' || one.p[0] == ' '))
            one = (struct span){one.p + 1, one.n - 1};
        if (span_starts(one, (struct span){line, n}))
            return true;
    }
    return false;
}

static void the_shipped_file_is_complete_and_good(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(1 << 20);
    struct error e = {""};
    assert_int_equal(slurp("conf/vigia.ini", &text), 0);
    struct config *c = config_parse("conf/vigia.ini", text.p, text.n, &e);
    assert_string_equal(e.text, "");
    assert_non_null(c);
    for (const struct config_key *k = config_keys; k->section; k++)
        if (!documents(buf_span(&text), k))
            fail_msg("conf/vigia.ini says nothing of [%s] %s", k->section, k->name);
    config_free(c);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_hold_without_a_file),
        cmocka_unit_test(values_replace_defaults),
        cmocka_unit_test(errors_say_where_and_what_helps),
        cmocka_unit_test(a_path_with_a_drive_gets_slashes),
        cmocka_unit_test(long_lines_and_nul_are_refused),
        cmocka_unit_test(drop_ins_replace_what_the_file_says),
        cmocka_unit_test(the_shipped_file_is_complete_and_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * Rules over the tables of accounts (passwd, shadow, group). A hash of a password never leaves
 * this file: rules look at its first characters, evidence names the account only.
 */
#include "base/mem.h"
#include "platform/clock.h"
#include "source/checks/probes.h"

#define ROWS_MAX  65536
#define FIELDS    9
#define TABLE_MAX (8u << 20)
#define DAY_MS    86400000

struct row {
    struct span field[FIELDS];
    size_t fields;
    int line;
};

struct table {
    const char *path;
    struct buf text;
    struct row *rows;
    size_t n, room;
};

enum { USER_NAME, USER_PASSWORD, USER_UID, USER_GID, USER_GECOS, USER_HOME, USER_SHELL };
enum { SHADOW_NAME, SHADOW_HASH, SHADOW_CHANGED, SHADOW_MIN, SHADOW_MAX, SHADOW_WARN };
enum { GROUP_FIELD_NAME, GROUP_FIELD_PASSWORD, GROUP_FIELD_GID, GROUP_FIELD_MEMBERS };

static void take_row(struct table *t, struct span line, int number)
{
    if (line.n == 0 || line.p[0] == '#' || t->n == ROWS_MAX)
        return;
    if (t->n == t->room) {
        t->room = t->room ? t->room * 2 : 64;
        t->rows = mem_grow(t->rows, t->room, sizeof(t->rows[0]));
    }
    struct row *row = &t->rows[t->n++];
    *row = (struct row){.line = number};
    while (row->fields < FIELDS && span_take_until(&line, ':', &row->field[row->fields]))
        row->fields++;
}

static int read_table(const struct probe_look *look, const char *path, struct table *t)
{
    *t = (struct table){.path = path, .text = BUF_INIT(TABLE_MAX)};
    int rc = view_read(look->view, path, &t->text), number = 0;
    struct span rest = buf_span(&t->text), line;
    while (rc == 0 && span_take_line(&rest, &line))
        take_row(t, line, ++number);
    return rc;
}

static void release_table(struct table *t)
{
    buf_release(&t->text);
    free(t->rows);
}

static uint64_t number_of(struct span s, uint64_t otherwise)
{
    uint64_t n;
    return span_to_u64(s, &n) ? n : otherwise;
}

static uint64_t number_asked(const struct probe_look *look, uint64_t otherwise)
{
    const char *text = check_value(look->check, "number");
    return text ? number_of(span_of(text), otherwise) : otherwise;
}

static bool is_excepted(const struct probe_look *look, struct span name)
{
    struct check_words words = {0};
    struct span word;
    while (check_word(look->check, "except", &words, &word))
        if (span_equal(word, name))
            return true;
    return false;
}

/* ---- one function a rule: is this row at fault? ---- */

struct rule_state {
    const struct probe_look *look;
    const struct table *table;
    struct map *seen;
};

static bool has_hash(struct span hash)
{
    return hash.n > 0 && hash.p[0] != '!' && hash.p[0] != '*';
}

static bool empty_password(struct rule_state *s, const struct row *r)
{
    (void)s;
    return r->field[SHADOW_HASH].n == 0;
}

static bool not_shadowed(struct rule_state *s, const struct row *r)
{
    (void)s;
    return !span_equal(r->field[USER_PASSWORD], SPAN("x"));
}

static bool other_root(struct rule_state *s, const struct row *r)
{
    (void)s;
    return number_of(r->field[USER_UID], 1) == 0 && !span_equal(r->field[USER_NAME], SPAN("root"));
}

static bool other_root_group(struct rule_state *s, const struct row *r)
{
    (void)s;
    return number_of(r->field[GROUP_FIELD_GID], 1) == 0 &&
           !span_equal(r->field[GROUP_FIELD_NAME], SPAN("root"));
}

static bool seen_before(struct rule_state *s, struct span key)
{
    bool full = false;
    if (map_get(s->seen, key))
        return true;
    map_set(s->seen, key, s, &full);
    return false;
}

static bool same_id(struct rule_state *s, const struct row *r) /* of users and of groups */
{
    return seen_before(s, r->field[USER_UID]);
}

static bool same_name(struct rule_state *s, const struct row *r)
{
    return seen_before(s, r->field[USER_NAME]);
}

static bool legacy_entry(struct rule_state *s, const struct row *r)
{
    (void)s;
    return r->field[0].n > 0 && r->field[0].p[0] == '+';
}

static bool is_login_shell(struct span shell)
{
    static const char *const none[] = {"/usr/sbin/nologin", "/sbin/nologin", "/bin/false",
                                       "/usr/bin/false",    "/bin/sync",     "/bin/true"};
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        if (span_equal_text(shell, none[i]))
            return false;
    return true; /* an empty one is /bin/sh */
}

static bool system_shell(struct rule_state *s, const struct row *r)
{
    uint64_t uid = number_of(r->field[USER_UID], 0);
    return uid > 0 && uid < number_asked(s->look, 1000) && is_login_shell(r->field[USER_SHELL]);
}

static bool old_password(struct rule_state *s, const struct row *r)
{
    uint64_t most = number_asked(s->look, 365);
    return has_hash(r->field[SHADOW_HASH]) && (number_of(r->field[SHADOW_MAX], 99999) > most ||
                                               number_of(r->field[SHADOW_MAX], 99999) == 0);
}

static bool changed_later(struct rule_state *s, const struct row *r)
{
    (void)s;
    uint64_t today = (uint64_t)(clock_wall_ms() / DAY_MS);
    return has_hash(r->field[SHADOW_HASH]) && number_of(r->field[SHADOW_CHANGED], 0) > today + 1;
}

static bool weak_hash(struct rule_state *s, const struct row *r)
{
    static const char *const strong[] = {"$y$", "$gy$", "$7$", "$6$", "$5$", "$2b$", "$2y$"};
    struct span hash = r->field[SHADOW_HASH];
    (void)s;
    while (hash.n > 0 && hash.p[0] == '!') /* locked, but an unlock brings it back */
        hash = (struct span){hash.p + 1, hash.n - 1};
    for (size_t i = 0; i < sizeof(strong) / sizeof(strong[0]); i++)
        if (span_starts(hash, span_of(strong[i])))
            return false;
    return has_hash(hash);
}

static bool group_has_members(struct rule_state *s, const struct row *r)
{
    return is_excepted(s->look, r->field[GROUP_FIELD_NAME]) && r->field[GROUP_FIELD_MEMBERS].n > 0;
}

static bool open_home(struct rule_state *s, const struct row *r)
{
    char home[512];
    struct file_info info;
    uint64_t uid = number_of(r->field[USER_UID], 0);
    bool person = uid >= 1000 && uid < 60000 && is_login_shell(r->field[USER_SHELL]);
    if (!person || !span_copy(r->field[USER_HOME], home, sizeof(home)) || home[0] != '/')
        return false;
    return view_look_through(s->look->view, home, &info) == 0 && info.type == FILE_FOLDER &&
           (info.uid != uid || (info.mode & 027));
}

static const struct rule {
    const char *name, *path;
    bool (*fault)(struct rule_state *s, const struct row *r);
    const char *what; /* of an account at fault */
    const char *expected;
    bool named; /* `except` names what the rule is about, not what it leaves out */
} rules[] = {
    {"no-empty-password", "/etc/shadow", empty_password, "has no password",
     "every account has a password or is locked", false},
    {"shadowed", "/etc/passwd", not_shadowed, "keeps its password outside of shadow",
     "x in the second field", false},
    {"one-root", "/etc/passwd", other_root, "has uid 0", "only root has uid 0", false},
    {"one-root-group", "/etc/group", other_root_group, "has gid 0", "only root has gid 0", false},
    {"unique-uids", "/etc/passwd", same_id, "has the uid of another", "each uid once", false},
    {"unique-gids", "/etc/group", same_id, "has the gid of another", "each gid once", false},
    {"unique-users", "/etc/passwd", same_name, "stands twice", "each name once", false},
    {"unique-groups", "/etc/group", same_name, "stands twice", "each name once", false},
    {"no-legacy", "/etc/passwd", legacy_entry, "takes in accounts from NIS", "no + entries", false},
    {"system-shells", "/etc/passwd", system_shell, "is a system account with a login shell",
     "nologin or false as shell of system accounts", false},
    {"password-age", "/etc/shadow", old_password, "has a password that never has to change",
     "passwords expire", false},
    {"password-dates", "/etc/shadow", changed_later, "changed its password in the future",
     "dates that have been", false},
    {"strong-hashes", "/etc/shadow", weak_hash, "has a password with a weak hash",
     "yescrypt or SHA-512", false},
    {"empty-groups", "/etc/group", group_has_members, "has members", "nobody is in them", true},
    {"homes", "/etc/passwd", open_home, "has a home that others may enter, or that is not its own",
     "own home, 0750 or less", false},
};

static const struct rule *rule_of(const char *name)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (strcmp(rules[i].name, name) == 0)
            return &rules[i];
    return NULL;
}

static bool run_account(const struct probe_look *look)
{
    const struct rule *rule = rule_of(check_value(look->check, "rule"));
    struct table t;
    size_t bad = 0;
    outcome_expect(look, "%s", rule->expected);
    int rc = read_table(look, rule->path, &t);
    struct rule_state s = {look, &t, map_new(ROWS_MAX)};
    outcome_place(look, rule->path, 0);
    for (size_t i = 0; i < t.n; i++) {
        struct span name = t.rows[i].field[0];
        if ((!rule->named && is_excepted(look, name)) || !rule->fault(&s, &t.rows[i]))
            continue;
        if (bad++ == 0)
            outcome_place(look, rule->path, t.rows[i].line);
        outcome_fault(look, "%.*s %s", (int)(name.n < 64 ? name.n : 64), name.p, rule->what);
    }
    outcome_faults_end(look, bad);
    if (rc == 0 && bad == 0)
        outcome_set(look, CHECK_PASS, "%zu entries are as they should be", t.n);
    map_free(s.seen, NULL);
    release_table(&t);
    return rc == 0 || outcome_unread(look, rule->path, rc);
}

static int verify_rule(const char *value, struct error *e)
{
    return rule_of(value) ? 0 : error_set(e, "there is no such rule, see probe_account.c");
}

static int verify_number(const char *value, struct error *e)
{
    uint64_t n;
    return span_to_u64(span_of(value), &n) ? 0 : error_set(e, "it is a number");
}

const struct probe probe_account = {
    .name = "account",
    .keys = {{"rule", PROBE_NEEDED, verify_rule},
             {"except", PROBE_SEVERAL, NULL},
             {"number", PROBE_ONCE, verify_number}},
    .run = run_account,
};

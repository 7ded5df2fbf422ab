#include "base/json_write.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "cli/host_checks.h"
#include "config/config.h"
#include "config/keys.h"
#include "config/support_file.h"
#include "config/suppress_file.h"
#include "detect/check.h"
#include "platform/clock.h"
#include "platform/owner.h"
#include "source/checks/probe.h"
#include "source/integrity/severity.h"

#include <errno.h>

static const char help[] =
    "Usage: vigia check [--config FILE] [--rules DIR] [--checks DIR] [--json]\n"
    "       vigia check --host [--config FILE] [--checks DIR] [--json]\n"
    "       vigia check --keys | --folders\n\n"
    "Looks the configuration, the rules, the suppressions, the table of severities and the files\n"
    "of host checks over without starting anything. Exit code 0: all is well, 1: some of them are "
    "off, 2: the\n"
    "configuration is bad. With --host it makes the host checks now (as root, or much is "
    "unknown):\n"
    "exit code 1 if one fails.\n\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n"
    "  --rules DIR     look at the rules there instead of those of the configuration\n"
    "  --checks DIR    the same with the files of host checks\n"
    "  --host          make the host checks and show what fails, why, and what to do\n"
    "  --folders       whether the agent's own folders, if they are there, are nobody else's: no "
    "link,\n"
    "                  no foreign owner (for installers); 1 if not\n"
    "  --keys          print every configuration key with its default and what it means\n"
    "  --json          the result as one JSON object\n";

static void print_key(const struct config_key *key)
{
    struct span rest = span_of(key->otherwise), item;
    printf("\n# %s\n# %s", key->help, config_key_type_name(key->type));
    if (key->choices)
        printf(": %s", key->choices);
    printf("\n");
    if (rest.n == 0)
        printf("; %s =\n", key->name);
    while (span_take_until(&rest, '\n', &item))
        printf("; %s = %.*s\n", key->name, (int)item.n, item.p);
}

/* The whole table as a configuration file in which every line is commented out. */
static int print_keys(void)
{
    const char *section = "";
    for (const struct config_key *k = config_keys; k->section; k++) {
        if (strcmp(section, k->section) != 0)
            printf("%s[%s%s]\n", section[0] ? "\n" : "", k->section,
                   strcmp(k->section, "log") == 0 ? " NAME" : "");
        section = k->section;
        print_key(k);
    }
    return 0;
}

/* Nothing in them is read for it, the configuration neither: it may be somebody else's. */
static int check_folders(void)
{
    static const char *const own[] = {"/etc/vigia", "/var/lib/vigia"};
    char which[4400];
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        int rc = owner_check(own[i], which, sizeof(which));
        if (rc == 0)
            continue;
        fprintf(stderr, "vigia check: %s %s; look at what lies there, and remove or rename it\n",
                which,
                rc == -ELOOP   ? "leads elsewhere (a link)"
                : rc == -EPERM ? "belongs neither to the system nor to its administrators"
                               : error_text(rc));
        return 1;
    }
    return 0;
}

struct outcome { /* of one kind of file */
    const char *where;
    const char *tables; /* of rules: the folder of sigma tables */
    size_t fine, broken;
    struct buf errors; /* one a line */
};

enum { RULES, SUPPRESSIONS, SEVERITY, SUPPORT, CHECKS, KINDS };

static const struct {
    const char *count, *errors; /* in JSON */
    const char *what;           /* in words */
} kinds[KINDS] = {
    [RULES] = {"rules", "rule_errors", "rules fine"},
    [SUPPRESSIONS] = {"suppressions", "suppression_errors", "suppressions fine"},
    [SEVERITY] = {"severity_rows", "severity_errors", "rows in force"},
    [SUPPORT] = {"support_releases", "support_errors", "releases with their end"},
    [CHECKS] = {"checks", "check_errors", "host checks fine"},
};

static void take_error(void *ctx, const char *text)
{
    struct outcome *o = ctx;
    o->broken++;
    buf_put_text(&o->errors, text);
    buf_put_byte(&o->errors, '\n');
}

static void check_rules(struct outcome *o)
{
    sigma_check_dir(o->where, o->tables, take_error, o, &o->fine);
}

static void check_suppressions(struct outcome *o)
{
    struct suppress_table t;
    suppress_table_load(o->where, take_error, o, &t);
    o->fine = t.n;
    for (size_t i = 0; i < t.n; i++)
        if (suppression_has_expired(&t.items[i], clock_wall_ms())) {
            buf_printf(&o->errors, "%s: [%s] has expired; renew or remove it\n", o->where,
                       t.items[i].name);
            o->broken++;
            o->fine--;
        }
    suppress_table_release(&t);
}

static void check_severity(struct outcome *o)
{
    struct integrity_severity *t = integrity_severity_load(o->where, take_error, o);
    o->fine = integrity_severity_rows(t);
    integrity_severity_free(t);
}

static void check_support(struct outcome *o)
{
    struct support_table t;
    support_table_load(o->where, take_error, o, &t);
    o->fine = t.n;
    support_table_release(&t);
}

static void check_checks(struct outcome *o)
{
    struct checks checks;
    checks_load(o->where, take_error, o, &checks);
    o->fine = checks.n;
    checks_release(&checks);
}

static void print_errors(struct json_out *j, const char *key, const struct outcome *o)
{
    struct span rest = buf_span(&o->errors), line;
    json_array(j, key);
    while (span_take_until(&rest, '\n', &line))
        json_span(j, NULL, line);
    json_end_array(j);
}

static void print_json(const char *file, const struct config *c, const char *config_error,
                       const struct outcome *o, int code)
{
    struct buf text = BUF_INIT(16 << 20);
    struct json_out j;
    json_start(&j, &text);
    json_object(&j, NULL);
    json_text(&j, "config", file);
    json_array(&j, "drop_ins");
    for (size_t i = 0; c && i < c->drop_ins.n; i++)
        json_text(&j, NULL, c->drop_ins.items[i]);
    json_end_array(&j);
    json_text(&j, "config_error", config_error);
    for (size_t i = 0; i < KINDS; i++) {
        json_uint(&j, kinds[i].count, o[i].fine);
        print_errors(&j, kinds[i].errors, &o[i]);
    }
    json_int(&j, "exit_code", code);
    json_end_object(&j);
    puts(text.p ? text.p : "");
    buf_release(&text);
}

static void print_words(const char *file, const struct config *c, const char *config_error,
                        const struct outcome *o)
{
    if (c)
        printf("%s: fine\n", file);
    else
        fprintf(stderr, "vigia check: %s\n", config_error);
    for (size_t i = 0; c && i < c->drop_ins.n; i++)
        printf("%s: fine\n", c->drop_ins.items[i]);
    for (size_t i = 0; i < KINDS; i++)
        if (o[i].where)
            printf("%s: %zu %s, %zu off\n", o[i].where, o[i].fine, kinds[i].what, o[i].broken);
    for (size_t i = 0; i < KINDS; i++)
        fputs(o[i].errors.p ? o[i].errors.p : "", stderr);
}

static int check_all(const char *file, const char *rules, const char *checks, bool json)
{
    static void (*const look[KINDS])(struct outcome * o) = {[RULES] = check_rules,
                                                            [SUPPRESSIONS] = check_suppressions,
                                                            [SEVERITY] = check_severity,
                                                            [SUPPORT] = check_support,
                                                            [CHECKS] = check_checks};
    struct error e = {""};
    struct config *c = config_read(file, &e);
    struct outcome o[KINDS] = {
        [RULES] = {.where = rules || !c ? rules : c->rules_dir, .tables = c ? c->sigma_dir : NULL},
        [SUPPRESSIONS] = {.where = c ? c->suppress_file : NULL},
        [SEVERITY] = {.where = c ? c->severity_file : NULL},
        [SUPPORT] = {.where = c ? c->support_file : NULL},
        [CHECKS] = {.where = checks || !c ? checks : c->checks_dir}};
    int code = 0;
    for (size_t i = 0; i < KINDS; i++) {
        o[i].errors = BUF_INIT(4 << 20);
        if (o[i].where)
            look[i](&o[i]);
        if (o[i].broken > 0)
            code = 1;
    }
    if (!c)
        code = 2;
    if (json)
        print_json(file, c, e.text, o, code);
    else
        print_words(file, c, e.text, o);
    for (size_t i = 0; i < KINDS; i++)
        buf_release(&o[i].errors);
    config_free(c);
    return code;
}

/* Without a configuration the folder must be given: for a look before anything is installed. */
static int check_host(const char *file, const char *checks, bool json)
{
    struct error e = {""};
    struct config *c = config_read(file, &e);
    if (!c && !checks) {
        fprintf(stderr, "vigia check: %s\n", e.text);
        return 2;
    }
    int code = host_checks_print(checks ? checks : c->checks_dir, c ? c->host_root : "", json);
    config_free(c);
    return code;
}

int cmd_check(int argc, char **argv)
{
    const char *file = ARGS_DEFAULT_CONFIG, *rules = NULL, *checks = NULL;
    bool json = false, keys = false, host = false, folders = false;
    const struct arg args[] = {{"--config", &file, NULL},     {"--rules", &rules, NULL},
                               {"--checks", &checks, NULL},   {"--host", NULL, &host},
                               {"--json", NULL, &json},       {"--keys", NULL, &keys},
                               {"--folders", NULL, &folders}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    if (keys)
        return print_keys();
    if (folders)
        return check_folders();
    return host ? check_host(file, checks, json) : check_all(file, rules, checks, json);
}

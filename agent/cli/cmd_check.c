#include "base/json_write.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "config/config.h"
#include "config/keys.h"
#include "detect/check.h"
#include "source/integrity_severity.h"

static const char help[] =
    "Usage: vigia check [--config FILE] [--rules DIR] [--json]\n"
    "       vigia check --keys\n\n"
    "Looks the configuration, the rules and the table of severities over without starting\n"
    "anything. Exit code 0: all is well, 1: some rules or rows are off, 2: the configuration is\n"
    "bad.\n\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n"
    "  --rules DIR     look at the rules there instead of those of the configuration\n"
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

struct outcome {
    struct buf errors; /* one a line */
    size_t broken;
};

static void take_rule_error(void *ctx, const char *text)
{
    struct outcome *o = ctx;
    o->broken++;
    buf_put_text(&o->errors, text);
    buf_put_byte(&o->errors, '\n');
}

static size_t check_severity(const struct config *c, struct outcome *o)
{
    struct integrity_severity *t = integrity_severity_load(c->severity_file, take_rule_error, o);
    size_t rows = integrity_severity_rows(t);
    integrity_severity_free(t);
    return rows;
}

static void print_errors(struct json_out *j, const char *key, const struct outcome *o)
{
    struct span rest = buf_span(&o->errors), line;
    json_array(j, key);
    while (span_take_until(&rest, '\n', &line))
        json_span(j, NULL, line);
    json_end_array(j);
}

static void print_json(const char *file, const char *config_error, size_t rules,
                       const struct outcome *o, const struct outcome *severity, int code)
{
    struct buf text = BUF_INIT(8 << 20);
    struct json_out j;
    json_start(&j, &text);
    json_object(&j, NULL);
    json_text(&j, "config", file);
    json_text(&j, "config_error", config_error);
    json_uint(&j, "rules", rules);
    print_errors(&j, "rule_errors", o);
    print_errors(&j, "severity_errors", severity);
    json_int(&j, "exit_code", code);
    json_end_object(&j);
    puts(text.p ? text.p : "");
    buf_release(&text);
}

static int check_all(const char *file, const char *rules_dir, bool json)
{
    struct error e = {""};
    struct outcome o = {.errors = BUF_INIT(4 << 20)}, severity = o;
    struct config *c = config_read(file, &e);
    size_t rules = 0, rows = c ? check_severity(c, &severity) : 0;
    int code = c ? 0 : 2;
    if (!rules_dir && c)
        rules_dir = c->rules_dir;
    if (rules_dir)
        sigma_check_dir(rules_dir, take_rule_error, &o, &rules);
    if (code == 0 && o.broken + severity.broken > 0)
        code = 1;
    if (json) {
        print_json(file, e.text, rules, &o, &severity, code);
    } else {
        if (c)
            printf("%s: fine\n", file);
        else
            fprintf(stderr, "vigia check: %s\n", e.text);
        if (rules_dir)
            printf("%s: %zu rules fine, %zu off\n", rules_dir, rules, o.broken);
        if (c)
            printf("%s: %zu rows in force, %zu problems\n", c->severity_file, rows,
                   severity.broken);
        fputs(o.errors.p ? o.errors.p : "", stderr);
        fputs(severity.errors.p ? severity.errors.p : "", stderr);
    }
    buf_release(&severity.errors);
    buf_release(&o.errors);
    config_free(c);
    return code;
}

int cmd_check(int argc, char **argv)
{
    const char *file = ARGS_DEFAULT_CONFIG, *rules = NULL;
    bool json = false, keys = false;
    const struct arg args[] = {{"--config", &file, NULL},
                               {"--rules", &rules, NULL},
                               {"--json", NULL, &json},
                               {"--keys", NULL, &keys},
                               {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    return keys ? print_keys() : check_all(file, rules, json);
}

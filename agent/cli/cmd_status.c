#include "base/json_read.h"
#include "base/json_write.h"
#include "base/slurp.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "config/config.h"
#include "platform/clock.h"
#include "platform/process.h"

#include <errno.h>

#define STATUS_MAX (256 * 1024)

static const char help[] =
    "Usage: vigia status [--json] [--config FILE]\n\n"
    "How both roles are: what is watched, what waits for delivery, what is wrong and what helps.\n"
    "Exit code 0: healthy, 1: degraded, 3: collect does not run, 2: bad configuration.\n\n"
    "  --json          the same as one JSON object\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n";

struct report {
    struct json_doc *collect;
    struct json_doc *ship;
    bool collect_runs;
    bool ship_runs;
};

static struct json_doc *read_json(const char *folder, const char *name)
{
    char path[4400];
    struct buf text = BUF_INIT(STATUS_MAX);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    struct json_doc *doc = NULL;
    if (slurp_untrusted(path, &text) == 0)
        doc = json_read(buf_span(&text), NULL);
    buf_release(&text);
    return doc;
}

static bool is_running(const struct json_doc *doc)
{
    int64_t pid = json_get_int(json_root(doc), "pid", 0);
    return pid > 0 && pid <= INT32_MAX && process_is_alive((int)pid);
}

static void print_name(struct span s)
{
    struct buf text = BUF_INIT(s.n * 4 + 1);
    text_put_name(&text, s);
    printf("%s", text.p ? text.p : "");
    buf_release(&text);
}

/* A line, unless there are no words. */
static void print_words(const char *what, struct span words)
{
    if (words.n == 0)
        return;
    printf("%s", what);
    print_name(words);
    printf("\n");
}

static void print_age(const char *what, int64_t wall_ms)
{
    int64_t s = (clock_wall_ms() - wall_ms) / 1000;
    if (wall_ms <= 0)
        printf("%s: never\n", what);
    else if (s < 120)
        printf("%s: %lld s ago\n", what, (long long)s);
    else if (s < 7200)
        printf("%s: %lld min ago\n", what, (long long)(s / 60));
    else
        printf("%s: %lld h ago\n", what, (long long)(s / 3600));
}

static void print_sources(const struct json_value *root)
{
    const struct json_value *sources = json_get(root, "sources");
    for (size_t i = 0; i < json_count(sources); i++) {
        const struct json_value *source = json_at(sources, i);
        struct span detail = json_get_text(source, "detail");
        printf("  %-10.*s %.*s", (int)json_get_text(source, "name").n,
               json_get_text(source, "name").p, (int)json_get_text(source, "state").n,
               json_get_text(source, "state").p);
        if (detail.n > 0)
            printf(": ");
        print_name(detail);
        printf("\n");
    }
}

static void print_findings(const struct json_value *f)
{
    static const char *const names[] = {"told", "repeated", "over_budget", "suppressed"};
    static const char *const words[] = {"told", "counted as repeated", "over the budget",
                                        "suppressed"};
    printf("findings since the start:");
    for (size_t i = 0; i < 4; i++)
        printf("%s %lld %s", i > 0 ? "," : "", (long long)json_get_int(f, names[i], 0), words[i]);
    printf("\n");
}

static void print_spool(const struct json_value *root)
{
    const struct json_value *spool = json_get(root, "spool");
    int64_t batches = 0, bytes = 0;
    static const char *const folders[] = {"urgent", "routine"};
    for (size_t i = 0; i < 2; i++) {
        batches += json_get_int(json_get(spool, folders[i]), "batches", 0);
        bytes += json_get_int(json_get(spool, folders[i]), "bytes", 0);
    }
    printf("waiting: %lld batches, %lld KiB of %lld MiB\n", (long long)batches,
           (long long)(bytes / 1024), (long long)(json_get_int(spool, "cap", 0) >> 20));
    struct span error = json_get_text(spool, "error");
    if (error.n > 0) {
        printf("error: events cannot be written: ");
        print_name(error);
        printf("; reading waits, the logs are still there; make room where the state and outbox "
               "lie\n");
    }
    int64_t refused = json_get_int(json_get(spool, "refused"), "batches", 0);
    if (refused > 0)
        printf("refused by the center: %lld batches, kept in outbox/refused\n", (long long)refused);
}

/* What a role has given up by itself; nothing where the system has no means for it. */
static void print_confinement(const struct json_value *root)
{
    print_words("  confined by ", json_get_text(root, "confinement"));
    print_words("  error: not confined by ", json_get_text(root, "confinement_error"));
}

static void print_collect(const struct report *r)
{
    const struct json_value *root = json_root(r->collect);
    if (!r->collect_runs) {
        printf("collect: does not run; start the service, or `vigia run` for a trial\n");
        return;
    }
    printf("collect: runs (pid %lld), version %.*s, endpoint ",
           (long long)json_get_int(root, "pid", 0), (int)json_get_text(root, "version").n,
           json_get_text(root, "version").p);
    print_name(json_get_text(root, "endpoint"));
    printf(" of ");
    print_name(json_get_text(root, "institution"));
    printf("\n");
    print_confinement(root);
    struct span error = json_get_text(root, "config_error");
    if (error.n > 0) {
        printf("configuration: the one of before is in force: ");
        print_name(error);
        printf("\n");
    }
    print_sources(root);
    const struct json_value *rules = json_get(root, "rules");
    printf("rules: %lld in force, %lld off", (long long)json_get_int(rules, "active", 0),
           (long long)json_get_int(rules, "broken", 0));
    if (json_get_text(rules, "detail").n > 0)
        printf(": ");
    print_name(json_get_text(rules, "detail"));
    printf("\n");
    print_findings(json_get(root, "findings"));
    print_spool(root);
}

static void print_ship(const struct report *r)
{
    const struct json_value *root = json_root(r->ship);
    printf("ship: %s\n", r->ship_runs ? "runs" : "does not run; batches wait in the outbox");
    if (!root)
        return;
    if (r->ship_runs)
        print_confinement(root);
    print_age("last delivery", json_get_int(root, "last_delivery", 0));
    int64_t days = json_get_int(root, "cert_days", 0);
    if (days < 0)
        printf("certificate: has expired by this host's clock\n");
    else if (json_get(root, "cert_days"))
        printf("certificate: %lld days left\n", (long long)days);
    print_words("certificate: the one of before is in force: ",
                json_get_text(root, "identity_error"));
    print_words("certificate: ", json_get_text(root, "renewal"));
    print_words("error: ", json_get_text(root, "renewal_error"));
    print_words("error: ", json_get_text(root, "error"));
}

static void put_doc(struct json_out *j, const char *key, const struct json_doc *doc, bool runs)
{
    struct buf text = BUF_INIT(STATUS_MAX);
    json_object(j, key);
    json_bool(j, "running", runs);
    if (doc) {
        json_copy(json_root(doc), &text);
        json_raw(j, "status", buf_span(&text));
    }
    json_end_object(j);
    buf_release(&text);
}

static void print_json(const struct report *r, int code)
{
    struct buf text = BUF_INIT(2 * STATUS_MAX);
    struct json_out j;
    json_start(&j, &text);
    json_object(&j, NULL);
    json_int(&j, "exit_code", code);
    put_doc(&j, "collect", r->collect, r->collect_runs);
    put_doc(&j, "ship", r->ship, r->ship_runs);
    json_end_object(&j);
    puts(text.p ? text.p : "");
    buf_release(&text);
}

static int verdict(const struct report *r)
{
    if (!r->collect_runs)
        return 3;
    bool well = r->ship_runs && json_get_bool(json_root(r->collect), "healthy", false) &&
                json_get_text(json_root(r->ship), "error").n == 0 &&
                json_get_text(json_root(r->ship), "confinement_error").n == 0 &&
                json_get_text(json_root(r->ship), "renewal_error").n == 0 &&
                json_get_text(json_root(r->ship), "identity_error").n == 0;
    return well ? 0 : 1;
}

int cmd_status(int argc, char **argv)
{
    const char *file = ARGS_DEFAULT_CONFIG;
    bool json = false;
    const struct arg args[] = {
        {"--config", &file, NULL}, {"--json", NULL, &json}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    struct error e;
    struct config *c = config_read(file, &e);
    if (!c) {
        fprintf(stderr, "vigia status: %s\n", e.text);
        return 2;
    }
    struct report r = {read_json(c->run_dir, "status.json"), read_json(c->inbox_dir, "ship.json"),
                       false, false};
    r.collect_runs = is_running(r.collect);
    r.ship_runs = is_running(r.ship);
    int code = verdict(&r);
    if (json) {
        print_json(&r, code);
    } else {
        print_collect(&r);
        print_ship(&r);
    }
    json_free(r.collect);
    json_free(r.ship);
    config_free(c);
    return code;
}

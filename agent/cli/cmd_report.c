#include "base/hex.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/sha256.h"
#include "base/slurp.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "collect/report.h"
#include "config/config.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/login.h"
#include "platform/process.h"
#include "platform/random.h"
#include "platform/walk.h"

#include <errno.h>

#define WORDS_MAX   256
#define WAIT_MS     10000
#define FILE_MAX    (4ull << 30) /* of an attachment: hashing takes seconds, not minutes */
#define STATUS_MAX  65536
#define NOT_RUNNING 3

static const char help[] =
    "Usage: vigia report --category NAME [OPTIONS] [--] WORDS...\n"
    "       vigia report --category NAME [OPTIONS] --text FILE\n\n"
    "Tells the operations center of an incident, at once; while the center cannot be reached the\n"
    "report is kept and goes first when it can. Waits until the running collect has it. Prints "
    "the\n"
    "report's id, under which the center knows it. Needs the right to write to the requests "
    "folder\n"
    "(root).\n\n"
    "  --category NAME   what kind of incident, see below\n"
    "  --severity NAME   low, medium, high (default) or critical\n"
    "  --text FILE       the words stand in this file; - is the standard input\n"
    "  --attach FILE     name, size and SHA-256 of a file that belongs to it, not its content;\n"
    "                    up to 16 times. Keep the file: the center will ask for it\n"
    "  --contact TEXT    how to reach who knows more: telephone, mail\n"
    "  --no-wait         do not wait until collect has it\n"
    "  --json            answer in JSON\n"
    "  --config FILE     default " ARGS_DEFAULT_CONFIG "\n\n"
    "Passwords and the like do not belong in a report; what looks like one is masked.\n"
    "Exit code: 0 collect has it, 1 failed, 2 bad usage, 3 collect does not run (the report is "
    "kept\n"
    "and taken when it starts).\n\n"
    "Categories:\n";

struct options {
    const char *config, *category, *severity, *text, *contact;
    bool no_wait, json;
};

struct work {
    struct options options;
    struct config *config;
    struct report report;
    struct buf words;
    char reporter[REPORT_NAME_MAX];
    char id[2 * EVENT_UID_SIZE + 1];
    char name[64]; /* of the request's file */
};

static int fail(int code, const char *format, ...) __attribute__((format(__printf__, 2, 3)));

static int fail(int code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("vigia report: ", stderr);
    vfprintf(stderr, format, args);
    fputs("\n", stderr);
    va_end(args);
    return code;
}

static void print_categories(FILE *out)
{
    for (const struct report_category *c = report_categories; c->name; c++)
        fprintf(out, "  %-18s %s\n", c->name, c->help);
}

/* ---- words ---- */

static int read_stdin(struct buf *out)
{
    char piece[1024];
    size_t n;
    while ((n = fread(piece, 1, sizeof(piece), stdin)) > 0) {
        buf_put(out, piece, n);
        if (out->failed)
            return -EFBIG;
    }
    return ferror(stdin) ? -EIO : 0;
}

static int read_text(const char *file, struct buf *out)
{
    char real[4400];
    if (strcmp(file, "-") == 0)
        return read_stdin(out);
    int length = walk_real_path(file, real, sizeof(real));
    return length < 0 ? length : slurp_untrusted(real, out);
}

static int take_words(struct work *w, const struct arg_list *list)
{
    const char *file = w->options.text;
    if (file && list->n > 0)
        return fail(2, "words and --text do not go together");
    if (file) {
        int rc = read_text(file, &w->words);
        if (rc != 0 && rc != -EFBIG)
            return fail(1, "%s cannot be read: %s", file, error_text(rc));
        w->words.failed = rc == -EFBIG;
    }
    for (size_t i = 0; i < list->n; i++) {
        buf_put_text(&w->words, i ? " " : "");
        buf_put_text(&w->words, list->items[i]);
    }
    if (w->words.failed)
        return fail(2, "at most %d bytes of words; put the rest into a file and --attach it",
                    REPORT_WORDS_MAX);
    w->report.words = span_trim(buf_span(&w->words));
    if (w->report.words.n == 0)
        return fail(2, "say in words what happened; `vigia report --help` tells how");
    return 0;
}

/* ---- attachments ---- */

static int hash_file(file_t f, struct event_attachment *out)
{
    static char piece[65536];
    struct sha256 s;
    int64_t got;
    sha256_init(&s);
    while ((got = file_read_at(f, out->size, piece, sizeof(piece))) > 0) {
        sha256_update(&s, piece, (size_t)got);
        out->size += (uint64_t)got;
        if (out->size > FILE_MAX)
            return -EFBIG;
    }
    sha256_final(&s, out->sha256);
    return (int)got;
}

static int attach(struct work *w, const char *path)
{
    struct event_attachment *out = &w->report.files[w->report.files_n];
    char real[4400];
    file_t f;
    int rc = walk_real_path(path, real, sizeof(real)); /* a link is followed, once and here */
    if (rc >= 0)
        rc = file_open_untrusted(real, &f, NULL);
    if (rc == -EINVAL || rc == -EISDIR)
        return fail(1, "%s is no regular file; only those can be attached", path);
    if (rc < 0)
        return fail(1, "%s cannot be attached: %s", path, error_text(rc));
    rc = hash_file(f, out);
    file_close(f);
    if (rc == -EFBIG)
        return fail(1, "%s is larger than 4 GiB and cannot be attached", path);
    if (rc != 0)
        return fail(1, "%s cannot be read: %s", path, error_text(rc));
    const char *slash = strrchr(path, '/');
    out->name = span_of(slash && slash[1] ? slash + 1 : path);
    w->report.files_n++;
    return 0;
}

/* ---- the request ---- */

static int fill(struct work *w, const struct arg_list *words, const struct arg_list *files)
{
    struct options *o = &w->options;
    if (!o->category)
        return fail(2, "--category is missing; `vigia report --help` lists them");
    w->report.category = report_category_named(span_of(o->category));
    if (!w->report.category) {
        fail(2, "there is no category \"%s\"; there are:", o->category);
        print_categories(stderr);
        return 2;
    }
    w->report.severity = report_severity_named(span_of(o->severity));
    if (!w->report.severity)
        return fail(2, "--severity is low, medium, high or critical, not \"%s\"", o->severity);
    if (o->contact && strlen(o->contact) > REPORT_NAME_MAX)
        return fail(2, "--contact takes at most %d bytes", REPORT_NAME_MAX);
    int rc = take_words(w, words);
    for (size_t i = 0; i < files->n && rc == 0; i++)
        rc = attach(w, files->items[i]);
    if (rc == 0 && random_fill(w->report.id, sizeof(w->report.id)) != 0)
        rc = fail(1, "the system gives no random numbers for the report's id");
    login_name(w->reporter, sizeof(w->reporter));
    w->report.reporter = span_of(w->reporter);
    w->report.contact = span_of(o->contact ? o->contact : "");
    w->report.time_ms = clock_wall_ms();
    hex_encode(w->report.id, sizeof(w->report.id), w->id);
    snprintf(w->name, sizeof(w->name), "report-%s.json", w->id);
    return rc;
}

static int write_request(struct work *w)
{
    struct buf text = BUF_INIT(REPORT_REQUEST_MAX);
    report_write(&w->report, &text);
    int rc =
        text.failed ? -EFBIG : file_replace(w->config->requests_dir, w->name, text.p, text.n, 0600);
    buf_release(&text);
    if (rc == -ENOENT)
        return fail(NOT_RUNNING, "%s is not there: collect has never run; start it first",
                    w->config->requests_dir);
    if (rc != 0)
        return fail(1, "%s cannot be written: %s; run it as root", w->config->requests_dir,
                    error_text(rc));
    return 0;
}

/* ---- the answer ---- */

static bool collect_runs(const struct config *c)
{
    char path[4400];
    struct buf text = BUF_INIT(STATUS_MAX);
    snprintf(path, sizeof(path), "%s/status.json", c->run_dir);
    struct json_doc *doc =
        slurp_untrusted(path, &text) == 0 ? json_read(buf_span(&text), NULL) : NULL;
    int64_t pid = json_get_int(json_root(doc), "pid", 0);
    json_free(doc);
    buf_release(&text);
    return pid > 0 && pid <= INT32_MAX && process_is_alive((int)pid);
}

static bool is_there(const struct work *w, const char *ending)
{
    char path[4600];
    struct file_info info;
    snprintf(path, sizeof(path), "%s/%s%s", w->config->requests_dir, w->name, ending);
    return file_info_at(path, &info) == 0;
}

/* "taken", "refused" or "waiting" */
static const char *wait_for_collect(const struct work *w)
{
    int64_t until =
        clock_mono_ms() + (w->options.no_wait || !collect_runs(w->config) ? 0 : WAIT_MS);
    while (is_there(w, "") && clock_mono_ms() < until)
        clock_sleep_ms(20);
    if (is_there(w, ".refused"))
        return "refused";
    return is_there(w, "") ? "waiting" : "taken";
}

static void print_json(const struct work *w, const char *state, bool runs)
{
    struct buf out = BUF_INIT(65536);
    struct json_out j;
    json_start(&j, &out);
    json_object(&j, NULL);
    json_text(&j, "id", w->id);
    json_text(&j, "state", state);
    json_bool(&j, "collect_runs", runs);
    json_text(&j, "category", w->report.category->name);
    json_array(&j, "files");
    for (size_t i = 0; i < w->report.files_n; i++) {
        json_object(&j, NULL);
        json_name(&j, "name", w->report.files[i].name);
        json_uint(&j, "size", w->report.files[i].size);
        json_hex(&j, "sha256", w->report.files[i].sha256, SHA256_SIZE);
        json_end_object(&j);
    }
    json_end_array(&j);
    json_end_object(&j);
    printf("%s\n", out.p);
    buf_release(&out);
}

static int answer(const struct work *w)
{
    const char *state = wait_for_collect(w);
    bool taken = strcmp(state, "taken") == 0, refused = strcmp(state, "refused") == 0;
    bool runs = collect_runs(w->config);
    if (w->options.json)
        print_json(w, state, runs);
    else
        printf("%s\n", w->id);
    if (refused)
        return fail(1, "collect refused the report; its log says why (is it of another version?)");
    if (taken || (runs && w->options.no_wait))
        return 0;
    if (!runs)
        return fail(NOT_RUNNING,
                    "collect does not run; the report lies in %s and is told when it "
                    "starts",
                    w->config->requests_dir);
    return fail(1,
                "collect has not taken the report in %d s (`vigia status` tells how it is); it "
                "lies in %s and is told when it can be",
                WAIT_MS / 1000, w->config->requests_dir);
}

static int run(struct work *w, const struct arg_list *words, const struct arg_list *files)
{
    int rc = fill(w, words, files);
    if (rc == 0)
        rc = write_request(w);
    return rc == 0 ? answer(w) : rc;
}

int cmd_report(int argc, char **argv)
{
    const char *words[WORDS_MAX], *files[EVENT_ATTACHMENTS_MAX];
    struct work w = {.options = {.config = ARGS_DEFAULT_CONFIG, .severity = "high"},
                     .words = BUF_INIT(REPORT_WORDS_MAX)};
    struct options *o = &w.options;
    const struct arg args[] = {
        {"--category", &o->category, NULL}, {"--severity", &o->severity, NULL},
        {"--text", &o->text, NULL},         {"--contact", &o->contact, NULL},
        {"--no-wait", NULL, &o->no_wait},   {"--json", NULL, &o->json},
        {"--config", &o->config, NULL},     {NULL, NULL, NULL}};
    struct arg_list lists[] = {{"", words, WORDS_MAX, 0},
                               {"--attach", files, EVENT_ATTACHMENTS_MAX, 0},
                               {NULL, NULL, 0, 0}};
    int rc = args_parse_lists(argc, argv, args, lists, help);
    if (rc == 1)
        print_categories(stdout);
    if (rc)
        return rc - 1;
    struct error e;
    w.config = config_read(o->config, &e);
    if (!w.config)
        return fail(2, "%s", e.text);
    rc = run(&w, &lists[0], &lists[1]);
    buf_release(&w.words);
    config_free(w.config);
    return rc;
}

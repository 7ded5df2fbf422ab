#include "base/slurp.h"
#include "base/text.h"
#include "base/version.h"
#include "cli/archive.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "config/config.h"
#include "event/mask.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/host.h"
#include "platform/sysjournal.h"
#include "trust/identity.h"

#define PART_MAX   (1024u * 1024)
#define LOG_MAX    (4 * PART_MAX)
#define LOG_MS     (7 * 86400000LL)
#define LIST_MAX   20000 /* entries */
#define LIST_DEPTH 4

static const char help[] =
    "Usage: vigia support [--output FILE] [--config FILE]\n\n"
    "Packs what a ticket about this agent needs into one .tar.gz: versions, configuration, status "
    "of\n"
    "both roles, the last week of the services' messages, and a list (no contents) of the agent's "
    "own\n"
    "folders. Passwords and the like in these texts are replaced by ***, keys and collected data "
    "stay\n"
    "out. Look it over before you hand it on.\n\n"
    "  --output FILE   default vigia-support-<host>-<time>.tar.gz here; must not be there yet\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n";

struct support {
    const char *config_file;
    const struct config *config; /* NULL: it is bad */
    const char *config_error;
    struct archive *archive;
    struct buf notes; /* about.txt */
    int64_t now;
};

/* ---- what goes in ---- */

/* Secrets masked line by line, private keys left out: nothing else gets into the archive. */
static void add(struct support *s, const char *name, struct span text)
{
    struct buf safe = BUF_INIT(text.n * 4 + 64);
    struct span line;
    bool key = false;
    while (span_take_line(&text, &line)) {
        bool edge = span_find_span(line, SPAN("PRIVATE KEY-----")) < line.n;
        if (!key && !edge)
            mask_put(&safe, line);
        else if (edge)
            buf_put_text(&safe, "(a line of a private key)");
        key = edge ? span_find_span(line, SPAN("BEGIN")) < line.n : key;
        buf_put_byte(&safe, '\n');
    }
    archive_add(s->archive, name, buf_span(&safe), s->now);
    buf_release(&safe);
}

static void add_file(struct support *s, const char *name, const char *folder, const char *file)
{
    char path[4400];
    struct buf text = BUF_INIT(PART_MAX);
    snprintf(path, sizeof(path), "%s%s%s", folder, folder[0] ? "/" : "", file);
    int rc = slurp_untrusted(path, &text);
    if (rc == 0)
        add(s, name, buf_span(&text));
    else
        buf_printf(&s->notes, "%s is not in here: %s: %s\n", name, path, error_text(rc));
    buf_release(&text);
}

/* ---- lists of folders ---- */

struct listing {
    struct buf text;
    size_t n;
};

static void list_entry(struct listing *l, const char *path, const struct file_info *info)
{
    static const char types[] = "?-dlpscb"; /* as enum file_type */
    char time[TEXT_TIME_SIZE];
    text_time(info->mtime_ns / 1000000, time);
    buf_printf(&l->text, "%c%04o %5u %5u %10llu %s ", types[info->type], (unsigned)info->mode,
               (unsigned)info->uid, (unsigned)info->gid, (unsigned long long)info->size, time);
    text_put_name(&l->text, span_of(path));
    buf_put_byte(&l->text, '\n');
}

static void list(struct listing *l, const char *path, int depth)
{
    struct file_info info;
    struct folder *folder;
    const char *name;
    enum file_type type;
    int rc = file_info_at(path, &info);
    if (rc != 0) {
        buf_printf(&l->text, "%s: %s\n", path, error_text(rc));
        return;
    }
    list_entry(l, path, &info);
    if (info.type != FILE_FOLDER || depth == 0 || folder_open(path, &folder) != 0)
        return;
    while (l->n < LIST_MAX && folder_next(folder, &name, &type) == 1) {
        char below[4400];
        l->n++;
        snprintf(below, sizeof(below), "%s/%s", path, name);
        list(l, below, depth - 1);
    }
    folder_close(folder);
}

static void add_lists(struct support *s)
{
    const struct config *c = s->config;
    const char *const paths[] = {c->file,          c->severity_file, c->rules_dir,    c->sigma_dir,
                                 c->suppress_file, c->checks_dir,    c->pki_dir,      c->state_dir,
                                 c->outbox_dir,    c->inbox_dir,     c->requests_dir, c->run_dir};
    struct listing l = {.text = BUF_INIT(LOG_MAX)};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
        list(&l, paths[i], LIST_DEPTH);
    if (l.n >= LIST_MAX)
        buf_printf(&l.text, "(cut after %d entries)\n", LIST_MAX);
    add(s, "files.txt", buf_span(&l.text));
    buf_release(&l.text);
}

/* ---- messages of the services ---- */

static bool take(struct span field, const char *name, struct span *out)
{
    struct span start = span_of(name);
    if (!span_starts(field, start))
        return false;
    *out = (struct span){field.p + start.n, field.n - start.n};
    return true;
}

static void put_entry(struct sysjournal *j, struct buf *text)
{
    struct span who = {"", 0}, message = {"", 0};
    char who_text[64] = "", time[TEXT_TIME_SIZE];
    const char *data;
    size_t n;
    int64_t ms = 0;
    struct buf words = BUF_INIT(SYSJOURNAL_VALUE_MAX + 1);
    while (sysjournal_field(j, &data, &n) == 1) {
        struct span field = {data, n};
        if (take(field, "SYSLOG_IDENTIFIER=", &who))
            span_copy(who, who_text, sizeof(who_text));
        else if (take(field, "MESSAGE=", &message))
            buf_put_span(&words, message);
    }
    sysjournal_time(j, &ms);
    text_time(ms, time);
    buf_printf(text, "%s %s: ", time, who_text);
    text_put_name(text, buf_span(&words));
    buf_put_byte(text, '\n');
    buf_release(&words);
}

/* The newest of them: when the text is full, its older half goes. */
static void add_messages(struct support *s)
{
    static const char *const fields[] = {"SYSLOG_IDENTIFIER=vigia", "UNIT=vigia-collect.service",
                                         "UNIT=vigia-ship.service"};
    struct sysjournal *j;
    struct buf text = BUF_INIT(LOG_MAX);
    int rc = sysjournal_open(NULL, &j);
    if (rc != 0) {
        buf_printf(&s->notes, "messages.txt is not in here: the system's journal: %s\n",
                   error_text(rc));
        return;
    }
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]) && rc == 0; i++)
        rc = sysjournal_only(j, fields[i]);
    if (rc == 0)
        rc = sysjournal_seek_time(j, s->now - LOG_MS);
    while (rc == 0 && sysjournal_next(j) == 1) {
        if (text.n > LOG_MAX - 2 * SYSJOURNAL_VALUE_MAX - 256 * 4)
            buf_drop_front(&text, LOG_MAX / 2);
        put_entry(j, &text);
    }
    if (rc != 0)
        buf_printf(&s->notes, "messages.txt: the system's journal: %s\n", error_text(rc));
    sysjournal_close(j);
    add(s, "messages.txt", buf_span(&text));
    buf_release(&text);
}

/* ---- all of it ---- */

static void note_identity(struct support *s)
{
    struct certificate_facts facts;
    struct error e = {""};
    char until[TEXT_TIME_SIZE];
    if (trust_read_facts(s->config->pki_dir, &facts, &e) != TRUST_READY) {
        buf_printf(&s->notes, "certificate: %s\n", e.text);
        return;
    }
    text_time(facts.not_after_ms, until);
    buf_printf(&s->notes, "certificate: %s of %s, serial %s, until %s\n", facts.cn,
               facts.institution, facts.serial, until);
}

static void note_space(struct support *s)
{
    uint64_t free_bytes = 0, total = 0;
    int rc = file_space(s->config->outbox_dir, &free_bytes, &total);
    if (rc == 0)
        buf_printf(&s->notes, "space: %llu of %llu MiB free\n",
                   (unsigned long long)(free_bytes >> 20), (unsigned long long)(total >> 20));
}

static void add_drop_ins(struct support *s)
{
    for (size_t i = 0; i < s->config->drop_ins.n; i++) {
        const char *path = s->config->drop_ins.items[i], *name = strrchr(path, '/');
        char part[300];
        snprintf(part, sizeof(part), "vigia.ini.d%s", name ? name : path);
        add_file(s, part, "", path);
    }
}

static void pack(struct support *s)
{
    struct host_info host;
    char time[TEXT_TIME_SIZE];
    text_time(s->now, time);
    host_read("", &host);
    buf_printf(&s->notes, "vigia %s\ntime: %s\nhost: %s\nsystem: %s %s, kernel %s, %s\n",
               VIGIA_VERSION, time, host.hostname, host.os_name, host.os_version, host.kernel,
               host.arch);
    add_file(s, "vigia.ini", "", s->config_file);
    if (s->config) {
        add_drop_ins(s);
        note_identity(s);
        note_space(s);
        add_file(s, "status.json", s->config->run_dir, "status.json");
        add_file(s, "ship.json", s->config->inbox_dir, "ship.json");
        add_lists(s);
    } else {
        buf_printf(&s->notes, "configuration: %s\n", s->config_error);
    }
    add_messages(s);
    add(s, "about.txt", buf_span(&s->notes));
}

static void default_name(int64_t now, char *out, size_t size)
{
    struct host_info host;
    char time[TEXT_TIME_SIZE];
    host_read("", &host);
    text_time(now, time);
    for (char *p = host.hostname; *p; p++)
        if (*p == '/' || *p == '\\')
            *p = '_';
    /* 2026-01-02T03:04:05.678Z -> 20260102-0304 */
    snprintf(out, size, "vigia-support-%.64s-%.4s%.2s%.2s-%.2s%.2s.tar.gz",
             host.hostname[0] ? host.hostname : "host", time, time + 5, time + 8, time + 11,
             time + 14);
}

int cmd_support(int argc, char **argv)
{
    const char *config = ARGS_DEFAULT_CONFIG, *output = NULL;
    const struct arg args[] = {
        {"--config", &config, NULL}, {"--output", &output, NULL}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    char name[256];
    struct error e = {""};
    struct support s = {.config_file = config, .notes = BUF_INIT(PART_MAX)};
    s.now = clock_wall_ms();
    default_name(s.now, name, sizeof(name));
    output = output ? output : name;
    struct config *c = config_read(config, &e); /* a bad one is a reason for a ticket */
    s.config = c;
    s.config_error = e.text;
    rc = archive_create(output, &s.archive);
    if (rc == 0) {
        pack(&s);
        rc = archive_close(s.archive);
        if (rc != 0)
            file_remove(output);
    }
    buf_release(&s.notes);
    config_free(c);
    if (rc != 0) {
        fprintf(stderr,
                "vigia support: %s cannot be written: %s; name another file with --output\n",
                output, error_text(rc));
        return 1;
    }
    printf("%s\nLook it over before you hand it on: tar -xzf %s\n", output, output);
    return 0;
}

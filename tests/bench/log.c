/*
 * Following a log: CPU time a million lines from file to record (taken apart, dated, with its uid),
 * without rules, while the log grows to three million lines; against the floor of reading the same
 * bytes and finding each newline. Aim: 0.25 s a million lines. The same lines packed by gzip, as
 * after days off, beside it.
 */
#include "platform/clock.h"
#include "platform/file.h"
#include "source/log/follow.h"
#include "source/log/reader.h"

#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define LINES  3000000
#define ROUNDS 30 /* the log grows by a part, which is followed before the next */

static uint64_t lines, programs;
static struct log_times times;
static struct log_reader reader;

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void take_line(void *ctx, const struct log_line *line)
{
    (void)ctx;
    log_reader_take(&reader, line);
}

static void take_record(void *ctx, const struct record *r)
{
    (void)ctx;
    lines++;
    programs += r->program.n > 0;
}

static void take_event(void *ctx, const struct event *e)
{
    (void)ctx, (void)e;
}

static void take_incident(void *ctx, enum log_incident what, const struct log_position *before)
{
    (void)ctx, (void)what, (void)before;
}

static void take_unread(void *ctx, const char *why)
{
    (void)ctx, (void)why;
}

static double floor_s(const char *path)
{
    static char block[65536];
    uint64_t at = 0, found = 0;
    file_t f;
    int64_t got;
    double begun = cpu_s();
    if (file_open_read(path, &f) != 0)
        return 0;
    while ((got = file_read_at(f, at, block, sizeof(block))) > 0) {
        at += (uint64_t)got;
        for (const char *p = block, *end = block + got; p; found += p != NULL) {
            p = memchr(p, '\n', (size_t)(end - p));
            p = p ? p + 1 : p;
        }
    }
    file_close(f);
    return found >= LINES ? cpu_s() - begun : 0;
}

static int line_of(char *out, size_t size, int i)
{
    return snprintf(out, size,
                    "Sep 21 14:%02d:%02d host sshd[%d]: Failed password for invalid user u%d from "
                    "192.0.2.%d port %d ssh2\n",
                    i / 50000 % 60, i / 833 % 60, 1000 + i % 9000, i % 500, i % 250,
                    1024 + i % 60000);
}

static void write_part(FILE *log, gzFile packed, int from, int to)
{
    char line[256];
    for (int i = from; i < to; i++) {
        int n = line_of(line, sizeof(line), i);
        fwrite(line, 1, (size_t)n, log);
        gzwrite(packed, line, (unsigned)n);
    }
    fflush(log);
}

static double follow_s(struct log_follow *follow)
{
    const struct log_follow_callbacks callbacks = {NULL, take_line, take_incident, take_unread};
    double begun = cpu_s();
    while (log_follow_read(follow, 1 << 20, 1, &callbacks) >= 1 << 20)
        ;
    return cpu_s() - begun;
}

/* The log was rotated and packed before any of it was read. */
static double packed_s(struct log_follow *follow, const char *path)
{
    log_follow_release(follow);
    follow->at = (struct log_position){.ino = 1, .mtime_ns = 1};
    unlink(path);
    FILE *fresh = fopen(path, "w");
    if (fresh)
        fclose(fresh);
    lines = 0;
    return follow_s(follow);
}

int main(void)
{
    static const struct source_host host = {.emit = take_event, .emit_record = take_record};
    static struct config_log section = {.service = "auth", .format = "syslog"};
    static struct log_follow follow;
    char path[64], packed_path[80];
    snprintf(path, sizeof(path), "/tmp/vigia-bench-log-%d", (int)getpid());
    snprintf(packed_path, sizeof(packed_path), "%s.1.gz", path);
    FILE *log = fopen(path, "w");
    gzFile packed = gzopen(packed_path, "wb1");
    if (!log || !packed)
        return 1;
    log_times_now(&times, 1, 1790005000000, 0);
    log_follow_init(&follow, path);
    reader = (struct log_reader){
        .host = &host, .log = &section, .path = path, .times = &times, .at = &follow.at};
    log_reader_init(&reader);
    double followed = 0, millions = LINES / 1e6;
    for (int i = 0; i < ROUNDS; i++) {
        write_part(log, packed, LINES / ROUNDS * i, LINES / ROUNDS * (i + 1));
        followed += follow_s(&follow);
    }
    fclose(log);
    gzclose(packed);
    double floor = floor_s(path);
    uint64_t plain_lines = lines, plain_programs = programs;
    double unpacked = packed_s(&follow, path);
    log_follow_release(&follow);
    unlink(path);
    unlink(packed_path);
    printf("log: %llu lines, %llu with a program; %.3f CPU s a million lines (aim 0.25), floor "
           "%.3f s, ratio %.1f; out of .gz %.3f s\n",
           (unsigned long long)plain_lines, (unsigned long long)plain_programs, followed / millions,
           floor / millions, floor > 0 ? followed / floor : 0, unpacked / millions);
    bool all = plain_lines == LINES && lines == LINES;
    return all ? 0 : 1;
}

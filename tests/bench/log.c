/*
 * Following a log: CPU time a million lines from file to record, without rules, against the floor
 * of reading the same bytes and finding each newline. Aim: 0.25 s a million lines.
 */
#include "platform/clock.h"
#include "platform/file.h"
#include "source/log_follow.h"
#include "source/log_syslog.h"

#include <time.h>
#include <unistd.h>

#define LINES 1000000

static uint64_t lines, programs;
static struct syslog_clock year;

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static void take_line(void *ctx, const struct log_line *line)
{
    struct syslog_line parsed;
    (void)ctx;
    lines++;
    if (syslog_parse(line->text, &year, &parsed))
        programs += parsed.program.n > 0;
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

static void write_log(const char *path)
{
    FILE *f = fopen(path, "w");
    for (int i = 0; f && i < LINES; i++)
        fprintf(f,
                "Sep 21 14:%02d:%02d host sshd[%d]: Failed password for invalid user u%d from "
                "192.0.2.%d port %d ssh2\n",
                i / 60 % 60, i % 60, 1000 + i % 9000, i % 500, i % 250, 1024 + i % 60000);
    if (f)
        fclose(f);
}

int main(void)
{
    static struct log_follow follow;
    const struct log_follow_callbacks callbacks = {NULL, take_line, take_incident, take_unread};
    char path[64];
    snprintf(path, sizeof(path), "/tmp/vigia-bench-log-%d", (int)getpid());
    syslog_clock_init(&year, 1790000000000, 0);
    write_log(path);
    double floor = floor_s(path);
    log_follow_init(&follow, path);
    double begun = cpu_s();
    while (log_follow_read(&follow, 1 << 20, 1, &callbacks) >= 1 << 20)
        ;
    double followed = cpu_s() - begun;
    log_follow_release(&follow);
    unlink(path);
    printf(
        "log: %llu lines, %llu with a program; %.3f CPU s (aim 0.25), floor %.3f s, ratio %.1f\n",
        (unsigned long long)lines, (unsigned long long)programs, followed, floor,
        floor > 0 ? followed / floor : 0);
    return lines == LINES ? 0 : 1;
}

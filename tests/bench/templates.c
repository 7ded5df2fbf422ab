/*
 * Mining templates: CPU time from a message to its template, against the floor of finding each
 * line's end. Aim: 500,000 lines a second on one core. The lines are of twelve statements with
 * values that change, and one in 1,000 is a statement of its own.
 *
 * With `--groups` it reads lines from stdin instead and prints the number of each line's template:
 * what tests/shared/templates compares with the truth.
 */
#include "base/buf.h"
#include "detect/miner.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LINES 2000000

static struct mined *mine(struct miner *m, struct span line, int64_t time_ms)
{
    struct tokens tokens;
    bool fresh;
    tokens_take(line, &tokens);
    struct mined *t = miner_take(m, 0, SPAN(""), &tokens, &fresh);
    miner_seen(m, t, time_ms);
    return t;
}

/* Twice: the second time each line tells its template as it has become. */
static int groups(bool texts)
{
    struct buf text = BUF_INIT(64 << 20);
    struct miner *m = miner_new();
    char block[65536];
    size_t got;
    while ((got = fread(block, 1, sizeof(block), stdin)) > 0)
        buf_put(&text, block, got);
    for (int round = 0; round < 2; round++) {
        struct span rest = buf_span(&text), line;
        while (span_take_line(&rest, &line)) {
            const struct mined *t = mine(m, line, 0);
            if (round == 1)
                printf("%u%s%s\n", t->id, texts ? " " : "", texts ? t->text : "");
        }
    }
    miner_free(m);
    buf_release(&text);
    return text.failed;
}

static const char *const statements[] = {
    "Failed password for invalid user u%d from 192.0.2.%d port %d ssh2",
    "Accepted publickey for deploy from 192.0.2.%d port %d ssh2: RSA SHA256:%dabc",
    "pam_unix(sshd:session): session opened for user deploy by (uid=%d)",
    "pam_unix(sshd:auth): authentication failure; logname= uid=%d euid=%d tty=ssh ruser= rhost=%d",
    "Started Session %d of user root.",
    "(root) CMD (test -x /usr/sbin/anacron || run-parts /etc/cron.daily/%d)",
    "connection from %d.%d.0.1 (host.example.net) at Sun Jul 10 03:55:15 2005",
    "[UFW BLOCK] IN=eth0 OUT= SRC=192.0.2.%d DST=10.0.0.%d LEN=40 PROTO=TCP SPT=%d DPT=22 SYN",
    "usb 1-%d: new high-speed USB device number %d using xhci_hcd",
    "GET /v1/items/%d HTTP/1.1 status: 200 len: %d time: 0.%d",
    "Deleted file /srv/data/%d/part-%d.bin after %d ms",
    "warning: can't get client address: Connection reset by peer",
};
#define STATEMENTS (sizeof(statements) / sizeof(statements[0]))

static void line_put(struct buf *out, int i)
{
    char line[256];
    int n;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    n = snprintf(line, sizeof(line), statements[(size_t)i % STATEMENTS], i % 250, i % 60000, i);
#pragma GCC diagnostic pop
    if (i % 1000 == 999) /* words of its own */
        n = snprintf(line, sizeof(line), "%c%c%c%c is new here", 'a' + i / 1000 % 26,
                     'a' + i / 26000 % 26, 'a' + i / 7000 % 26, 'a' + i / 3000 % 26);
    buf_put(out, line, (size_t)n);
    buf_put_byte(out, '\n');
}

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double floor_s(struct span text, size_t *lines)
{
    double begun = cpu_s();
    for (const char *p = text.p, *end = p + text.n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
        ++*lines;
    return cpu_s() - begun;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return groups(strcmp(argv[1], "--texts") == 0);
    struct buf text = BUF_INIT(512U << 20);
    for (int i = 0; i < LINES; i++)
        line_put(&text, i);
    size_t lines = 0;
    double floor = floor_s(buf_span(&text), &lines);
    struct miner *m = miner_new();
    struct span rest = buf_span(&text), line;
    double begun = cpu_s();
    while (span_take_line(&rest, &line))
        mine(m, line, 0);
    double mined = cpu_s() - begun;
    printf("templates: %zu lines, %.0f lines a CPU second (aim 500000), floor %.3f s, ratio %.1f; "
           "%zu templates, %llu given up, %zu KiB\n",
           lines, LINES / mined, floor, floor > 0 ? mined / floor : 0, miner_used(m),
           (unsigned long long)miner_evicted(m), miner_bytes() / 1024);
    miner_free(m);
    buf_release(&text);
    return lines == LINES && LINES / mined >= 500000 ? 0 : 1;
}

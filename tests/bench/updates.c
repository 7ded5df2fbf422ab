/*
 * Windows' patch state.
 *
 *   updates                    CPU time of what the poll loop does with the outcome of a look: as
 * many installed updates as are looked at, reconciled and told. Aim: 50 ms updates REGISTRY SERVICE
 * the patch state that is told of a registry made of text (unit/registry_kit.h), a line of JSON;
 * SERVICE is what the update service says: lines "fix NAME", "installed TITLE", "removed TITLE",
 * "failed TITLE", the newest first
 */
#include "base/slurp.h"
#include "event/ocsf.h"
#include "platform/clock.h"
#include "source/updates/tell.h"
#include "unit/registry_kit.h"

#include <time.h>

#define FILE_MAX (16 << 20)

static struct buf service;

/* ---- the service, played ---- */

static bool take_word(struct span *line, const char *word)
{
    size_t n = strlen(word);
    if (!span_starts(*line, span_of(word)))
        return false;
    *line = (struct span){line->p + n, line->n - n};
    return true;
}

int updates_pending(bool (*each)(void *ctx, const struct update *u), void *ctx, uint32_t *code)
{
    (void)each, (void)ctx;
    *code = 0;
    return 0;
}

int updates_history(bool (*each)(void *ctx, const struct update_past *u), void *ctx, uint32_t *code)
{
    struct span rest = buf_span(&service), line;
    *code = 0;
    while (span_take_line(&rest, &line)) {
        struct update_past past = {.at_ms = 1};
        past.removal = take_word(&line, "removed ");
        if (take_word(&line, "failed "))
            past.outcome = UPDATE_FAILED;
        else if (!past.removal && !take_word(&line, "installed "))
            continue;
        span_copy(line, past.title, sizeof(past.title));
        if (!each(ctx, &past))
            break;
    }
    return 0;
}

int updates_fixes(bool (*each)(void *ctx, const char *name), void *ctx, uint32_t *code)
{
    struct span rest = buf_span(&service), line;
    char name[64];
    *code = 0;
    while (span_take_line(&rest, &line))
        if (take_word(&line, "fix ") && span_copy(line, name, sizeof(name)) && !each(ctx, name))
            break;
    return 0;
}

int updates_times(struct updates_times *out, uint32_t *code)
{
    *out = (struct updates_times){0};
    *code = 0;
    return 0;
}

/* ---- what is told ---- */

static void print(void *ctx, const struct event *e)
{
    static const struct identity who = {.institution = "MX-SAT",
                                        .endpoint = "pc-1",
                                        .hostname = "pc-1",
                                        .device_uid = "00",
                                        .os_name = "Windows",
                                        .os_version = "10.0",
                                        .os_type_id = 100};
    struct buf line = BUF_INIT(64 << 10);
    (void)ctx;
    ocsf_encode(&line, &who, e, 1);
    if (line.failed) {
        fprintf(stderr, "an event does not fit a line\n");
        exit(1);
    }
    printf("%s\n", line.p);
    buf_release(&line);
}

static void drop(void *ctx, const struct event *e)
{
    (void)ctx, (void)e;
}

static double cpu_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* How long the poll loop's part of it took, in ms. */
static double look(void (*emit)(void *ctx, const struct event *e))
{
    struct updates_host host = {.os.build = 0};
    struct updates_service said;
    struct patch_support support = {.state = SUPPORT_UNKNOWN};
    struct updates_facts f = {&host, &said, &support, clock_wall_ms()};
    updates_system_read(&host.os);
    updates_reboot_read(&host.reboot);
    updates_defender_read(&host.defender);
    installed_read_cbs(&host.installed);
    software_read(&host.software);
    updates_service_ask(&said);
    double began = cpu_ms();
    updates_service_reconcile(&said, &host.installed);
    updates_tell_state(&f, emit, NULL);
    double took = cpu_ms() - began;
    installed_release(&host.installed);
    software_release(&host.software);
    updates_service_release(&said);
    return took;
}

static void measure(void)
{
    for (int i = 0; i < INSTALLED_KBS_MAX; i++)
        buf_printf(&service, "fix KB%d\n", 5000000 + i);
    printf("%d installed updates reconciled and told: %.1f ms (aim 50)\n", INSTALLED_KBS_MAX,
           look(drop));
}

int main(int argc, char **argv)
{
    service = BUF_INIT(FILE_MAX);
    if (argc != 3) {
        measure();
        return 0;
    }
    registry_kit_add_file(argv[1]);
    int rc = slurp(argv[2], &service);
    if (rc != 0)
        fprintf(stderr, "%s: %d\n", argv[2], rc);
    else
        look(print);
    buf_release(&service);
    return rc != 0;
}

#include "base/error.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "platform/clock.h"
#include "source/updates/look.h"
#include "source/updates/tell.h"

#include <errno.h>

static const char help[] =
    "Usage: vigia updates\n\n"
    "The pending updates as the patch state tells them, one a line: article, day of publication,\n"
    "severity, words (security, downloaded, hidden) and title. Last come the places that want a\n"
    "restart. What keeps the answer from being sure is said on standard error, and then the exit\n"
    "code is 1. Windows Update is not made to search: it says what its last search found.\n";

/* What the service and the registry say may hold anything. */
static void print_name(const char *before, const char *name)
{
    struct buf safe = BUF_INIT(4096);
    text_put_name(&safe, span_of(name));
    printf("%s%s", before, safe.p ? safe.p : "");
    buf_release(&safe);
}

static void print_pending(const struct updates_service *s)
{
    char name[80], day[TEXT_TIME_SIZE] = "-";
    for (size_t i = 0; i < s->pending_n; i++) {
        const struct update *u = &s->pending[i];
        if (u->published_ms > 0)
            text_time(u->published_ms, day);
        print_name("", updates_name(u, name, sizeof(name)));
        printf(" %.10s", u->published_ms > 0 ? day : "-");
        print_name(" ", u->severity[0] ? u->severity : "-");
        printf("%s%s%s", updates_is_security(u) ? " security" : "",
               u->downloaded ? " downloaded" : "", u->hidden ? " hidden" : "");
        print_name("  ", u->title);
        printf("\n");
    }
}

static void print_reboot(const struct updates_reboot *r)
{
    for (size_t i = 0; i < r->n; i++) {
        printf("restart required: %s", r->mark[i].name);
        if (r->mark[i].detail[0])
            print_name(": ", r->mark[i].detail);
        printf("\n");
    }
}

/* How many reasons there are to doubt. */
static int doubt(const struct updates_service *s)
{
    const struct {
        const char *what;
        const struct service_part *is;
    } parts[] = {{"pending updates", &s->pending_is},
                 {"the history of updates", &s->history_is},
                 {"the list of fixes", &s->fixes_is}};
    char words[160];
    int n = 0;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        if (parts[i].is->rc != 0) {
            updates_service_words(parts[i].is, words, sizeof(words));
            fprintf(stderr, "vigia updates: unknown: %s: %s\n", parts[i].what, words);
            n++;
        }
    if (s->pending_left_out > 0) {
        fprintf(stderr, "vigia updates: %zu more updates than are looked at\n",
                s->pending_left_out);
        n++;
    }
    return n;
}

int cmd_updates(int argc, char **argv)
{
    const struct arg args[] = {{NULL, NULL, NULL}};
    static const struct updates_service late = {.pending_is = {-ETIMEDOUT, 0}};
    struct updates_look *look;
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    rc = updates_look_start(NULL, true, &look);
    if (rc != 0) {
        fprintf(stderr, "vigia updates: no thread can be started: %s\n", error_text(rc));
        return 1;
    }
    int64_t end = clock_mono_ms() + LOOK_ASKING_MS;
    while (updates_look_stage(look) != LOOK_DONE && clock_mono_ms() < end)
        clock_sleep_ms(50);
    bool done = updates_look_stage(look) == LOOK_DONE;
    const struct updates_service *service = done ? updates_look_service(look) : &late;
    print_pending(service);
    if (updates_look_stage(look) != LOOK_READING)
        print_reboot(&updates_look_host(look)->reboot);
    rc = doubt(service) > 0;
    updates_look_leave(look);
    return rc;
}

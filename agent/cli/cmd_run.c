#include "base/log.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "config/config.h"
#include "platform/clock.h"
#include "platform/process.h"
#include "platform/service.h"

#define STOP_TIMEOUT_MS 15000

static const char help[] =
    "Usage: vigia run [--config FILE]\n\n"
    "Starts both roles, collect and ship, in the foreground, for trials. In daily use they are "
    "two\n"
    "services with rights of their own. Ends both when asked to stop, or when one of them ends.\n\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n";

struct role {
    const char *name;
    struct process *process;
    bool ended;
    int code;
};

static int start_role(struct role *r, const char *program, const char *config)
{
    const char *argv[] = {program, r->name, "--config", config, NULL};
    int rc = process_start(argv, &r->process);
    if (rc != 0)
        log_error("%s %s cannot be started: %s", program, r->name, error_text(rc));
    return rc;
}

static bool look(struct role *roles)
{
    bool any_ended = false;
    for (int i = 0; i < 2; i++) {
        if (!roles[i].ended)
            roles[i].ended = process_ended(roles[i].process, &roles[i].code) == 1;
        any_ended = any_ended || roles[i].ended;
    }
    return any_ended;
}

static int stop_both(struct role *roles)
{
    int64_t until = clock_mono_ms() + STOP_TIMEOUT_MS;
    int code = 0;
    for (int i = 0; i < 2; i++)
        if (!roles[i].ended)
            process_ask_to_stop(roles[i].process);
    while (clock_mono_ms() < until) {
        look(roles);
        if (roles[0].ended && roles[1].ended)
            break;
        clock_sleep_ms(20);
    }
    for (int i = 0; i < 2; i++) {
        if (roles[i].ended && roles[i].code != 0)
            code = roles[i].code;
        process_free(roles[i].process);
    }
    return code;
}

static int run_roles(const char *program, const char *config)
{
    struct role roles[] = {{.name = "collect"}, {.name = "ship"}};
    if (start_role(&roles[0], program, config) != 0)
        return 1;
    if (start_role(&roles[1], program, config) != 0) {
        process_free(roles[0].process);
        return 1;
    }
    struct poll_item item = {service_wait(), false};
    while (!service_stop_asked() && !look(roles))
        poll_wait(&item, 1, 500);
    for (int i = 0; i < 2; i++)
        if (roles[i].ended)
            log_error("%s ended by itself with code %d", roles[i].name, roles[i].code);
    return stop_both(roles);
}

int cmd_run(int argc, char **argv)
{
    const char *config = ARGS_DEFAULT_CONFIG;
    const struct arg args[] = {{"--config", &config, NULL}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    struct error e;
    struct config *c = config_read(config, &e); /* one clear message instead of two */
    if (!c) {
        log_error("%s", e.text);
        return 2;
    }
    config_free(c);
    char program[4096];
    if (process_self_path(program, sizeof(program)) < 0 || service_open() != 0)
        return 1;
    return run_roles(program, config);
}

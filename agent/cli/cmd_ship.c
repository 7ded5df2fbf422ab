#include "cli/args.h"
#include "cli/cmd.h"
#include "ship/ship.h"

static const char help[] =
    "Usage: vigia ship [--config FILE]\n\n"
    "Delivers sealed batches from the outbox to the center over mutual TLS, urgent ones first, "
    "and\n"
    "acknowledges in the inbox what the center has. Reads nothing else of this host. Waits while "
    "the\n"
    "host is not enrolled. Runs until it is asked to stop; SIGHUP reads the configuration "
    "again.\n\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n";

int cmd_ship(int argc, char **argv)
{
    const char *config = ARGS_DEFAULT_CONFIG;
    const struct arg args[] = {{"--config", &config, NULL}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    return rc ? rc - 1 : ship_run(config);
}

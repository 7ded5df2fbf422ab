#include "cli/args.h"
#include "cli/cmd.h"
#include "collect/collect.h"

static const char help[] =
    "Usage: vigia collect [--config FILE]\n\n"
    "Reads the host - files, logs, packages - and writes what it finds as sealed batches into the\n"
    "outbox, from where `vigia ship` delivers them. Uses no network. Runs until it is asked to "
    "stop;\n"
    "SIGHUP reads the configuration again.\n\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n";

int cmd_collect(int argc, char **argv)
{
    const char *config = ARGS_DEFAULT_CONFIG;
    const struct arg args[] = {{"--config", &config, NULL}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    return rc ? rc - 1 : collect_run(config);
}

/* vigia: a table of subcommands and nothing else. */
#include "base/version.h"
#include "cli/cmd.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    {"run", cmd_run, "collect and ship in the foreground, for trials"},
    {"collect", cmd_collect, "the role that reads the host (a service)"},
    {"ship", cmd_ship, "the role that delivers to the center (a service)"},
    {"enroll", cmd_enroll, "take in an enrollment bundle, or make a key and a request"},
    {"status", cmd_status, "how both roles are; exit 0 healthy, 1 degraded, 3 not running"},
    {"check", cmd_check, "look the configuration and the rules over"},
    {"rules", cmd_rules, "look a folder of Sigma rules over, or try them on events"},
    {"scan", cmd_scan, "ask the running collect for a re-check of all watched files"},
    {"updates", cmd_updates, "the pending updates, as `apt list --upgradable` has them"},
    {"templates", cmd_templates, "the kinds of log messages that this host is known to write"},
    {"report", cmd_report, "report an incident to the operations center by hand"},
    {"support", cmd_support, "pack what a ticket about this agent needs, secrets left out"},
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *out)
{
    fprintf(out,
            "vigia %s - watches this machine for its security operations center\n\n"
            "Usage: vigia COMMAND [OPTIONS]\n\n",
            VIGIA_VERSION);
    for (size_t i = 0; i < COMMANDS; i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].help);
    fprintf(out, "\n`vigia COMMAND --help` tells more. `vigia --version` prints the version.\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("vigia %s\n", VIGIA_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "vigia: unknown command \"%s\"; `vigia --help` lists them\n", argv[1]);
    return 2;
}

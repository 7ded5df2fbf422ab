/*
 * Options of a subcommand by a table: --name VALUE, --name=VALUE or a bare --name. --help prints
 * the help text; anything unknown is an error that names what is known.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#define ARGS_DEFAULT_CONFIG "/etc/vigia/vigia.ini"

struct arg {
    const char *name;   /* with its dashes: "--config" */
    const char **value; /* takes a value; or */
    bool *flag;         /* takes none */
};

/* Values of an option that may stand several times; of name "" are the words that are no option
 * (everything behind "--" is one). One that is full refuses the next. */
struct arg_list {
    const char *name;
    const char **items;
    size_t max, n;
};

/* args ends with an entry of name NULL. Returns 0 to go on, or an exit code + 1 (1: --help was
 * printed and all is well; 3: bad usage). */
int args_parse(int argc, char **argv, const struct arg *args, const char *help);
/* The same with lists, which end with an entry of name NULL. */
int args_parse_lists(int argc, char **argv, const struct arg *args, struct arg_list *lists,
                     const char *help);

#endif

#include "cli/args.h"

#include <stdio.h>
#include <string.h>

static const struct arg *find(const struct arg *args, const char *text, size_t n)
{
    for (; args->name; args++)
        if (strlen(args->name) == n && memcmp(args->name, text, n) == 0)
            return args;
    return NULL;
}

static int refuse(const char *command, const char *what, const char *text, const struct arg *args)
{
    fprintf(stderr, "vigia %s: %s %s; known are:", command, what, text);
    for (; args->name; args++)
        fprintf(stderr, " %s", args->name);
    fprintf(stderr, " --help\n");
    return 3;
}

int args_parse(int argc, char **argv, const struct arg *args, const char *help)
{
    for (int i = 1; i < argc; i++) {
        const char *text = argv[i], *equals = strchr(text, '=');
        size_t n = equals ? (size_t)(equals - text) : strlen(text);
        if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
            fputs(help, stdout);
            return 1;
        }
        const struct arg *arg = find(args, text, n);
        if (!arg)
            return refuse(argv[0], "unknown argument", text, args);
        if (arg->flag) {
            if (equals)
                return refuse(argv[0], "no value is taken by", arg->name, args);
            *arg->flag = true;
        } else if (equals) {
            *arg->value = equals + 1;
        } else if (i + 1 < argc) {
            *arg->value = argv[++i];
        } else {
            return refuse(argv[0], "a value is missing behind", arg->name, args);
        }
    }
    return 0;
}

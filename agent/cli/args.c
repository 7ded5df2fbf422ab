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

static struct arg_list *find_list(struct arg_list *lists, const char *text, size_t n)
{
    for (; lists && lists->name; lists++)
        if (strlen(lists->name) == n && memcmp(lists->name, text, n) == 0)
            return lists;
    return NULL;
}

static int refuse(const char *command, const char *what, const char *text, const struct arg *args,
                  const struct arg_list *lists)
{
    fprintf(stderr, "vigia %s: %s %s; known are:", command, what, text);
    for (; args->name; args++)
        fprintf(stderr, " %s", args->name);
    for (; lists && lists->name; lists++)
        if (lists->name[0])
            fprintf(stderr, " %s", lists->name);
    fprintf(stderr, " --help\n");
    return 3;
}

static int add(const char *command, struct arg_list *list, const char *value)
{
    if (list->n == list->max) {
        fprintf(stderr, "vigia %s: at most %zu %s\n", command, list->max,
                list->name[0] ? list->name : "words");
        return 3;
    }
    list->items[list->n++] = value;
    return 0;
}

int args_parse(int argc, char **argv, const struct arg *args, const char *help)
{
    return args_parse_lists(argc, argv, args, NULL, help);
}

int args_parse_lists(int argc, char **argv, const struct arg *args, struct arg_list *lists,
                     const char *help)
{
    struct arg_list *words = find_list(lists, "", 0);
    bool only_words = false;
    int rc = 0;
    for (int i = 1; i < argc && rc == 0; i++) {
        const char *text = argv[i], *equals = strchr(text, '=');
        size_t n = equals ? (size_t)(equals - text) : strlen(text);
        if (words && (only_words || text[0] != '-')) {
            rc = add(argv[0], words, text);
            continue;
        }
        if (words && strcmp(text, "--") == 0) {
            only_words = true;
            continue;
        }
        if (strcmp(text, "--help") == 0 || strcmp(text, "-h") == 0) {
            fputs(help, stdout);
            return 1;
        }
        const struct arg *arg = find(args, text, n);
        struct arg_list *list = find_list(lists, text, n);
        if (!arg && !list)
            return refuse(argv[0], "unknown argument", text, args, lists);
        if (arg && arg->flag) {
            if (equals)
                return refuse(argv[0], "no value is taken by", arg->name, args, lists);
            *arg->flag = true;
            continue;
        }
        const char *value = equals ? equals + 1 : i + 1 < argc ? argv[++i] : NULL;
        if (!value)
            return refuse(argv[0], "a value is missing behind", text, args, lists);
        if (list)
            rc = add(argv[0], list, value);
        else
            *arg->value = value;
    }
    return rc;
}

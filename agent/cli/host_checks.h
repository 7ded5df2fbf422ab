/* `vigia check --host`: every host check once, now, for the people at the machine. */
#ifndef CLI_HOST_CHECKS_H
#define CLI_HOST_CHECKS_H

#include <stdbool.h>

/* Prints a table or JSON. Exit code: 0 nothing fails, 1 something fails or a check is off. */
int host_checks_print(const char *checks_dir, const char *host_root, bool json);

#endif

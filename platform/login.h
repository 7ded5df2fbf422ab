/* Who sits behind this process. */
#ifndef PLATFORM_LOGIN_H
#define PLATFORM_LOGIN_H

#include <stddef.h>

/* The name of whoever logged in (also when sudo made root of them since), else of whoever called
 * sudo, else of the user that this process runs as. Always NUL-terminated. */
void login_name(char *out, size_t size);

#endif

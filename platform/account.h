/*
 * Names of users and groups from the host's own tables (/etc/passwd, /etc/group read with limits;
 * never through the name service, which may open sockets or load modules). Cached; the cache is
 * read again when the file changed. Callable from any thread. On Windows users have no numbers:
 * what is asked for comes back in digits.
 */
#ifndef PLATFORM_ACCOUNT_H
#define PLATFORM_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

/* The name, or the number in digits when there is none. Always NUL-terminated. */
void account_user_name(uint32_t uid, char *out, size_t size);
void account_group_name(uint32_t gid, char *out, size_t size);

#endif

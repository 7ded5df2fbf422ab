/*
 * Software that one user has alone stands in a part of the registry that is there only while that
 * user is logged on. What it said last is kept in the store (STORE_PATCH, "user <SID>"), so that
 * nothing seems to come and go with the people; it is forgotten with the user's profile.
 */
#ifndef SOURCE_UPDATES_USERS_H
#define SOURCE_UPDATES_USERS_H

#include "source/source.h"
#include "source/updates/software.h"

/* Keeps what was read of users and adds what is kept of others; `s` is finished again. */
void users_complete(const struct source_host *h, struct software *s);

#endif

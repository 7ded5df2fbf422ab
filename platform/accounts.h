/*
 * Users and groups that this machine itself keeps (Windows: the SAM; of a domain controller, the
 * domain). Nobody else is asked: members from elsewhere have no name here. Functions return 0, or a
 * negative errno value (-ENOSYS: Linux, where they stand in files).
 */
#ifndef PLATFORM_ACCOUNTS_H
#define PLATFORM_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ACCOUNT_NAME_MAX (256 * 3 + 1)
#define ACCOUNT_SID_MAX  192 /* as text, with its end */

enum { /* as bits */
       ACCOUNT_DISABLED = 1,
       ACCOUNT_LOCKED = 2,        /* too many wrong passwords, for a while */
       ACCOUNT_NO_PASSWORD = 4,   /* it may have none */
       ACCOUNT_PASSWORD_STAYS = 8 /* it never expires */
};

struct local_user {
    char name[ACCOUNT_NAME_MAX];
    uint32_t rid; /* last part of its SID: 500 the first administrator, 501 the guest */
    unsigned flags;
    /* s since 1970, 0: never, or not known; only of the first ACCOUNT_DETAILS users */
    int64_t last_logon_s;
};
#define ACCOUNT_DETAILS 256 /* users that more is asked of, which takes a call each */

struct local_group {
    char name[ACCOUNT_NAME_MAX]; /* in the system's language */
    uint32_t builtin;            /* RID below S-1-5-32 of one that every Windows has, or 0 */
};

/* each() returning false ends it. */
int accounts_users(bool (*each)(void *ctx, const struct local_user *u), void *ctx);
int accounts_groups(bool (*each)(void *ctx, const struct local_group *g), void *ctx);
/* Members as SIDs ("S-1-5-21-...-1001"). */
int accounts_members(const char *group, bool (*each)(void *ctx, const char *sid), void *ctx);
/* The SID that users' RIDs stand behind, "" if it is not known. */
void accounts_machine_sid(char *out, size_t size);

#endif

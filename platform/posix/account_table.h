/*
 * The names of one table in the form of passwd(5) or group(5): "name:password:number:...". Read
 * with limits: lines over 1 KiB, lines with a NUL byte and lines that are none are left out, and
 * after 16 MiB or 100,000 entries it stops. The first entry of a number counts, as in getpwuid(3).
 */
#ifndef PLATFORM_POSIX_ACCOUNT_TABLE_H
#define PLATFORM_POSIX_ACCOUNT_TABLE_H

#include <stddef.h>
#include <stdint.h>

#define ACCOUNT_NAME_MAX 63

struct account_entry {
    uint32_t id;
    char name[ACCOUNT_NAME_MAX + 1]; /* longer ones are cut */
};

struct account_table {
    struct account_entry *entries; /* sorted by id, each id once */
    size_t n;
};

/* Replaces what t holds (zeroed before the first time). On failure t is empty. */
int account_table_read(struct account_table *t, const char *path);
const char *account_table_find(const struct account_table *t, uint32_t id); /* or NULL */
void account_table_release(struct account_table *t);

#endif

#include "platform/linux/attributes.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/xattr.h>

#define SHORT_MAX 1024  /* what nearly always is enough */
#define WHOLE_MAX 65536 /* more than this the system gives to nobody (xattr(7)) */

struct from {
    int fd;
    const char *path;
};

static ssize_t list(const struct from *f, char *out, size_t size)
{
    return f->fd >= 0 ? flistxattr(f->fd, out, size) : llistxattr(f->path, out, size);
}

static ssize_t get(const struct from *f, const char *name, char *out, size_t size)
{
    return f->fd >= 0 ? fgetxattr(f->fd, name, out, size) : lgetxattr(f->path, name, out, size);
}

/* name NULL: the names. *whole is where they are if out was too small; the caller frees it. */
static ssize_t read_one(const struct from *f, const char *name, char out[SHORT_MAX], char **whole)
{
    ssize_t n = name ? get(f, name, out, SHORT_MAX) : list(f, out, SHORT_MAX);
    if (n >= 0 || errno != ERANGE)
        return n;
    *whole = malloc(WHOLE_MAX);
    if (!*whole) {
        errno = ENOMEM;
        return -1;
    }
    return name ? get(f, name, *whole, WHOLE_MAX) : list(f, *whole, WHOLE_MAX);
}

static bool is_of_security(const char *name)
{
    return strncmp(name, "security.", 9) == 0 || strncmp(name, "system.posix_acl_", 17) == 0;
}

static int hand_on(const struct from *f, const char *name, walk_attribute_fn *each, void *ctx)
{
    char value[SHORT_MAX], *whole = NULL;
    ssize_t n = read_one(f, name, value, &whole);
    int rc = n >= 0 || errno == ENODATA ? 0 : -errno;
    if (n >= 0)
        each(ctx, name, whole ? whole : value, (size_t)n);
    free(whole);
    return rc;
}

/* More names than a list may hold: somebody hides one among them. Those that matter most are asked
 * for by name. */
static int without_list(const struct from *f, walk_attribute_fn *each, void *ctx)
{
    static const char *const names[] = {
        "security.capability", "security.selinux",        "security.apparmor",
        "security.SMACK64",    "security.SMACK64EXEC",    "security.ima",
        "security.evm",        "system.posix_acl_access", "system.posix_acl_default"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        int rc = hand_on(f, names[i], each, ctx);
        if (rc != 0 && rc != -ENOTSUP)
            return rc;
    }
    return 0;
}

int attributes_read(int fd, const char *path, walk_attribute_fn *each, void *ctx)
{
    const struct from f = {fd, path};
    char names[SHORT_MAX], *whole = NULL;
    ssize_t n = read_one(&f, NULL, names, &whole);
    int rc = n >= 0 || errno == ENOTSUP ? 0 : -errno;
    const char *from = whole ? whole : names;
    for (ssize_t at = 0; rc == 0 && at < n; at += (ssize_t)strlen(from + at) + 1)
        if (is_of_security(from + at))
            rc = hand_on(&f, from + at, each, ctx);
    free(whole);
    return rc == -E2BIG ? without_list(&f, each, ctx) : rc;
}

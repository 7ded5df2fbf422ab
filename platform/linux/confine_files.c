/*
 * Landlock, landlock(7). Structures and bits stand here, since most systems' headers are older than
 * their kernels; what the kernel does not know yet is left out of what is asked for.
 */
#include "platform/linux/confine_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NR_CREATE_RULESET 444
#define NR_ADD_RULE       445
#define NR_RESTRICT_SELF  446
#define ASK_VERSION       1u

enum {
    EXECUTE = 1 << 0,
    WRITE_FILE = 1 << 1,
    READ_FILE = 1 << 2,
    READ_DIR = 1 << 3,
    REMOVE_DIR = 1 << 4,
    REMOVE_FILE = 1 << 5,
    MAKE_DIR = 1 << 7,
    MAKE_REG = 1 << 8,
    UP_TO_1 = (1 << 13) - 1, /* all of the first version */
    REFER = 1 << 13,         /* 2 */
    TRUNCATE = 1 << 14,      /* 3 */
    IOCTL_DEV = 1 << 15      /* 5 */
};
#define OF_A_FILE (EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV)
#define READ      (READ_FILE | READ_DIR)
#define WRITE                                                                                      \
    (READ | WRITE_FILE | REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | REFER | TRUNCATE)

#define BIND_TCP       1u
#define CONNECT_TCP    2u
#define SCOPE_ALL      3u /* abstract sockets and signals of processes outside */
#define RULE_PATH      1
#define RULE_PORT      2
#define VERSION_PORTS  4
#define VERSION_SCOPES 6
#define SIZE_UP_TO_FS  8
#define SIZE_UP_TO_NET 16

struct ruleset {
    uint64_t fs, net, scoped;
};

struct path_rule {
    uint64_t allowed;
    int32_t folder;
} __attribute__((packed));

struct port_rule {
    uint64_t allowed, port;
};

/* What libraries read to resolve names, and of processors, users and the time. Whole folders:
 * a file that is replaced is another one to Landlock, and much of /run comes later than we do. Who
 * may read which file there is still up to its mode. */
static const struct confine_path of_the_system[] = {
    {"/etc", false},
    {"/run", false},
    {"/usr/lib", false},
    {"/usr/lib64", false},
    {"/lib", false},
    {"/lib64", false},
    {"/usr/share/zoneinfo", false},
    {"/proc", false},
    {"/sys/devices/system/cpu", false},
    {"/dev/null", true},
    {"/dev/urandom", false},
    {"/var/lib/sss", false},
};

static int version(void)
{
    long v = syscall(NR_CREATE_RULESET, NULL, 0, ASK_VERSION);
    if (v > 0)
        return (int)v;
    return v < 0 && errno != EOPNOTSUPP ? -errno : -ENOSYS; /* switched off at boot: as if none */
}

static uint64_t known_rights(int v)
{
    return (uint64_t)UP_TO_1 | (v >= 2 ? REFER : 0) | (v >= 3 ? TRUNCATE : 0) |
           (v >= 5 ? IOCTL_DEV : 0);
}

static int new_ruleset(int v, const struct ruleset *r)
{
    size_t size =
        v < VERSION_PORTS ? SIZE_UP_TO_FS : (v < VERSION_SCOPES ? SIZE_UP_TO_NET : sizeof(*r));
    int set = (int)syscall(NR_CREATE_RULESET, r, size, 0);
    return set < 0 ? -errno : set;
}

/* Closes the set. */
static int enforce(int set, int rc)
{
    if (rc == 0 && syscall(NR_RESTRICT_SELF, set, 0) != 0)
        rc = -errno;
    close(set);
    return rc;
}

/* The path, or while it is not there what is nearest above it. */
static int open_nearest(const char *path)
{
    char part[PATH_MAX];
    if ((size_t)snprintf(part, sizeof(part), "%s", path) >= sizeof(part))
        return -ENAMETOOLONG;
    int fd;
    while ((fd = open(part[0] ? part : "/", O_PATH | O_CLOEXEC)) < 0 && errno == ENOENT) {
        char *slash = strrchr(part, '/');
        if (!slash)
            return -ENOENT;
        *slash = '\0';
    }
    return fd < 0 ? -errno : fd;
}

static int allow(int set, int folder, bool write, uint64_t known)
{
    struct stat st;
    struct path_rule rule = {.allowed = known & (write ? WRITE : READ), .folder = folder};
    if (folder < 0)
        return folder;
    if (fstat(folder, &st) == 0 && !S_ISDIR(st.st_mode))
        rule.allowed &= OF_A_FILE;
    int rc = syscall(NR_ADD_RULE, set, RULE_PATH, &rule, 0) == 0 ? 0 : -errno;
    close(folder);
    return rc;
}

static int add_paths(int set, const struct confine_path *paths, size_t n, uint64_t known)
{
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = allow(set, open_nearest(paths[i].path), paths[i].write, known);
    return rc;
}

/* resolv.conf may be a link to anywhere; what is not there at all is no loss. */
static void add_system(int set, uint64_t known)
{
    for (size_t i = 0; i < sizeof(of_the_system) / sizeof(of_the_system[0]); i++)
        allow(set, open(of_the_system[i].path, O_PATH | O_CLOEXEC), of_the_system[i].write, known);
    allow(set, open("/etc/resolv.conf", O_PATH | O_CLOEXEC), false, known);
}

int confine_files(const struct confine_path *paths, size_t n)
{
    int v = version();
    if (v < 0)
        return v;
    struct ruleset r = {.fs = known_rights(v), .scoped = v >= VERSION_SCOPES ? SCOPE_ALL : 0};
    int set = new_ruleset(v, &r);
    if (set < 0)
        return set;
    add_system(set, r.fs);
    return enforce(set, add_paths(set, paths, n, r.fs));
}

int confine_tcp(const uint16_t *ports, size_t n)
{
    struct ruleset r = {.net = BIND_TCP | CONNECT_TCP};
    int v = version(), rc = 0;
    if (v < 0 || v < VERSION_PORTS)
        return v < 0 ? v : -ENOSYS;
    int set = new_ruleset(v, &r);
    if (set < 0)
        return set;
    for (size_t i = 0; i < n && rc == 0; i++) {
        struct port_rule rule = {.allowed = CONNECT_TCP, .port = ports[i]};
        rc = syscall(NR_ADD_RULE, set, RULE_PORT, &rule, 0) == 0 ? 0 : -errno;
    }
    return enforce(set, rc);
}

/* From /proc/self/mountinfo; see proc_pid_mountinfo(5). */
#include "platform/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOUNTS_MAX 65536

struct mount {
    char *point;
    char *upper; /* of an overlay that can be written: where its changes lie; else NULL */
    enum mount_kind kind;
    int id;
    size_t order; /* the later one lies on top */
};

struct mounts {
    struct mount *items; /* sorted by point, then by order */
    size_t n, room;
};

static const struct {
    const char *type;
    enum mount_kind kind;
} types[] = {
    {"9p", MOUNT_REMOTE},         {"afs", MOUNT_REMOTE},       {"ceph", MOUNT_REMOTE},
    {"cifs", MOUNT_REMOTE},       {"coda", MOUNT_REMOTE},      {"fuse", MOUNT_REMOTE},
    {"fuseblk", MOUNT_REMOTE},    {"gfs2", MOUNT_REMOTE},      {"glusterfs", MOUNT_REMOTE},
    {"lustre", MOUNT_REMOTE},     {"ncpfs", MOUNT_REMOTE},     {"nfs", MOUNT_REMOTE},
    {"nfs4", MOUNT_REMOTE},       {"ocfs2", MOUNT_REMOTE},     {"smb3", MOUNT_REMOTE},
    {"smbfs", MOUNT_REMOTE},      {"autofs", MOUNT_PSEUDO},    {"binfmt_misc", MOUNT_PSEUDO},
    {"bpf", MOUNT_PSEUDO},        {"cgroup", MOUNT_PSEUDO},    {"cgroup2", MOUNT_PSEUDO},
    {"configfs", MOUNT_PSEUDO},   {"debugfs", MOUNT_PSEUDO},   {"devpts", MOUNT_PSEUDO},
    {"efivarfs", MOUNT_PSEUDO},   {"fusectl", MOUNT_PSEUDO},   {"hugetlbfs", MOUNT_PSEUDO},
    {"mqueue", MOUNT_PSEUDO},     {"nsfs", MOUNT_PSEUDO},      {"proc", MOUNT_PSEUDO},
    {"pstore", MOUNT_PSEUDO},     {"resctrl", MOUNT_PSEUDO},   {"rpc_pipefs", MOUNT_PSEUDO},
    {"securityfs", MOUNT_PSEUDO}, {"selinuxfs", MOUNT_PSEUDO}, {"sysfs", MOUNT_PSEUDO},
    {"tracefs", MOUNT_PSEUDO},
};

static enum mount_kind kind_of(const char *type)
{
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (strcmp(types[i].type, type) == 0)
            return types[i].kind;
    return strncmp(type, "fuse.", 5) == 0 ? MOUNT_REMOTE : MOUNT_LOCAL;
}

/* Blanks and backslashes in names are written as a backslash and three octal digits. */
static void unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
            s[3] >= '0' && s[3] <= '7') {
            *to++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
            s += 3;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

static int add(struct mounts *m, const struct mount *given)
{
    if (m->n == m->room) {
        size_t room = m->room ? m->room * 2 : 64;
        struct mount *items = realloc(m->items, room * sizeof(*items));
        if (!items)
            return -ENOMEM;
        m->items = items;
        m->room = room;
    }
    struct mount *added = &m->items[m->n++];
    *added = *given;
    added->order = m->n;
    added->point = strdup(given->point);
    added->upper = given->upper ? strdup(given->upper) : NULL;
    return added->point && (added->upper || !given->upper) ? 0 : -ENOMEM;
}

/* The value of upperdir among an overlay's options, if it is a whole path. */
static char *upper_of(char *options)
{
    char *save = NULL;
    for (char *one = strtok_r(options, ",", &save); one; one = strtok_r(NULL, ",", &save))
        if (strncmp(one, "upperdir=/", 10) == 0)
            return one + 9;
    return NULL;
}

/* "36 35 98:0 /root /point options optional... - type source options" */
static int add_line(struct mounts *m, char *line)
{
    char *save = NULL, *field = strtok_r(line, " \n", &save);
    struct mount one = {.id = field ? (int)strtol(field, NULL, 10) : -1};
    for (int i = 0; field && strcmp(field, "-") != 0; i++) {
        if (i == 4)
            one.point = field;
        field = strtok_r(NULL, " \n", &save);
    }
    const char *type = field ? strtok_r(NULL, " \n", &save) : NULL;
    if (!one.point || !type)
        return 0;
    one.kind = kind_of(type);
    strtok_r(NULL, " \n", &save); /* the source */
    char *options = strcmp(type, "overlay") == 0 ? strtok_r(NULL, " \n", &save) : NULL;
    unescape(one.point);
    if (options)
        one.upper = upper_of(options);
    if (one.upper)
        unescape(one.upper);
    return add(m, &one);
}

static int compare(const void *a, const void *b)
{
    const struct mount *x = a, *y = b;
    int order = strcmp(x->point, y->point);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

int mounts_read(struct mounts **out)
{
    *out = NULL;
    FILE *file = fopen("/proc/self/mountinfo", "re");
    if (!file)
        return -errno;
    struct mounts *m = calloc(1, sizeof(*m));
    char *line = NULL;
    size_t room = 0;
    int rc = m ? 0 : -ENOMEM;
    while (rc == 0 && m->n < MOUNTS_MAX && getline(&line, &room, file) > 0)
        rc = add_line(m, line);
    free(line);
    fclose(file);
    if (rc != 0) {
        mounts_free(m);
        return rc;
    }
    if (m->n > 0)
        qsort(m->items, m->n, sizeof(*m->items), compare);
    *out = m;
    return 0;
}

void mounts_free(struct mounts *m)
{
    if (!m)
        return;
    for (size_t i = 0; i < m->n; i++) {
        free(m->items[i].point);
        free(m->items[i].upper);
    }
    free(m->items);
    free(m);
}

enum mount_kind mounts_at(const struct mounts *m, const char *path)
{
    size_t low = 0, high = m ? m->n : 0;
    while (low < high) { /* the last one that is not behind path */
        size_t middle = low + (high - low) / 2;
        if (strcmp(m->items[middle].point, path) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 && strcmp(m->items[low - 1].point, path) == 0 ? m->items[low - 1].kind
                                                                 : MOUNT_NONE;
}

static bool lies_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    if (strcmp(folder, "/") == 0)
        return path[1] != '\0';
    return strncmp(path, folder, n) == 0 && path[n] == '/';
}

static const struct mount *mount_of(const struct mounts *m, const char *path)
{
    const struct mount *found = NULL;
    size_t longest = 0;
    for (size_t i = 0; m && i < m->n; i++) {
        const char *point = m->items[i].point;
        bool covers = strcmp(point, path) == 0 || lies_below(path, point);
        if (covers && strlen(point) >= longest) {
            longest = strlen(point);
            found = &m->items[i];
        }
    }
    return found;
}

enum mount_kind mounts_of(const struct mounts *m, const char *path)
{
    const struct mount *found = mount_of(m, path);
    return found ? found->kind : MOUNT_NONE;
}

int mounts_id_of(const struct mounts *m, const char *path)
{
    const struct mount *found = mount_of(m, path);
    return found ? found->id : 0;
}

const char *mounts_overlay_of(const struct mounts *m, const char *path)
{
    for (size_t i = 0; m && i < m->n; i++)
        if (m->items[i].upper && lies_below(path, m->items[i].upper))
            return m->items[i].point;
    return NULL;
}

const char *mounts_point_of(const struct mounts *m, const char *path)
{
    const struct mount *found = mount_of(m, path);
    return found ? found->point : "/";
}

void mounts_below(const struct mounts *m, const char *path,
                  bool (*each)(void *ctx, const char *point, enum mount_kind kind), void *ctx)
{
    for (size_t i = 0; m && i < m->n; i++)
        if (lies_below(m->items[i].point, path) && !each(ctx, m->items[i].point, m->items[i].kind))
            return;
}

/* ---- as of now ---- */

static struct {
    pthread_mutex_t guard;
    int changes; /* poll() says that something was mounted or unmounted since the last one */
    struct mounts *mounts;
} now = {PTHREAD_MUTEX_INITIALIZER, -1, NULL};

static bool is_current(void)
{
    if (now.changes < 0)
        now.changes = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    struct pollfd p = {.fd = now.changes, .events = POLLPRI};
    return now.mounts && now.changes >= 0 && poll(&p, 1, 0) == 0;
}

/* Without /proc nothing is known, and all is taken for local. */
static bool read_now(void)
{
    struct mounts *read = NULL;
    if (mounts_read(&read) != 0)
        return false;
    mounts_free(now.mounts);
    now.mounts = read;
    return true;
}

static enum mount_kind kind_of_id(int id)
{
    for (size_t i = 0; now.mounts && i < now.mounts->n; i++)
        if (now.mounts->items[i].id == id)
            return now.mounts->items[i].kind;
    return MOUNT_NONE;
}

enum mount_kind mounts_now_of_id(int id)
{
    pthread_mutex_lock(&now.guard);
    bool known = is_current() || read_now();
    enum mount_kind kind = known ? kind_of_id(id) : MOUNT_LOCAL;
    if (kind == MOUNT_NONE) /* this process may have gone to another name space */
        kind = read_now() ? kind_of_id(id) : MOUNT_LOCAL;
    pthread_mutex_unlock(&now.guard);
    return kind;
}

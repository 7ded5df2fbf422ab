#include "platform/account.h"

#include "platform/file.h"
#include "platform/posix/account_table.h"

#include <pthread.h>
#include <stdio.h>

struct cache {
    const char *path;
    struct account_table table;
    struct file_info read_from; /* the file as it was when the table was read */
};

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static struct cache users = {.path = "/etc/passwd"};
static struct cache groups = {.path = "/etc/group"};

static bool is_same(const struct file_info *a, const struct file_info *b)
{
    return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

static void refresh(struct cache *c)
{
    struct file_info now;
    if (file_info_at(c->path, &now) != 0 || is_same(&now, &c->read_from))
        return; /* gone for a moment: the names known so far are better than none */
    if (account_table_read(&c->table, c->path) == 0)
        c->read_from = now;
}

static void name_of(struct cache *c, uint32_t id, char *out, size_t size)
{
    pthread_mutex_lock(&guard);
    refresh(c);
    const char *name = account_table_find(&c->table, id);
    if (name)
        snprintf(out, size, "%s", name);
    else
        snprintf(out, size, "%u", (unsigned)id);
    pthread_mutex_unlock(&guard);
}

void account_user_name(uint32_t uid, char *out, size_t size)
{
    name_of(&users, uid, out, size);
}

void account_group_name(uint32_t gid, char *out, size_t size)
{
    name_of(&groups, gid, out, size);
}

/* Linux has no registry. */
#include "platform/registry.h"

#include <errno.h>

int registry_open(const char *path, enum registry_view view, struct registry_key **out)
{
    (void)path;
    (void)view;
    *out = NULL;
    return -ENOSYS;
}

int registry_open_at(const struct registry_key *key, const char *name, struct registry_key **out)
{
    (void)key;
    (void)name;
    *out = NULL;
    return -ENOSYS;
}

void registry_close(struct registry_key *key)
{
    (void)key;
}

int registry_info(const struct registry_key *key, struct registry_info *out)
{
    (void)key;
    (void)out;
    return -ENOSYS;
}

int registry_subkey(const struct registry_key *key, uint32_t i, char *name, size_t size)
{
    (void)key;
    (void)i;
    (void)name;
    (void)size;
    return -ENOSYS;
}

int registry_value(struct registry_key *key, uint32_t i, struct registry_value *out)
{
    (void)key;
    (void)i;
    (void)out;
    return -ENOSYS;
}

int registry_get(struct registry_key *key, const char *name, struct registry_value *out)
{
    (void)key;
    (void)name;
    (void)out;
    return -ENOSYS;
}

int registry_security(const struct registry_key *key, char *out, size_t size)
{
    (void)key;
    (void)out;
    (void)size;
    return -ENOSYS;
}

int registry_watch_open(struct registry_watch **out)
{
    *out = NULL;
    return -ENOSYS;
}

void registry_watch_close(struct registry_watch *w)
{
    (void)w;
}

int registry_watch_add(struct registry_watch *w, const char *path, enum registry_view view)
{
    (void)w;
    (void)path;
    (void)view;
    return -ENOSYS;
}

void registry_watch_reset(struct registry_watch *w)
{
    (void)w;
}

bool registry_watch_ready(const struct registry_watch *w)
{
    (void)w;
    return false;
}

wait_t registry_watch_wait(const struct registry_watch *w)
{
    (void)w;
    return WAIT_NONE;
}

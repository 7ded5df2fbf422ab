#include "platform/file.h"
#include "platform/walk.h"

#include <stdlib.h>

struct folder {
    struct walk_folder *walk;
};

int folder_open(const char *path, struct folder **out)
{
    *out = NULL;
    struct folder *d = malloc(sizeof(*d));
    if (!d)
        return -ENOMEM;
    int rc = walk_open(path, &d->walk);
    if (rc != 0) {
        free(d);
        return rc;
    }
    *out = d;
    return 0;
}

int folder_next(struct folder *d, const char **name, enum file_type *type)
{
    return walk_next(d->walk, name, type);
}

void folder_close(struct folder *d)
{
    if (!d)
        return;
    walk_close(d->walk);
    free(d);
}

#include "platform/file.h"
#include "platform/linux/reach.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct folder {
    DIR *dir;
};

/* O_NOFOLLOW looks past the end of "link/": without the slash it sees the link. */
static int open_folder_itself(const char *path)
{
    char bare[PATH_MAX];
    size_t n = strlen(path);
    if (n >= sizeof(bare))
        return -ENAMETOOLONG;
    memcpy(bare, path, n + 1);
    while (n > 1 && bare[n - 1] == '/')
        bare[--n] = '\0';
    return reach(bare, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOFOLLOW, REACH_ANY_LINKS);
}

int folder_open(const char *path, struct folder **out)
{
    *out = NULL;
    int fd = open_folder_itself(path);
    if (fd < 0)
        return fd;
    struct folder *d = calloc(1, sizeof(*d));
    if (d)
        d->dir = fdopendir(fd);
    if (!d || !d->dir) {
        free(d);
        close(fd);
        return -ENOMEM;
    }
    *out = d;
    return 0;
}

static enum file_type type_of_entry(DIR *dir, const struct dirent *e)
{
    static const enum file_type types[] = {
        [DT_REG] = FILE_REGULAR,     [DT_DIR] = FILE_FOLDER,  [DT_LNK] = FILE_SYMLINK,
        [DT_FIFO] = FILE_FIFO,       [DT_SOCK] = FILE_SOCKET, [DT_CHR] = FILE_CHAR_DEVICE,
        [DT_BLK] = FILE_BLOCK_DEVICE};
    struct file_info info = {.type = FILE_NO_TYPE};
    if (e->d_type != DT_UNKNOWN)
        return e->d_type < sizeof(types) / sizeof(types[0]) ? types[e->d_type] : FILE_NO_TYPE;
    int look = reach_in(dirfd(dir), e->d_name, O_PATH, false);
    if (look >= 0) {
        file_info_of(look, &info);
        close(look);
    }
    return info.type;
}

int folder_next(struct folder *d, const char **name, enum file_type *type)
{
    for (;;) {
        errno = 0;
        const struct dirent *e = readdir(d->dir);
        if (!e)
            return -errno;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        *name = e->d_name;
        *type = type_of_entry(d->dir, e);
        return 1;
    }
}

void folder_close(struct folder *d)
{
    if (!d)
        return;
    closedir(d->dir);
    free(d);
}

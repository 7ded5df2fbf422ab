#include "unit/scratch.h"

#include <fcntl.h>
#include <ftw.h>
#include <unistd.h>

static char folder[256];

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        abort();
    }
}

void scratch_open(void)
{
    snprintf(folder, sizeof(folder), "%s", "/tmp/vigia-test-XXXXXX");
    must(mkdtemp(folder) != NULL, "mkdtemp");
}

const char *scratch_path(void)
{
    return folder;
}

void scratch_append(const char *path, const void *data, size_t n)
{
    int f = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    must(f >= 0, path);
    must(n == 0 || write(f, data, n) == (ssize_t)n, path);
    close(f);
}

void scratch_link(const char *target, const char *path)
{
    must(symlink(target, path) == 0, path);
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *at)
{
    (void)info, (void)type, (void)at;
    return remove(path);
}

void scratch_close(void)
{
    nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#include "unit/scratch.h"

#include "base/slurp.h"
#include "platform/file.h"

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

void scratch_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

void scratch_close(void)
{
    scratch_remove(folder);
}

static void copy_file(const char *from, const char *to)
{
    struct buf data = BUF_INIT(64u << 20);
    must(slurp(from, &data) == 0, from);
    scratch_append(to, data.p, data.n);
    buf_release(&data);
}

void scratch_copy(const char *from, const char *to)
{
    struct folder *f;
    const char *name;
    enum file_type type;
    must(folder_open(from, &f) == 0, from);
    must(folder_make(to, 0700) == 0, to);
    while (folder_next(f, &name, &type) == 1) {
        char a[1024], b[1024];
        snprintf(a, sizeof(a), "%s/%s", from, name);
        snprintf(b, sizeof(b), "%s/%s", to, name);
        if (type == FILE_FOLDER)
            scratch_copy(a, b);
        else if (type == FILE_REGULAR)
            copy_file(a, b);
    }
    folder_close(f);
}

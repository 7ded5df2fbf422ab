#include "unit/scratch.h"

#include "platform/file.h"
#include "platform/windows/path.h"

static char folder[256];

static void must(int ok, const char *what)
{
    if (!ok) {
        fprintf(stderr, "%s: error %lu\n", what, GetLastError());
        abort();
    }
}

void scratch_open(void)
{
    wchar_t temporary[MAX_PATH + 1];
    char place[200];
    must(GetTempPathW(MAX_PATH, temporary) != 0, "GetTempPathW");
    must(text_of_path(temporary, place, sizeof(place)) > 0, "text_of_path");
    snprintf(folder, sizeof(folder), "%svigia-test-%lu-%llu", place, GetCurrentProcessId(),
             (unsigned long long)GetTickCount64());
    must(folder_make(folder, 0700) == 0, folder);
}

const char *scratch_path(void)
{
    return folder;
}

void scratch_append(const char *path, const void *data, size_t n)
{
    file_t f;
    struct file_info info;
    must(file_open_rw(path, 0600, &f) == 0, path);
    must(file_info_of(f, &info) == 0 && file_write_at(f, info.size, data, n) == 0, path);
    file_close(f);
}

void scratch_link(const char *target, const char *path)
{
    wchar_t wide_target[PATH_WIDE_MAX], wide_path[PATH_WIDE_MAX];
    must(path_wide(target, wide_target) == 0 && path_wide(path, wide_path) == 0, path);
    must(CreateSymbolicLinkW(wide_path, wide_target, 0), path);
}

static void remove_folder(const char *path)
{
    wchar_t wide[PATH_WIDE_MAX];
    if (path_wide(path, wide) == 0)
        RemoveDirectoryW(wide);
}

void scratch_remove(const char *path)
{
    struct folder *f;
    const char *name;
    enum file_type type;
    if (folder_open(path, &f) != 0) {
        file_remove(path);
        return;
    }
    while (folder_next(f, &name, &type) == 1) {
        char below[2048];
        snprintf(below, sizeof(below), "%s/%s", path, name);
        if (type == FILE_FOLDER)
            scratch_remove(below);
        else
            file_remove(below);
    }
    folder_close(f);
    remove_folder(path);
}

void scratch_close(void)
{
    scratch_remove(folder);
}

void scratch_copy(const char *from, const char *to)
{
    struct folder *f;
    const char *name;
    enum file_type type;
    must(folder_open(from, &f) == 0 && folder_make(to, 0700) == 0, from);
    while (folder_next(f, &name, &type) == 1) {
        char a[1024], b[1024];
        wchar_t wide_a[PATH_WIDE_MAX], wide_b[PATH_WIDE_MAX];
        snprintf(a, sizeof(a), "%s/%s", from, name);
        snprintf(b, sizeof(b), "%s/%s", to, name);
        if (type == FILE_FOLDER)
            scratch_copy(a, b);
        else if (type == FILE_REGULAR)
            must(path_wide(a, wide_a) == 0 && path_wide(b, wide_b) == 0 &&
                     CopyFileW(wide_a, wide_b, TRUE),
                 a);
    }
    folder_close(f);
}

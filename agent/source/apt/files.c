#include "source/apt/files.h"

#include "base/mem.h"
#include "platform/file.h"

#include <errno.h>

#define PATH_SIZE 4600

static int read_text(const char *path, struct buf *text)
{
    file_t f;
    int64_t got = 0;
    int rc = file_open_trusted_path(path, &f, NULL);
    if (rc != 0)
        return rc;
    do {
        char *to = buf_reserve(text, 16384);
        got = to ? file_read_at(f, text->n, to, 16384) : -EFBIG;
        if (got > 0)
            text->n += (size_t)got;
    } while (got > 0);
    file_close(f);
    return (int)got;
}

int apt_file_read(const char *host_root, const char *path, apt_file_fn *each, void *ctx)
{
    char full[PATH_SIZE];
    struct buf text = BUF_INIT(APT_FILE_MAX);
    snprintf(full, sizeof(full), "%s%s", host_root, path);
    int rc = read_text(full, &text);
    if (rc == 0)
        each(ctx, path, buf_span(&text));
    buf_release(&text);
    return rc;
}

static bool is_plain(const char *name)
{
    static const char others[] = "-_.:";
    for (const char *c = name; *c; c++)
        if (!((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') ||
              strchr(others, *c)))
            return false;
    return name[0] != '.' && name[0] != '\0';
}

static bool is_taken(const char *name, const char *const *endings)
{
    const char *dot = strrchr(name, '.');
    if (!is_plain(name))
        return false;
    for (size_t i = 0; endings[i]; i++)
        if (strcmp(dot ? dot + 1 : "", endings[i]) == 0)
            return true;
    return false;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static size_t list_folder(const char *path, const char *const *endings, char **names)
{
    struct folder *d;
    const char *name;
    enum file_type type;
    size_t n = 0;
    if (folder_open(path, &d) != 0)
        return 0;
    while (n < APT_FILES_MAX && folder_next(d, &name, &type) == 1)
        if (is_taken(name, endings) && type != FILE_FOLDER)
            names[n++] = mem_text(name);
    folder_close(d);
    qsort(names, n, sizeof(*names), compare);
    return n;
}

size_t apt_folder_read(const char *host_root, const char *folder, const char *const *endings,
                       apt_file_fn *each, void *ctx)
{
    char path[PATH_SIZE];
    char **names = mem_new(APT_FILES_MAX, sizeof(*names));
    size_t unreadable = 0;
    snprintf(path, sizeof(path), "%s%s", host_root, folder);
    size_t n = list_folder(path, endings, names);
    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        unreadable += apt_file_read(host_root, path, each, ctx) != 0;
        free(names[i]);
    }
    free(names);
    return unreadable;
}

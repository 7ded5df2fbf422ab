#include "config/table.h"

#include "base/error.h"
#include "base/names.h"
#include "base/slurp.h"
#include "config/line.h"
#include "platform/file.h"

#include <errno.h>
#include <ini.h>

#define FILES_MAX 64

void config_table_complain(struct config_table *t, int line, const char *what)
{
    char text[960];
    if (line > 0)
        snprintf(text, sizeof(text), "%.300s:%d: %.600s", t->name, line, what);
    else
        snprintf(text, sizeof(text), "%.300s: %.600s", t->name, what);
    t->problems++;
    if (t->tell)
        t->tell(t->ctx, text);
}

static char *next_line(char *out, int size, void *ctx)
{
    struct config_table *t = ctx;
    enum config_line got;
    while ((got = config_line_take(&t->rest, out, size)) != CONFIG_LINE_NONE) {
        t->line++;
        if (got == CONFIG_LINE_TAKEN)
            return out;
        if (t->unfit)
            t->unfit(t, CONFIG_LINE_UNFIT_WORDS);
        else
            config_table_complain(t, t->line, CONFIG_LINE_UNFIT_WORDS "; it is left out");
    }
    return NULL;
}

void config_table_parse(struct config_table *t, struct span text, const struct config_rows *rows)
{
    t->rest = text;
    t->line = 0;
    t->unfit = rows->unfit;
    int bad_line = ini_parse_stream(next_line, t, rows->take, t);
    if (bad_line != 0)
        config_table_complain(t, bad_line > 0 ? bad_line : t->line, rows->shape);
}

bool config_table_slurp(struct config_table *t, const char *path, struct buf *text)
{
    struct file_info info;
    int rc = file_info_at(path, &info);
    if (rc == 0 && info.type == FILE_REGULAR && (info.mode & 02)) {
        config_table_complain(t, 0, "everybody may write to it, so it is left out; chmod o-w it");
        return false;
    }
    if (rc == 0)
        rc = slurp(path, text);
    if (rc == -EFBIG)
        config_table_complain(t, 0, "too large; split it");
    else if (rc != 0 && !(rc == -ENOENT && t->optional))
        config_table_complain(t, 0, error_text(rc));
    return rc == 0;
}

void config_table_folder(struct config_table *t, const char *folder,
                         void (*read)(void *reader, const char *path), void *reader)
{
    static const char *const endings[] = {".ini", NULL};
    struct names names;
    int rc = names_list(folder, endings, FILES_MAX, &names);
    if (rc != 0 && rc != -ENOENT)
        config_table_complain(t, 0,
                              rc == -E2BIG ? "more than 64 files; join some" : error_text(rc));
    for (size_t i = 0; i < names.n && rc == 0; i++) {
        char path[4700];
        snprintf(path, sizeof(path), "%s/%s", folder, names.items[i]);
        read(reader, path);
    }
    names_release(&names);
}

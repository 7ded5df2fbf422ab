#include "source/deb/dpkg_info.h"

#include "base/hex.h"
#include "source/deb/lines.h"

#define PATH_LONGEST 8192

/* ---- lines ---- */

static bool is_path(struct span s)
{
    return s.n > 0 && s.n < PATH_LONGEST && span_find(s, '\0') == s.n;
}

bool dpkg_md5sums_line(struct span line, struct span *path, uint8_t md5[MD5_SIZE])
{
    struct span digits;
    if (!span_take(&line, 2 * MD5_SIZE, &digits) || !hex_decode(digits, md5, MD5_SIZE) ||
        line.n < 3 || line.p[0] != ' ' || (line.p[1] != ' ' && line.p[1] != '*'))
        return false;
    *path = (struct span){line.p + 2, line.n - 2};
    return is_path(*path);
}

/* Takes the word behind the last space off the end. */
static struct span take_last(struct span *s)
{
    size_t at = s->n;
    while (at > 0 && s->p[at - 1] != ' ')
        at--;
    struct span word = {s->p + at, s->n - at};
    s->n = at > 0 ? at - 1 : 0;
    return word;
}

bool dpkg_conffile_line(struct span line, struct span *path, uint8_t md5[MD5_SIZE])
{
    if (line.n < 2 || line.p[0] != ' ')
        return false;
    struct span rest = span_trim(line), word = take_last(&rest);
    while (span_equal_text(word, "obsolete") || span_equal_text(word, "remove-on-upgrade"))
        word = take_last(&rest);
    *path = rest;
    return hex_decode(word, md5, MD5_SIZE) && is_path(rest) && rest.p[0] == '/';
}

/* ---- files ---- */

struct paths {
    dpkg_path_fn *each;
    void *ctx;
};

static bool take_list_line(void *ctx, struct span line)
{
    const struct paths *p = ctx;
    return !is_path(line) || p->each(p->ctx, line, NULL);
}

static bool take_md5sums_line(void *ctx, struct span line)
{
    const struct paths *p = ctx;
    struct span path;
    uint8_t md5[MD5_SIZE];
    return !dpkg_md5sums_line(line, &path, md5) || p->each(p->ctx, path, md5);
}

int dpkg_read_list(const char *file, dpkg_path_fn *each, void *ctx)
{
    struct paths p = {each, ctx};
    return deb_lines_read(file, take_list_line, &p);
}

int dpkg_read_md5sums(const char *file, dpkg_path_fn *each, void *ctx)
{
    struct paths p = {each, ctx};
    return deb_lines_read(file, take_md5sums_line, &p);
}

struct conffiles {
    dpkg_conffile_fn *each;
    void *ctx;
    bool inside;
    char package[256];
};

static bool take_status_line(void *ctx, struct span line)
{
    struct conffiles *c = ctx;
    struct span path;
    uint8_t md5[MD5_SIZE];
    if (line.n > 0 && line.p[0] == ' ')
        return !c->inside || !dpkg_conffile_line(line, &path, md5) ||
               c->each(c->ctx, span_of(c->package), path, md5);
    c->inside = span_starts(line, SPAN("Conffiles:"));
    if (span_starts(line, SPAN("Package:")))
        span_copy(span_trim((struct span){line.p + 8, line.n - 8}), c->package, sizeof(c->package));
    return true;
}

int dpkg_read_conffiles(const char *status_file, dpkg_conffile_fn *each, void *ctx)
{
    struct conffiles c = {.each = each, .ctx = ctx};
    return deb_lines_read(status_file, take_status_line, &c);
}

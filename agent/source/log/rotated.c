#include "source/log/rotated.h"

#include "base/mem.h"
#include "platform/file.h"

#define ENTRIES_MAX   20000 /* of a folder that are looked at */
#define NUMBER_DIGITS 3     /* of "log.1"; more digits are a date */
#define DATE_DIGITS   6
#define EXTENSION_LEN 8

/* ---- names ---- */

static bool strip_packing(struct span *name)
{
    static const char *const endings[] = {".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z"};
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
        if (span_ends(*name, span_of(endings[i]))) {
            name->n -= strlen(endings[i]);
            return true;
        }
    return false;
}

bool log_generation_is_packed(struct span entry)
{
    return strip_packing(&entry);
}

/* s begins with the separator: ".1", "-20261124", "-2026-11-24T10", "-1795651200". */
static enum log_generation_kind kind_of(struct span s, struct span *order)
{
    size_t digits = 0, others = 0;
    *order = (struct span){s.p + 1, s.n - 1};
    for (size_t i = 0; i < order->n; i++) {
        if (order->p[i] >= '0' && order->p[i] <= '9')
            digits++;
        else if (strchr("-_.:T+Z", order->p[i]))
            others++;
        else
            return LOG_GENERATION_OTHER;
    }
    if (s.p[0] == '.' && others == 0 && digits > 0 && digits <= NUMBER_DIGITS)
        return LOG_GENERATION_NUMBER;
    return digits >= DATE_DIGITS ? LOG_GENERATION_DATE : LOG_GENERATION_OTHER;
}

static bool is_separator(char c)
{
    return c == '.' || c == '-' || c == '_';
}

/* Where the extension of a name begins (its dot), or n if it has none. */
static size_t extension_at(struct span name)
{
    size_t at = name.n;
    while (at > 1 && name.p[at - 1] != '.' && name.n - at < EXTENSION_LEN)
        at--;
    return at > 1 && at < name.n && name.p[at - 1] == '.' ? at - 1 : name.n;
}

bool log_generation_name(struct span log, struct span entry, enum log_generation_kind *kind,
                         struct span *order, bool *packed)
{
    *packed = strip_packing(&entry);
    if (*packed && span_equal(entry, log)) { /* packed where it lay */
        *kind = LOG_GENERATION_OTHER;
        *order = (struct span){entry.p, 0};
        return true;
    }
    if (entry.n > log.n + 1 && span_starts(entry, log) && is_separator(entry.p[log.n])) {
        *kind = kind_of((struct span){entry.p + log.n, entry.n - log.n}, order);
        return true;
    }
    size_t dot = extension_at(log);
    struct span stem = {log.p, dot}, extension = {log.p + dot, log.n - dot};
    if (extension.n == 0 || entry.n <= log.n + 1 || !span_starts(entry, stem) ||
        !span_ends(entry, extension) || !is_separator(entry.p[dot]))
        return false;
    *kind = kind_of((struct span){entry.p + dot, entry.n - log.n}, order);
    return *kind != LOG_GENERATION_OTHER; /* "auth-west.log" is another log */
}

bool log_generation_origin(struct span entry, char *out, size_t size,
                           enum log_generation_kind *kind)
{
    struct span order;
    strip_packing(&entry);
    for (int form = 0; form < 2; form++) {
        size_t end = form == 0 ? entry.n : extension_at(entry), at = end;
        while (at > 1 && strchr("0123456789-_.:T+Z", entry.p[at - 1]))
            at--;
        for (; at < end; at++) { /* the longest ending that is a number or date */
            if (at == 0 || !is_separator(entry.p[at]))
                continue;
            *kind = kind_of((struct span){entry.p + at, end - at}, &order);
            if (*kind == LOG_GENERATION_OTHER)
                continue;
            if (at + entry.n - end >= size)
                return false;
            memcpy(out, entry.p, at);
            span_copy((struct span){entry.p + end, entry.n - end}, out + at, size - at);
            return true;
        }
    }
    return false;
}

/* ---- order ---- */

/* Numbers have few digits, so the longer one is the higher; dates of one form are equally long. */
static int compare_order(struct span a, struct span b)
{
    if (a.n != b.n)
        return a.n < b.n ? -1 : 1;
    return memcmp(a.p, b.p, a.n);
}

static int by_number(const void *a, const void *b)
{
    const struct log_generation *x = a, *y = b;
    int rc = compare_order(y->order, x->order);
    return rc ? rc : x->packed - y->packed;
}

static int by_date(const void *a, const void *b)
{
    const struct log_generation *x = a, *y = b;
    int rc = compare_order(x->order, y->order);
    return rc ? rc : x->packed - y->packed;
}

/* Those of one tick of the file system's clock have their names. */
static int by_mtime(const void *a, const void *b)
{
    const struct log_generation *x = a, *y = b;
    if (x->mtime_ns != y->mtime_ns)
        return x->mtime_ns < y->mtime_ns ? -1 : 1;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return x->kind == LOG_GENERATION_NUMBER ? by_number(a, b) : by_date(a, b);
}

/* One scheme of names is trusted more than times, which a restored backup does not keep. */
static void sort(struct log_generations *g)
{
    size_t kinds[3] = {0};
    for (size_t i = 0; i < g->n; i++)
        kinds[g->items[i].kind]++;
    bool one_scheme = kinds[LOG_GENERATION_OTHER] == 0;
    if (one_scheme && kinds[LOG_GENERATION_DATE] == 0)
        qsort(g->items, g->n, sizeof(g->items[0]), by_number);
    else if (one_scheme && kinds[LOG_GENERATION_NUMBER] == 0)
        qsort(g->items, g->n, sizeof(g->items[0]), by_date);
    else
        qsort(g->items, g->n, sizeof(g->items[0]), by_mtime);
}

static bool is_packed_form_of(const struct log_generation *packed, const struct log_generation *g)
{
    struct span name = span_of(packed->path);
    return packed->packed && !g->packed && strip_packing(&name) &&
           span_equal(name, span_of(g->path));
}

/* "log.1" and "log.1.gz": the packed one is not complete yet. */
static void leave_out_half_packed(struct log_generations *g)
{
    for (size_t i = 0; i < g->n;) {
        size_t k = 0;
        while (k < g->n && !is_packed_form_of(&g->items[i], &g->items[k]))
            k++;
        if (k == g->n) {
            i++;
            continue;
        }
        free(g->items[i].path);
        g->items[i] = g->items[--g->n]; /* they are not in order yet */
    }
}

/* ---- the folder ---- */

static void add(struct log_generations *g, const char *folder, struct span log, const char *name)
{
    struct log_generation a = {0};
    struct file_info info;
    char path[4096 + 300];
    if (!log_generation_name(log, span_of(name), &a.kind, &a.order, &a.packed))
        return;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (file_info_at(path, &info) != 0 || info.type != FILE_REGULAR)
        return;
    a.path = mem_text(path);
    /* the number or date inside the copy */
    a.order.p = a.path + strlen(folder) + 1 + (a.order.p - name);
    a.ino = info.ino;
    a.size = info.size;
    a.mtime_ns = info.mtime_ns;
    g->items[g->n++] = a;
}

struct log_generations *log_generations_find(const char *path)
{
    struct log_generations *g = mem_new(1, sizeof(*g));
    char folder[4096];
    struct span whole = span_of(path);
    size_t slash = whole.n;
    while (slash > 0 && whole.p[slash - 1] != '/')
        slash--;
    span_copy((struct span){whole.p, slash ? slash - 1 : 0}, folder, sizeof(folder));
    struct span log = {whole.p + slash, whole.n - slash};
    struct folder *d;
    const char *name;
    enum file_type type;
    if (folder_open(folder[0] ? folder : "/", &d) != 0)
        return g;
    for (int i = 0;
         i < ENTRIES_MAX && g->n < LOG_GENERATIONS_MAX && folder_next(d, &name, &type) == 1; i++)
        add(g, folder, log, name);
    folder_close(d);
    leave_out_half_packed(g);
    sort(g);
    return g;
}

void log_generations_free(struct log_generations *g)
{
    for (size_t i = 0; g && i < g->n; i++)
        free(g->items[i].path);
    free(g);
}

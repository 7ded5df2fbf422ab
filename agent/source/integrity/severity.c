#include "source/integrity/severity.h"

#include "base/error.h"
#include "base/mem.h"
#include "base/slurp.h"
#include "base/text.h"
#include "platform/file.h"
#include "platform/spelling.h"
#include "source/integrity/state.h"
#include "source/integrity/tell.h"
#include "source/registry/keys.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>

#define FILE_MAX    (256 << 10)
#define PATTERN_MAX 512
#define CONTENT                                                                                    \
    (INTEGRITY_CREATED | INTEGRITY_DELETED | INTEGRITY_RENAMED | INTEGRITY_TYPE | INTEGRITY_CONTENT)

struct row {
    char *pattern;
    unsigned change; /* any of these */
    bool by_packages;
    enum event_severity severity;
};

struct integrity_severity {
    struct row *rows;
    size_t n;
};

struct reading {
    struct integrity_severity *table;
    const char *name;
    size_t line;
    void (*tell)(void *ctx, const char *problem);
    void *ctx;
};

static void __attribute__((format(__printf__, 2, 3)))
problem(const struct reading *r, const char *format, ...)
{
    struct buf text = BUF_INIT(1000);
    va_list args;
    buf_printf(&text, "%.300s:", r->name);
    if (r->line > 0)
        buf_printf(&text, "%zu:", r->line);
    buf_put_byte(&text, ' ');
    va_start(args, format);
    buf_vprintf(&text, format, args);
    va_end(args);
    if (r->tell)
        r->tell(r->ctx, text.p);
    buf_release(&text);
}

/* ---- one line ---- */

static bool take_word(struct span *rest, struct span *out)
{
    *rest = span_trim(*rest);
    size_t n = 0;
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    return span_take(rest, n, out) && n > 0;
}

static bool parse_severity(struct span word, enum event_severity *out)
{
    static const char *const names[] = {[SEVERITY_INFORMATIONAL] = "informational",
                                        [SEVERITY_LOW] = "low",
                                        [SEVERITY_MEDIUM] = "medium",
                                        [SEVERITY_HIGH] = "high",
                                        [SEVERITY_CRITICAL] = "critical"};
    for (size_t i = SEVERITY_INFORMATIONAL; i <= SEVERITY_CRITICAL; i++) {
        if (span_equal_text(word, names[i])) {
            *out = (enum event_severity)i;
            return true;
        }
    }
    return false;
}

static bool parse_changes(struct span words, unsigned *out, struct span *wrong)
{
    *out = 0;
    while (span_take_until(&words, ',', wrong)) {
        unsigned one = span_equal_text(*wrong, "any")    ? UINT_MAX
                       : span_equal_text(*wrong, "data") ? CONTENT
                                                         : integrity_change_of_word(*wrong);
        if (one == 0)
            return false;
        *out |= one;
    }
    return *out != 0;
}

static bool is_of_registry(struct span s)
{
    return span_starts(s, SPAN("HKLM\\")) || span_starts(s, SPAN("HKU\\"));
}

static bool is_pattern(struct span s)
{
    bool whole = s.n > 0 && (s.p[0] == '/' || span_starts(s, SPAN("**")) || text_has_drive(s) ||
                             is_of_registry(s));
    return whole && s.n < PATTERN_MAX && span_find(s, '\0') == s.n;
}

static void take_row(struct reading *r, struct span rest)
{
    struct span severity, changes, word, wrong;
    struct row row = {.by_packages = false};
    if (!take_word(&rest, &severity) || !take_word(&rest, &changes)) {
        problem(r, "a row is: severity, changes, path; this one is left out");
    } else if (!parse_severity(severity, &row.severity)) {
        problem(r,
                "'%.*s' is no severity (informational, low, medium, high, critical); the row is "
                "left out",
                (int)(severity.n < 40 ? severity.n : 40), severity.p);
    } else if (!parse_changes(changes, &row.change, &wrong)) {
        problem(r,
                "'%.*s' is no kind of change (the head of conf/severity names them); the row is "
                "left out",
                (int)(wrong.n < 40 ? wrong.n : 40), wrong.p);
    } else {
        struct span after = rest;
        row.by_packages = take_word(&after, &word) && span_equal_text(word, "packages");
        rest = span_trim(row.by_packages ? after : rest);
        if (!is_pattern(rest)) {
            problem(r,
                    "the path has to begin with / or ** (on Windows also C:/, HKLM\\ or HKU\\) and "
                    "be shorter than %d bytes; the row is left out",
                    PATTERN_MAX);
            return;
        }
        row.pattern = mem_new(1, rest.n + 1);
        memcpy(row.pattern, rest.p, rest.n);
        if (is_of_registry(rest))
            registry_fold(row.pattern, row.pattern, rest.n + 1);
        spelling_fold(row.pattern, rest.n);
        r->table->rows[r->table->n++] = row;
    }
}

/* ---- the table ---- */

static void add_own(struct integrity_severity *t)
{
    static const struct row own[] = {{NULL, INTEGRITY_PRIVILEGE, false, SEVERITY_HIGH},
                                     {NULL, UINT_MAX, false, SEVERITY_MEDIUM}};
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++) {
        t->rows[t->n] = own[i];
        t->rows[t->n++].pattern = mem_text("**");
    }
}

static struct reading begin(const char *name, void (*tell)(void *ctx, const char *problem),
                            void *ctx)
{
    struct integrity_severity *t = mem_new(1, sizeof(*t));
    t->rows = mem_new(INTEGRITY_SEVERITY_ROWS_MAX + 2, sizeof(*t->rows));
    return (struct reading){t, name, 0, tell, ctx};
}

static struct integrity_severity *end(struct reading *r)
{
    r->table->rows = mem_grow(r->table->rows, r->table->n, sizeof(*r->table->rows));
    return r->table;
}

static void take_text(struct reading *r, struct span text)
{
    struct span line;
    while (span_take_line(&text, &line)) {
        r->line++;
        line = span_trim(line);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        if (r->table->n == INTEGRITY_SEVERITY_ROWS_MAX) {
            problem(r, "more than %d rows; this and the rest are left out",
                    INTEGRITY_SEVERITY_ROWS_MAX);
            break;
        }
        take_row(r, line);
    }
    if (r->table->n == 0)
        add_own(r->table);
}

struct integrity_severity *integrity_severity_parse(const char *name, struct span text,
                                                    void (*tell)(void *ctx, const char *problem),
                                                    void *ctx)
{
    struct reading r = begin(name, tell, ctx);
    take_text(&r, text);
    return end(&r);
}

struct integrity_severity *
integrity_severity_load(const char *file, void (*tell)(void *ctx, const char *problem), void *ctx)
{
    struct reading r = begin(file = file ? file : "", tell, ctx);
    struct file_info info;
    struct buf text = BUF_INIT(FILE_MAX);
    int rc = file_info_at(file, &info);
    if (rc == 0 && info.type != FILE_REGULAR)
        rc = -EINVAL;
    if (rc == 0 && (info.mode & 02)) {
        problem(&r, "everybody may write to it, so it is left out; chmod o-w it");
        rc = -EPERM;
    } else {
        rc = rc == 0 ? slurp(file, &text) : rc;
        if (rc != 0)
            problem(&r, "cannot be read: %s; until it can, setuid is high and all else medium",
                    error_text(rc));
    }
    take_text(&r, rc == 0 ? buf_span(&text) : SPAN(""));
    buf_release(&text);
    return end(&r);
}

size_t integrity_severity_rows(const struct integrity_severity *t)
{
    return t->n;
}

void integrity_severity_free(struct integrity_severity *t)
{
    if (!t)
        return;
    for (size_t i = 0; i < t->n; i++)
        free(t->rows[i].pattern);
    free(t->rows);
    free(t);
}

enum event_severity integrity_severity_of(const struct integrity_severity *t, const char *path,
                                          unsigned change, bool by_packages)
{
    char folded[INTEGRITY_PATH_MAX];
    const char *as_compared = spelling_of(path, folded, sizeof(folded));
    if (change & ~(unsigned)INTEGRITY_TIMES)
        change &= ~(unsigned)INTEGRITY_TIMES; /* nearly every change comes with a new time */
    for (size_t i = 0; i < t->n; i++) {
        const struct row *row = &t->rows[i];
        if (row->change & change && (by_packages || !row->by_packages) &&
            text_glob(row->pattern, as_compared))
            return row->severity;
    }
    return SEVERITY_MEDIUM; /* no row knows it: nothing grave is to hide there */
}

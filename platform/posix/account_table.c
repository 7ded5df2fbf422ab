#include "platform/posix/account_table.h"

#include "platform/file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define LINE_MAX_BYTES 1024
#define BYTES_MAX      (16u * 1024 * 1024)
#define ENTRIES_MAX    100000

struct reader {
    struct account_table *table;
    size_t room;
    char line[LINE_MAX_BYTES + 1];
    size_t length;
    bool skip; /* the rest of this line is left out */
};

static bool id_of(const char *digits, size_t n, uint32_t *id)
{
    uint64_t value = 0;
    if (n == 0 || n > 10)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return false;
        value = value * 10 + (uint64_t)(digits[i] - '0');
    }
    *id = (uint32_t)value;
    return value <= UINT32_MAX;
}

static int add(struct reader *r, const char *name, size_t n, uint32_t id)
{
    struct account_table *t = r->table;
    if (t->n == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        struct account_entry *more = realloc(t->entries, room * sizeof(*more));
        if (!more)
            return -ENOMEM;
        t->entries = more;
        r->room = room;
    }
    struct account_entry *e = &t->entries[t->n++];
    *e = (struct account_entry){.id = id};
    memcpy(e->name, name, n < ACCOUNT_NAME_MAX ? n : ACCOUNT_NAME_MAX);
    return 0;
}

static int take_line(struct reader *r)
{
    bool skip = r->skip;
    size_t length = r->length;
    r->skip = false;
    r->length = 0;
    r->line[length] = '\0';
    /* "+" and "-" are orders to the name service, no names. */
    if (skip || strchr("+-#:", r->line[0]) || memchr(r->line, '\0', length))
        return 0;
    size_t name = strcspn(r->line, ":");
    const char *at = r->line + name;
    for (int colons = 0; colons < 2; colons++) {
        at = strchr(at, ':');
        if (!at)
            return 0;
        at++;
    }
    uint32_t id;
    return id_of(at, strcspn(at, ":"), &id) ? add(r, r->line, name, id) : 0;
}

static int take_bytes(struct reader *r, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n && r->table->n < ENTRIES_MAX; i++) {
        if (bytes[i] == '\n') {
            int rc = take_line(r);
            if (rc != 0)
                return rc;
        } else if (r->length < LINE_MAX_BYTES) {
            r->line[r->length++] = bytes[i];
        } else {
            r->skip = true;
        }
    }
    return 0;
}

static int read_lines(struct reader *r, file_t f)
{
    char piece[4096];
    for (uint64_t at = 0; at < BYTES_MAX && r->table->n < ENTRIES_MAX;) {
        int64_t got = file_read_at(f, at, piece, sizeof(piece));
        if (got < 0)
            return (int)got;
        if (got == 0)
            return r->length > 0 ? take_line(r) : 0;
        int rc = take_bytes(r, piece, (size_t)got);
        if (rc != 0)
            return rc;
        at += (uint64_t)got;
    }
    return 0;
}

/* Sorting by the place as well keeps the first of equal ids in front: qsort is not stable. */
static int compare(const void *a, const void *b)
{
    const struct account_entry *const *x = a, *const *y = b;
    if ((*x)->id != (*y)->id)
        return (*x)->id < (*y)->id ? -1 : 1;
    return *x < *y ? -1 : *x > *y;
}

static int sort(struct account_table *t)
{
    if (t->n == 0)
        return 0;
    const struct account_entry **order = malloc(t->n * sizeof(const struct account_entry *));
    struct account_entry *sorted = malloc(t->n * sizeof(*sorted));
    size_t kept = 0;
    if (order && sorted) {
        for (size_t i = 0; i < t->n; i++)
            order[i] = &t->entries[i];
        qsort(order, t->n, sizeof(const struct account_entry *), compare);
        for (size_t i = 0; i < t->n; i++)
            if (kept == 0 || sorted[kept - 1].id != order[i]->id)
                sorted[kept++] = *order[i];
    }
    free(order);
    if (kept == 0) {
        free(sorted);
        return -ENOMEM;
    }
    free(t->entries);
    t->entries = sorted;
    t->n = kept;
    return 0;
}

int account_table_read(struct account_table *t, const char *path)
{
    account_table_release(t);
    file_t f;
    int rc = file_open_untrusted(path, &f, NULL);
    if (rc != 0)
        return rc;
    struct reader r = {.table = t};
    rc = read_lines(&r, f);
    file_close(f);
    if (rc == 0)
        rc = sort(t);
    if (rc != 0)
        account_table_release(t);
    return rc;
}

static int compare_id(const void *key, const void *entry)
{
    uint32_t id = *(const uint32_t *)key, other = ((const struct account_entry *)entry)->id;
    return id < other ? -1 : id > other;
}

const char *account_table_find(const struct account_table *t, uint32_t id)
{
    if (t->n == 0)
        return NULL;
    const struct account_entry *e = bsearch(&id, t->entries, t->n, sizeof(*e), compare_id);
    return e ? e->name : NULL;
}

void account_table_release(struct account_table *t)
{
    free(t->entries);
    *t = (struct account_table){0};
}

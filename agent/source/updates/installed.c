#include "source/updates/installed.h"

#include "source/updates/read.h"

#include "base/mem.h"

#include <errno.h>

#define PACKAGES                                                                                   \
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages"

/* ---- names ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool take_number(struct span *rest, uint32_t *out)
{
    uint64_t n;
    size_t digits = 0;
    while (digits < rest->n && is_digit(rest->p[digits]))
        digits++;
    if (digits == 0 || digits > 9 || !span_to_u64((struct span){rest->p, digits}, &n))
        return false;
    rest->p += digits;
    rest->n -= digits;
    *out = (uint32_t)n;
    return true;
}

/* Articles have six or seven digits; what stands before KB is no part of a word. */
bool installed_kb_next(struct span *rest, uint32_t *out)
{
    bool inside = false;
    while (rest->n >= 8) {
        struct span at = {rest->p + 2, rest->n - 2};
        size_t before = at.n;
        uint32_t number;
        if (!inside && (rest->p[0] | 0x20) == 'k' && (rest->p[1] | 0x20) == 'b' &&
            take_number(&at, &number) && before - at.n >= 6 && before - at.n <= 7) {
            *out = number;
            *rest = at;
            return true;
        }
        inside = is_letter(rest->p[0]);
        rest->p++;
        rest->n--;
    }
    return false;
}

static void parse_build(struct span version, struct installed_package *out)
{
    if (!take_number(&version, &out->build) || !span_take_char(&version, '.') ||
        !take_number(&version, &out->revision))
        out->build = out->revision = 0;
}

bool installed_package_parse(struct span name, struct installed_package *out)
{
    struct span rest = name, id, version = {"", 0}, part;
    *out = (struct installed_package){0};
    if (!span_starts(name, SPAN("Package_")) || !span_take_until(&rest, '~', &id))
        return false;
    while (span_take_until(&rest, '~', &part))
        version = part;
    size_t at = span_find_span(id, SPAN("for_"));
    if (at == id.n)
        return false;
    struct span what = {id.p + at + 4, id.n - at - 4};
    if (span_equal(what, SPAN("RollupFix")))
        parse_build(version, out);
    else if (span_starts(what, SPAN("KB")))
        installed_kb_next(&what, &out->kb);
    return out->kb != 0 || out->build != 0;
}

/* ---- the list ---- */

static struct installed_kb *entry(struct installed *i, uint32_t number)
{
    for (size_t at = 0; at < i->n; at++)
        if (i->items[at].number == number)
            return &i->items[at];
    if (i->n == INSTALLED_KBS_MAX) {
        i->left_out++;
        return NULL;
    }
    if (i->n == i->room) {
        i->room = i->room ? 2 * i->room : 64;
        i->items = mem_grow(i->items, i->room, sizeof(*i->items));
    }
    i->items[i->n] = (struct installed_kb){.number = number};
    return &i->items[i->n++];
}

void installed_add_history(struct installed *i, uint32_t kb, bool removal)
{
    struct installed_kb *e = entry(i, kb);
    if (!e || e->in_history)
        return; /* the newest came first */
    e->in_history = true;
    e->past = !removal;
    e->places |= removal ? 0 : INSTALLED_HISTORY;
}

void installed_add_fix(struct installed *i, uint32_t kb)
{
    struct installed_kb *e = entry(i, kb);
    if (e)
        e->places |= INSTALLED_FIXES;
}

/* CurrentState: 5 removal pending, 96 installation pending, 101 installed in part, 112 installed,
 * 128 for ever, 80 superseded; below and between: absent, resolved, staged. */
static enum installed_state state_of(uint64_t number)
{
    switch (number) {
    case 5:
    case 96:
    case 101:
        return INSTALLED_RESTART;
    case 112:
    case 128:
        return INSTALLED_YES;
    case 80:
        return INSTALLED_SUPERSEDED;
    default:
        return INSTALLED_NO;
    }
}

static void add_package(struct installed *i, const struct installed_package *p,
                        enum installed_state state)
{
    struct installed_kb *e = p->kb ? entry(i, p->kb) : NULL;
    if (!e)
        return;
    if (!e->in_cbs || state > e->cbs)
        e->cbs = state;
    e->in_cbs = true;
    if (e->cbs != INSTALLED_NO)
        e->places |= INSTALLED_CBS;
}

static bool is_newer(const struct installed_package *p, const struct installed_build *b)
{
    return p->build > b->build || (p->build == b->build && p->revision > b->revision);
}

static void add_rollup(struct installed *i, const struct installed_package *p,
                       enum installed_state state, struct registry_key *key)
{
    uint64_t high, low;
    if (state < INSTALLED_YES || !is_newer(p, &i->rollup))
        return;
    i->rollup = (struct installed_build){p->build, p->revision, state, 0};
    if (read_number_of(key, "InstallTimeHigh", &high) &&
        read_number_of(key, "InstallTimeLow", &low))
        i->rollup.at_ms = filetime_ms(high << 32 | (low & UINT32_MAX));
}

bool installed_package_open(const struct registry_key *packages, const char *name,
                            struct registry_key **key, enum installed_state *state)
{
    uint64_t number;
    if (registry_open_at(packages, name, key) != 0)
        return false;
    if (read_number_of(*key, "CurrentState", &number)) {
        *state = state_of(number);
        return true;
    }
    registry_close(*key);
    return false;
}

static void look_at(void *ctx, const struct registry_key *packages, const char *name)
{
    struct installed *i = ctx;
    struct installed_package p;
    struct registry_key *key;
    enum installed_state state;
    if (!installed_package_parse(span_of(name), &p) ||
        !installed_package_open(packages, name, &key, &state))
        return;
    i->packages++;
    add_package(i, &p, state);
    if (p.build)
        add_rollup(i, &p, state, key);
    registry_close(key);
}

int installed_packages(void (*each)(void *ctx, const struct registry_key *packages,
                                    const char *name),
                       void *ctx)
{
    struct registry_key *key;
    char name[REGISTRY_NAME_MAX];
    int rc = registry_open(PACKAGES, REGISTRY_64, &key);
    if (rc != 0)
        return rc;
    for (uint32_t at = 0; at < INSTALLED_PACKAGES_MAX; at++) {
        rc = registry_subkey(key, at, name, sizeof(name));
        if (rc == 0)
            break;
        if (rc > 0)
            each(ctx, key, name);
    }
    registry_close(key);
    return 0;
}

void installed_read_cbs(struct installed *out)
{
    *out = (struct installed){0};
    out->rc = installed_packages(look_at, out);
}

static int by_number(const void *a, const void *b)
{
    const struct installed_kb *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

void installed_finish(struct installed *i)
{
    if (i->n > 0)
        qsort(i->items, i->n, sizeof(*i->items), by_number);
}

void installed_release(struct installed *i)
{
    free(i->items);
    *i = (struct installed){0};
}

/* ---- the judgement ---- */

enum installed_state installed_judge(const struct installed_kb *kb)
{
    if (kb->in_cbs && kb->cbs != INSTALLED_NO)
        return kb->cbs;
    if (kb->places & INSTALLED_FIXES)
        return INSTALLED_YES;
    return !kb->in_cbs && kb->in_history && kb->past ? INSTALLED_YES : INSTALLED_NO;
}

bool installed_is_doubtful(const struct installed_kb *kb)
{
    bool there = kb->in_cbs && kb->cbs != INSTALLED_NO;
    bool listed = (kb->places & INSTALLED_FIXES) != 0;
    return (kb->in_cbs && !there && listed) ||
           (kb->in_history && kb->past && kb->in_cbs && !there) ||
           (kb->in_history && !kb->past && (listed || kb->cbs == INSTALLED_YES));
}

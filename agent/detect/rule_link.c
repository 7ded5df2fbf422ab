#include "detect/rule_link.h"

#include "base/mem.h"
#include "base/sha256.h"

#include <stdlib.h>

#define DEPTH_MAX 64 /* a longer chain is refused from where it is met first */

enum state { NEW, OPEN, LINKED, OFF };

struct linker {
    struct rule_set *set;
    const struct map *known;
    uint8_t *states; /* enum state by entry, of correlations */
    uint8_t *chain;  /* by entry: how many correlations stand on each other, this one on top */
    size_t depth;    /* of link_one calls */
    void (*tell)(void *ctx, const struct error *e);
    void *ctx;
};

static bool is_correlation(const struct rule_entry *entry)
{
    return entry->rule->correlation != NULL;
}

static size_t find(const struct linker *l, struct span name)
{
    return (size_t)(uintptr_t)map_get(l->known, name); /* 0: not there */
}

static bool link_one(struct linker *l, size_t at);

static const char *wrong_base(struct linker *l, const struct rule_correlation *c, size_t refer)
{
    static const char *const too_long = "makes a chain of more than 8 correlations; shorten it";
    size_t base = find(l, c->refers[refer]);
    if (!base)
        return "is not there or is off; correct it or the name";
    for (size_t i = 0; i < refer; i++)
        if (find(l, c->refers[i]) == base)
            return "stands there twice; leave one out";
    if (!is_correlation(&l->set->entries[base - 1]))
        return NULL;
    if (l->states[base - 1] == OPEN)
        return "refers back to this one; break the circle";
    if (l->depth == DEPTH_MAX)
        return too_long;
    if (!link_one(l, base - 1))
        return "is off; correct it";
    return l->chain[base - 1] < RULE_CHAIN_MAX ? NULL : too_long;
}

static void tell_about(struct linker *l, const struct rule *r, struct span name, const char *what)
{
    char text[300];
    struct error e;
    snprintf(text, sizeof(text), "the rule '%.*s' that is referred to %s",
             (int)(name.n < 64 ? name.n : 64), name.p, what);
    rule_error(r->file, r->line, text, &e);
    l->tell(l->ctx, &e);
}

/* Which of the base rules an alias speaks of; refers_n: none. */
static size_t refer_of(const struct linker *l, const struct rule_correlation *c, struct span name)
{
    size_t entry = find(l, name), i = 0;
    while (i < c->refers_n && (!entry || find(l, c->refers[i]) != entry))
        i++;
    return i;
}

static bool resolve_aliases(struct linker *l, struct rule *r)
{
    struct rule_correlation *c = r->correlation;
    c->alias_fields = arena_get(l->set->arena, c->refers_n * c->aliases_n + 1, sizeof(struct span));
    for (size_t i = 0; i < c->aliases_n; i++)
        for (size_t k = 0; k < c->aliases[i].n; k++) {
            size_t refer = refer_of(l, c, c->aliases[i].rule[k]);
            if (refer == c->refers_n) {
                tell_about(l, r, c->aliases[i].rule[k],
                           "by an alias does not stand under rules; correct it");
                return false;
            }
            c->alias_fields[refer * c->aliases_n + i] = c->aliases[i].field[k];
        }
    return true;
}

static bool bases_are_there(struct linker *l, const struct rule *r)
{
    for (size_t i = 0; i < r->correlation->refers_n; i++) {
        const char *what = wrong_base(l, r->correlation, i);
        if (what) {
            tell_about(l, r, r->correlation->refers[i], what);
            return false;
        }
    }
    return true;
}

static void add_use(struct rule_entry *base, size_t correlation, size_t refer)
{
    base->uses = mem_grow(base->uses, base->uses_n + 1, sizeof(*base->uses));
    base->uses[base->uses_n++] = (struct rule_use){(uint32_t)correlation, (uint32_t)refer};
}

/* Its state is worth something only as long as it counts the same. */
static void join(struct linker *l, size_t at)
{
    struct rule_entry *self = &l->set->entries[at];
    const struct rule_correlation *c = self->rule->correlation;
    uint8_t version[SHA256_SIZE];
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, self->rule->hash, sizeof(self->rule->hash));
    for (size_t i = 0; i < c->refers_n; i++) {
        struct rule_entry *base = &l->set->entries[find(l, c->refers[i]) - 1];
        sha256_update(&s, is_correlation(base) ? base->version : base->rule->hash,
                      sizeof(base->version));
        add_use(base, at, i);
        uint8_t below = l->chain[base - l->set->entries];
        l->chain[at] = l->chain[at] > below ? l->chain[at] : below;
        if (!c->generate && !base->rule->generate)
            base->fires = false;
    }
    sha256_final(&s, version);
    memcpy(self->version, version, sizeof(self->version));
    self->linked = true;
    l->chain[at]++;
}

static bool link_one(struct linker *l, size_t at)
{
    struct rule *r = l->set->entries[at].rule;
    if (l->states[at] != NEW)
        return l->states[at] == LINKED;
    l->states[at] = OPEN;
    l->depth++;
    bool good = bases_are_there(l, r) && resolve_aliases(l, r);
    l->depth--;
    l->states[at] = good ? LINKED : OFF;
    if (good)
        join(l, at);
    else
        l->set->off++;
    return good;
}

void rule_link_all(struct rule_set *set, const struct map *known,
                   void (*tell)(void *ctx, const struct error *e), void *ctx)
{
    struct linker l = {set, known, mem_new(set->n + 1, 1), mem_new(set->n + 1, 1), 0, tell, ctx};
    for (size_t i = 0; i < set->n; i++)
        set->entries[i].fires = true;
    for (size_t i = 0; i < set->n; i++)
        if (is_correlation(&set->entries[i]))
            link_one(&l, i);
    free(l.states);
    free(l.chain);
}

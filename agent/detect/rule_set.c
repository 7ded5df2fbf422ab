#include "detect/rule_set.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/slurp.h"
#include "detect/rule_filter.h"
#include "detect/rule_index.h"
#include "detect/rule_link.h"

#include <errno.h>
#include <stdlib.h>

struct loader {
    struct rule_set *set;
    struct arena *files; /* their names */
    struct map *known;   /* id or name -> entry number + 1 */
    struct rule_world world;
    const struct sigma_file *tables;
    void (*tell)(void *ctx, const char *problem);
    void *ctx;
};

static void tell(void *ctx, const struct error *e)
{
    struct loader *l = ctx;
    l->set->broken++;
    if (l->tell)
        l->tell(l->ctx, e->text);
}

static size_t find(const struct loader *l, struct span name)
{
    return (size_t)(uintptr_t)map_get(l->known, name); /* 0: not there */
}

static bool remember(struct loader *l, struct span name, size_t entry, struct error *e)
{
    const struct rule *r = l->set->entries[entry].rule;
    size_t other = find(l, name);
    if (other) {
        const struct rule *first = l->set->entries[other - 1].rule;
        char text[400];
        snprintf(text, sizeof(text),
                 "'%.*s' is the id or name of the rule at %.*s:%d too; change one",
                 (int)(name.n < 64 ? name.n : 64), name.p,
                 (int)(first->file.n < 200 ? first->file.n : 200), first->file.p, first->line);
        rule_error(r->file, r->line, text, e);
        return false;
    }
    map_set(l->known, name, (void *)(uintptr_t)(entry + 1), NULL);
    return true;
}

static void add_rule(struct loader *l, struct rule *r)
{
    struct rule_set *set = l->set;
    struct error e;
    if (set->n == RULE_SET_MAX) {
        rule_error(r->file, r->line, "more than 8192 rules; remove some", &e);
    } else {
        set->entries[set->n].rule = r;
        bool same = span_equal(r->id, r->name);
        if (remember(l, r->id, set->n, &e) &&
            (r->name.n == 0 || same || remember(l, r->name, set->n, &e))) {
            set->n++;
            return;
        }
    }
    tell(l, &e);
    rule_release(r);
}

static void add_filter(struct loader *l, struct rule *r)
{
    struct rule_set *set = l->set;
    struct error e;
    if (set->filters_n == RULE_SET_MAX) {
        rule_error(r->file, r->line, "more than 8192 filters; remove some", &e);
        tell(l, &e);
        rule_release(r);
        return;
    }
    set->filters = mem_grow(set->filters, set->filters_n + 1, sizeof(*set->filters));
    r->file = texts_keep(l->world.texts, r->file);
    set->filters[set->filters_n++] = *r->filter;
}

static void add_text(struct loader *l, struct span file, struct span text)
{
    struct tree_node *first;
    struct error e;
    struct arena *trees = arena_new(); /* gone once the rules are made */
    bool whole = tree_read(file.p, text, trees, &first, &e) == 0;
    if (!whole)
        tell(l, &e);
    for (const struct tree_node *document = first; document; document = document->next) {
        if (tree_is_null(document)) /* nothing between two --- */
            continue;
        struct rule *r = rule_make(&l->world, file, document, &e);
        if (!r)
            tell(l, &e);
        else if (r->filter)
            add_filter(l, r);
        else
            add_rule(l, r);
    }
    arena_free(trees);
}

static void add_file(struct loader *l, const char *path)
{
    struct buf text = BUF_INIT(TREE_BYTES_MAX);
    struct span file = arena_copy(l->files, span_of(path));
    int result = slurp(file.p, &text);
    struct error e;
    if (result == 0) {
        add_text(l, file, buf_span(&text));
    } else {
        rule_error(file, 1,
                   result == -EFBIG    ? "larger than 256 KiB; split the file"
                   : result == -EINVAL ? "no regular file; remove it"
                                       : error_text(result),
                   &e);
        tell(l, &e);
    }
    buf_release(&text);
}

/* ---- the whole ---- */

/* Values of one name are gathered under it. */
static void add_placeholder(struct rule_set *set, const struct sigma_pair *pair, size_t room)
{
    struct placeholders *all = &set->placeholders;
    struct placeholder *p = NULL;
    for (size_t i = 0; i < all->n && !p; i++)
        if (span_equal_text(all->items[i].name, pair->name))
            p = &all->items[i];
    if (!p) {
        p = &all->items[all->n++];
        p->name = arena_copy(set->arena, span_of(pair->name));
        p->values = arena_get(set->arena, room, sizeof(p->values[0]));
    }
    p->values[p->n++] = arena_copy(set->arena, span_of(pair->text));
}

static void make_placeholders(struct rule_set *set, const struct sigma_pairs *pairs)
{
    set->placeholders.items = arena_get(set->arena, pairs->n, sizeof(set->placeholders.items[0]));
    for (size_t i = 0; i < pairs->n; i++) {
        size_t room = 0; /* for those of the same name */
        for (size_t k = i; k < pairs->n; k++)
            room += strcmp(pairs->items[i].name, pairs->items[k].name) == 0;
        add_placeholder(set, &pairs->items[i], room);
    }
}

static struct loader begin(const struct sigma_file *tables,
                           void (*tell_problem)(void *ctx, const char *problem), void *ctx)
{
    struct rule_set *set = mem_new(1, sizeof(*set));
    set->arena = arena_new();
    set->names = field_names_new();
    set->entries = mem_new(RULE_SET_MAX, sizeof(*set->entries));
    if (tables)
        make_placeholders(set, &tables->placeholders);
    return (struct loader){
        .set = set,
        .files = arena_new(),
        .known = map_new_lent(SIZE_MAX),
        .world = {set->arena, texts_new(set->arena), set->names, &set->placeholders},
        .tables = tables,
        .tell = tell_problem,
        .ctx = ctx};
}

static void drop_drafts(struct loader *l)
{
    for (size_t i = 0; i < l->set->n; i++)
        l->set->entries[i].rule->file = SPAN("");
    map_free(l->known, NULL);
    texts_free(l->world.texts);
    arena_free(l->files);
}

static struct rule_set *end(struct loader *l)
{
    struct rule_set *set = l->set;
    rule_filters_apply(set, l->known, tell, l);
    rule_link_all(set, l->known, tell, l);
    set->entries = mem_grow(set->entries, set->n, sizeof(*set->entries));
    routes_make(&l->world, l->tables, &set->routes);
    drop_drafts(l);
    rule_index_make(set);
    return set;
}

static bool is_rule_file(const char *path)
{
    return span_ends(span_of(path), SPAN(".yml")) || span_ends(span_of(path), SPAN(".yaml"));
}

struct rule_set *rule_set_load(const char *folder, const struct sigma_file *tables,
                               void (*tell_problem)(void *ctx, const char *text), void *ctx)
{
    static const char *const endings[] = {".yml", ".yaml", NULL};
    struct loader l = begin(tables, tell_problem, ctx);
    struct names names = {0};
    int result = names_below(folder, endings, RULE_SET_MAX, &names);
    if (result == -ENOTDIR && is_rule_file(folder)) {
        add_file(&l, folder);
        result = 0;
    }
    for (size_t i = 0; i < names.n; i++)
        add_file(&l, names.items[i]);
    names_release(&names);
    if (result != 0) {
        struct error e;
        error_set(&e, "%s: %s; %s", folder, error_text(result),
                  result == -E2BIG ? "the rest is left out" : "create it or correct the path");
        tell(&l, &e);
    }
    return end(&l);
}

struct rule_set *rule_set_parse(const char *name, struct span text, const struct sigma_file *tables,
                                void (*tell_problem)(void *ctx, const char *problem), void *ctx)
{
    struct loader l = begin(tables, tell_problem, ctx);
    add_text(&l, arena_copy(l.files, span_of(name)), text);
    return end(&l);
}

void rule_set_free(struct rule_set *set)
{
    if (!set)
        return;
    rule_index_release(set);
    for (size_t i = 0; i < set->n; i++) {
        rule_release(set->entries[i].rule);
        free(set->entries[i].uses);
    }
    for (size_t i = 0; i < set->filters_n; i++)
        rule_release(set->filters[i].body);
    free(set->filters);
    free(set->entries);
    field_names_free(set->names);
    arena_free(set->arena);
    free(set);
}

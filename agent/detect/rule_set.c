#include "detect/rule_set.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/names.h"
#include "base/slurp.h"
#include "detect/rule_index.h"
#include "detect/rule_link.h"

#include <errno.h>
#include <stdlib.h>

struct loader {
    struct rule_set *set;
    struct map *known; /* id or name -> entry number + 1 */
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
        struct rule *r = rule_make(l->set->arena, file, document, &e);
        if (r)
            add_rule(l, r);
        else
            tell(l, &e);
    }
    arena_free(trees);
}

static void add_file(struct loader *l, const char *folder, const char *name)
{
    struct buf path = BUF_INIT(4096), text = BUF_INIT(TREE_BYTES_MAX);
    buf_printf(&path, "%s/%s", folder, name);
    struct span file = arena_copy(l->set->arena, buf_span(&path));
    int result = path.failed ? -ENAMETOOLONG : slurp(file.p, &text);
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
    buf_release(&path);
    buf_release(&text);
}

/* ---- the whole ---- */

static struct loader begin(void (*tell_problem)(void *ctx, const char *problem), void *ctx)
{
    struct rule_set *set = mem_new(1, sizeof(*set));
    set->arena = arena_new();
    set->entries = mem_new(RULE_SET_MAX, sizeof(*set->entries));
    return (struct loader){set, map_new(SIZE_MAX), tell_problem, ctx};
}

static struct rule_set *end(struct loader *l)
{
    struct rule_set *set = l->set;
    rule_link_all(set, l->known, tell, l);
    map_free(l->known, NULL);
    set->entries = mem_grow(set->entries, set->n, sizeof(*set->entries));
    rule_index_make(set);
    return set;
}

struct rule_set *rule_set_load(const char *folder,
                               void (*tell_problem)(void *ctx, const char *text), void *ctx)
{
    static const char *const endings[] = {".yml", ".yaml", NULL};
    struct loader l = begin(tell_problem, ctx);
    struct names names;
    int result = names_list(folder, endings, RULE_SET_MAX, &names);
    for (size_t i = 0; i < names.n; i++)
        add_file(&l, folder, names.items[i]);
    names_release(&names);
    if (result != 0) {
        struct error e;
        error_set(&e, "%s: %s; %s", folder, error_text(result),
                  result == -E2BIG ? "the rest is left out" : "create it or correct rules_dir");
        tell(&l, &e);
    }
    return end(&l);
}

struct rule_set *rule_set_parse(const char *name, struct span text,
                                void (*tell_problem)(void *ctx, const char *problem), void *ctx)
{
    struct loader l = begin(tell_problem, ctx);
    add_text(&l, arena_copy(l.set->arena, span_of(name)), text);
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
    free(set->entries);
    arena_free(set->arena);
    free(set);
}

#include "detect/view.h"

#include "base/mem.h"
#include "detect/pattern.h"
#include "detect/rule.h"

#include <stdlib.h>

#define RECORD_BYTES_MAX ((size_t)4 * 1024 * 1024)

void view_init(struct view *v)
{
    *v = (struct view){.folded = BUF_INIT(RECORD_BYTES_MAX),
                       .work = regex_work_new(),
                       .known = mem_new(RULE_SELECTIONS_MAX, 1)};
}

void view_release(struct view *v)
{
    buf_release(&v->folded);
    regex_work_free(v->work);
    free(v->first);
    free(v->known);
    *v = (struct view){0};
}

/* A record larger than the limit keeps its case: only texts in lower case are found in it. */
static struct span fold(struct view *v, struct span text)
{
    char *to = text.n > 0 ? buf_reserve(&v->folded, text.n) : NULL;
    if (!to)
        return text;
    pattern_fold(to, text);
    v->folded.n += text.n;
    return (struct span){to, text.n};
}

static void add(struct view *v, uint16_t name, struct span text)
{
    struct view_text *t = &v->texts[v->n++];
    *t = (struct view_text){text, fold(v, text), 0};
    if (name == FIELD_NONE)
        return;
    t->next = v->first[name];
    if (t->next == 0)
        v->asked[v->asked_n++] = name;
    v->first[name] = (uint16_t)v->n;
}

/* Unless a field has that name. */
static void add_own(struct view *v, uint16_t name, struct span text)
{
    add(v, text.n > 0 && v->first[name] == 0 ? name : FIELD_NONE, text);
}

static void forget(struct view *v, const struct field_names *names)
{
    size_t end = field_names_end(names);
    if (v->names != names || v->first_n != end) {
        free(v->first);
        v->first = mem_new(end, sizeof(v->first[0]));
        v->first_n = end;
        v->names = names;
    } else {
        for (size_t i = 0; i < v->asked_n; i++)
            v->first[v->asked[i]] = 0;
    }
    v->n = v->asked_n = 0;
    buf_clear(&v->folded);
}

void view_set(struct view *v, const struct field_names *names, const struct record *r)
{
    size_t total = r->message.n + r->program.n + r->host.n;
    for (size_t i = 0; i < r->fields_n; i++)
        total += r->fields[i].value.n;
    forget(v, names);
    v->record = r;
    v->others = NULL;
    buf_reserve(&v->folded, total);          /* at once: spans into it must stay */
    for (size_t i = r->fields_n; i > 0; i--) /* backwards: so the first comes first */
        add(v, field_names_find(names, r->fields[i - 1].name), r->fields[i - 1].value);
    add_own(v, FIELD_PROGRAM, r->program);
    add_own(v, FIELD_HOST, r->host);
    add_own(v, FIELD_MESSAGE, r->message);
}

uint16_t view_find(const struct view *v, uint16_t name)
{
    const struct view_names *o = v->others;
    if (!o || name >= o->end || o->list_of[name] == 0)
        return view_first(v, name);
    for (const uint16_t *other = o->lists + o->list_of[name]; *other != FIELD_NONE; other++) {
        uint16_t at = view_first(v, *other);
        if (at != 0)
            return at;
    }
    return 0;
}

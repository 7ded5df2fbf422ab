#include "detect/field_names.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>

struct field_names {
    struct map *numbers; /* its keys are those of names */
    struct span *names;
    uint16_t end;
};

struct field_names *field_names_new(void)
{
    static const char *const own[] = {"message", "program", "host"};
    struct field_names *f = mem_new(1, sizeof(*f));
    f->numbers = map_new_lent(SIZE_MAX);
    f->names = mem_new(1, sizeof(*f->names)); /* FIELD_NONE's */
    f->end = 1;
    for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
        field_names_add(f, span_of(own[i]));
    return f;
}

void field_names_free(struct field_names *f)
{
    if (!f)
        return;
    map_free(f->numbers, NULL);
    for (size_t i = 1; i < f->end; i++)
        free((void *)(uintptr_t)f->names[i].p);
    free(f->names);
    free(f);
}

uint16_t field_names_find(const struct field_names *f, struct span name)
{
    return (uint16_t)(uintptr_t)map_get(f->numbers, name);
}

uint16_t field_names_add(struct field_names *f, struct span name)
{
    uint16_t number = field_names_find(f, name);
    if (number != FIELD_NONE || f->end == FIELD_NAMES_MAX)
        return number;
    if ((f->end & (f->end - 1)) == 0)
        f->names = mem_grow(f->names, 2 * (size_t)f->end, sizeof(*f->names));
    f->names[f->end] = (struct span){mem_text_span(name), name.n};
    map_set(f->numbers, f->names[f->end], (void *)(uintptr_t)f->end, NULL);
    return f->end++;
}

struct span field_names_name(const struct field_names *f, uint16_t number)
{
    return f->names[number];
}

size_t field_names_end(const struct field_names *f)
{
    return f->end;
}

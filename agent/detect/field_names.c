#include "detect/field_names.h"

#include "base/map.h"
#include "base/mem.h"

#include <stdlib.h>

struct field_names {
    struct map *numbers;
    uint16_t end;
};

struct field_names *field_names_new(void)
{
    static const char *const own[] = {"message", "program", "host"};
    struct field_names *f = mem_new(1, sizeof(*f));
    f->numbers = map_new(SIZE_MAX);
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
    map_set(f->numbers, name, (void *)(uintptr_t)f->end, NULL);
    return f->end++;
}

size_t field_names_end(const struct field_names *f)
{
    return f->end;
}

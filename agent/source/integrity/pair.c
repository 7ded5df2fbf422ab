#include "source/integrity/pair.h"

void integrity_pair_init(struct integrity_pair *p, const struct integrity_pace *pace,
                         uint64_t hash_max)
{
    for (size_t i = 0; i < 2; i++) {
        p->seat[i].record = BUF_INIT(INTEGRITY_RECORD_MAX + 1024);
        p->seat[i].look.pace = *pace;
        p->seat[i].look.hash_max = hash_max;
        p->seat[i].look.content.file = FILE_NONE;
    }
}

static void end(struct integrity_pair *p, struct integrity_seat *s)
{
    enum integrity_skip skip = integrity_look_end(&s->look, &s->after);
    s->taken = false;
    p->done(p->ctx, s, skip ? skip : s->skip);
}

static void read_on(struct integrity_pair *p)
{
    struct integrity_seat *a = &p->seat[!p->seat[0].taken], *b = &p->seat[1];
    integrity_read_on(&a->look.content, a != b && b->taken ? &b->look.content : NULL,
                      &a->look.pace);
    for (size_t i = 0; i < 2; i++)
        if (p->seat[i].taken && p->seat[i].look.content.end != INTEGRITY_READ_ON)
            end(p, &p->seat[i]);
}

struct integrity_seat *integrity_pair_free_seat(struct integrity_pair *p)
{
    if (p->seat[0].taken && p->seat[1].taken)
        read_on(p);
    return &p->seat[p->seat[0].taken];
}

void integrity_pair_finish(struct integrity_pair *p)
{
    while (p->seat[0].taken || p->seat[1].taken)
        read_on(p);
}

void integrity_pair_release(struct integrity_pair *p)
{
    integrity_pair_finish(p);
    for (size_t i = 0; i < 2; i++)
        buf_release(&p->seat[i].record);
}

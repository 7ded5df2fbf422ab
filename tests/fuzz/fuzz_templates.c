/* Templates as a damaged disk may give them back, and lines mined with them. The input is a row of
 * pieces: kind, length (two bytes), bytes. Kind 0 is a line, and what an event's fields hold, 1 the
 * detector's own numbers, 2 a key, others a template's state for the slot of that number. */
#include "detect/event_template.h"
#include "detect/templates.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

struct piece {
    uint8_t kind;
    struct span bytes;
};

static bool piece_take(struct span *rest, struct piece *out)
{
    struct span head;
    if (!span_take(rest, 3, &head))
        return false;
    size_t length = (uint8_t)head.p[1] | (size_t)(uint8_t)head.p[2] << 8;
    out->kind = (uint8_t)head.p[0];
    return span_take(rest, length < rest->n ? length : rest->n, &out->bytes);
}

static void try_head(struct span saved)
{
    struct templates_head head, again;
    struct buf out = BUF_INIT(256);
    if (!templates_head_load(saved, &head))
        return;
    templates_head_save(&head, &out);
    if (!templates_head_load(buf_span(&out), &again) || memcmp(&head, &again, sizeof(head)) != 0 ||
        templates_learned_ms(&head, true) < 0)
        abort();
    buf_release(&out);
}

static void try_key(struct span key)
{
    size_t slot;
    if (templates_key_slot(key, &slot) && slot > MINER_MAX)
        abort();
}

static void try_line(struct miner *m, struct span line, int64_t time_ms)
{
    struct tokens tokens;
    bool fresh;
    tokens_take(line, &tokens);
    for (size_t i = 0; i < tokens.n; i++)
        if (tokens.list[i].text.p < line.p ||
            tokens.list[i].text.p + tokens.list[i].text.n > line.p + line.n)
            abort();
    struct mined *t = miner_take(m, 0, SPAN(""), &tokens, &fresh);
    if (t->n != tokens.n)
        abort();
    miner_seen(m, t, time_ms);
    struct mined *again = miner_take(m, 0, SPAN(""), &tokens, &fresh);
    if (fresh || again->n != t->n)
        abort();
}

/* Two events whose fields hold one half of the bytes each, or both. */
static void try_event(struct miner *m, struct span bytes)
{
    char source[64];
    bool fresh;
    struct span half = {bytes.p, bytes.n / 2}, rest = {bytes.p + half.n, bytes.n - half.n};
    struct record r = {.source = source,
                       .fields_n = 4,
                       .fields = {{SPAN("EventID"), half},
                                  {SPAN("Provider_Name"), rest},
                                  {SPAN("TargetUserName"), bytes},
                                  {half, rest}}};
    struct record_field of;
    span_copy(half, source, sizeof(source));
    if (!event_template_is(&r))
        return;
    struct mined *t = event_template_take(m, &r, &fresh);
    miner_seen(m, t, 0);
    r.fields[2].value = rest;
    unsigned differs = 0;
    t = event_template_take(m, &r, &fresh);
    while (event_template_differs(&r, t, &of))
        differs++;
    if (fresh || differs > MINER_VALUES)
        abort();
}

static void check(struct miner *m)
{
    struct mined t;
    struct buf out = BUF_INIT(4096);
    size_t used = 0;
    for (size_t i = 0; i < MINER_MAX; i++) {
        if (!miner_slot(m, i)->used)
            continue;
        used++;
        buf_clear(&out);
        miner_save(miner_slot(m, i), &out);
        if (!miner_read(buf_span(&out), &t) || t.n != miner_slot(m, i)->n)
            abort();
    }
    if (used != miner_used(m))
        abort();
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct miner *m = miner_new();
    struct piece piece;
    int64_t time_ms = 0;
    for (struct span rest = span_make(data, n); piece_take(&rest, &piece);)
        if (piece.kind > 2)
            miner_load(m, piece.kind, piece.bytes);
    miner_loaded(m);
    for (struct span rest = span_make(data, n); piece_take(&rest, &piece);)
        if (piece.kind == 0) {
            try_line(m, piece.bytes, time_ms += 100000);
            try_event(m, piece.bytes);
        } else if (piece.kind == 1)
            try_head(piece.bytes);
        else if (piece.kind == 2)
            try_key(piece.bytes);
    check(m);
    miner_age(m, time_ms / 2);
    check(m);
    miner_free(m);
    return 0;
}

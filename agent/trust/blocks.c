#include "trust/blocks.h"

#define BEGIN SPAN("-----BEGIN ")
#define END   SPAN("-----END ")
#define DASH  SPAN("-----")

struct walk {
    struct span rest;
    int line;       /* last line taken */
    int block_line; /* where the block begins */
    struct span label;
    struct span block;
};

static bool take_label(struct span line, struct span before, struct span *label)
{
    line = span_trim(line);
    if (line.n < before.n + DASH.n || !span_starts(line, before) || !span_ends(line, DASH))
        return false;
    *label = (struct span){line.p + before.n, line.n - before.n - DASH.n};
    return true;
}

/* 1 and the next block, 0 when there is none, -1 when it has no end. */
static int next_block(struct walk *w)
{
    struct span line, label;
    const char *from = NULL;
    while (span_take_line(&w->rest, &line)) {
        w->line++;
        if (!from && take_label(line, BEGIN, &w->label)) {
            from = line.p;
            w->block_line = w->line;
        } else if (from && take_label(line, END, &label) && span_equal(label, w->label)) {
            w->block = (struct span){from, (size_t)(line.p + line.n - from)};
            return 1;
        }
    }
    return from ? -1 : 0;
}

static int take_once(struct span *to, struct span block, const char *what, struct error *e)
{
    if (to->n > 0)
        return error_set(e, "a second %s; only one belongs here", what);
    *to = block;
    return 0;
}

static int take_listed(struct span *list, size_t *n, size_t most, struct span block,
                       const char *what, struct error *e)
{
    if (*n == most)
        return error_set(e, "more than %zu %s", most, what);
    list[(*n)++] = block;
    return 0;
}

static int take_certificate(struct trust_blocks *out, struct span block, struct error *e)
{
    struct certificate_facts facts;
    if (certificate_read(block, &facts, e) != 0)
        return -1;
    if (facts.is_issuer)
        return take_once(&out->issuer, block, "CA of endpoints", e);
    if (facts.is_ca)
        return take_listed(out->ca, &out->ca_n, BLOCKS_CAS_MAX, block,
                           "CAs of the center's certificate", e);
    out->facts = facts;
    return take_once(&out->own, block, "certificate of an endpoint", e);
}

static int take_block(struct trust_blocks *out, const struct walk *w, struct error *e)
{
    if (span_equal_text(w->label, "CERTIFICATE"))
        return take_certificate(out, w->block, e);
    if (span_equal_text(w->label, "PRIVATE KEY") || span_equal_text(w->label, "EC PRIVATE KEY"))
        return take_once(&out->key, w->block, "private key", e);
    if (span_equal_text(w->label, "PUBLIC KEY"))
        return certificate_check_public_key(w->block, e) != 0
                   ? -1
                   : take_listed(out->authority, &out->authority_n, BLOCKS_AUTHORITIES_MAX,
                                 w->block, "authority keys", e);
    if (span_equal_text(w->label, "EC PARAMETERS")) /* openssl ecparam -genkey writes one */
        return 0;
    return error_set(e, "nobody needs a \"%.*s\" here", w->label.n < 40 ? (int)w->label.n : 40,
                     w->label.p);
}

int trust_blocks_read(const char *name, int first_line, struct span text, struct trust_blocks *out,
                      struct error *e)
{
    struct walk w = {.rest = text, .line = first_line - 1};
    struct error why;
    int rc;
    *out = (struct trust_blocks){0};
    while ((rc = next_block(&w)) == 1)
        if (take_block(out, &w, &why) != 0)
            return error_set(e, "%s:%d: %s", name, w.block_line, why.text);
    if (rc < 0)
        return error_set(e, "%s:%d: the block that begins here has no end; the file was cut off",
                         name, w.block_line);
    if (out->key.n > 0 && out->own.n > 0 && certificate_check_key(out->own, out->key, &why) != 0)
        return error_set(e, "%s: %s", name, why.text);
    return 0;
}

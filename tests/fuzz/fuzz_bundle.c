/* An enrollment bundle: what is taken lies within the text and is held to what it says of itself;
 * once installed it can be opened. */
#include "trust/blocks.h"
#include "trust/bundle.h"
#include "trust/certificate.h"
#include "trust/identity.h"

#include "unit/scratch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must_be_block_of(struct span text, struct span block)
{
    if (block.n > 0 && (block.p < text.p || block.p + block.n > text.p + text.n ||
                        !span_starts(span_trim(block), SPAN("-----BEGIN "))))
        abort();
}

static void install(const struct bundle *b)
{
    static char pki[300];
    struct error e;
    struct trust t;
    if (!pki[0]) {
        scratch_open();
        atexit(scratch_close);
        snprintf(pki, sizeof(pki), "%s/pki", scratch_path());
    }
    const struct certificate_facts *own = &b->blocks.facts;
    if (bundle_install(b, pki, own->not_before_ms, &e) != 0)
        return;
    if (trust_open(pki, &t, &e) != TRUST_READY || strcmp(t.own.cn, b->cn) != 0)
        abort();
    trust_close(&t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text = span_make(data, n);
    struct error e = {""};
    struct bundle b;
    if (bundle_parse("fuzz.pem", text, &b, &e) != 0) {
        if (!e.text[0])
            abort();
        return 0;
    }
    must_be_block_of(text, b.blocks.key);
    must_be_block_of(text, b.blocks.own);
    for (size_t i = 0; i < b.blocks.ca_n; i++)
        must_be_block_of(text, b.blocks.ca[i]);
    for (size_t i = 0; i < b.blocks.authority_n; i++)
        must_be_block_of(text, b.blocks.authority[i]);
    if (b.blocks.ca_n == 0 || (b.blocks.own.n > 0 && strcmp(b.cn, b.blocks.facts.cn) != 0))
        abort();
    install(&b);
    return 0;
}

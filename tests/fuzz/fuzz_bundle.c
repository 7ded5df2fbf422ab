/* What comes signed from the center's CAs: the enrollment bundle, its certificates and keys. */
#include "trust/blocks.h"
#include "trust/bundle.h"
#include "trust/certificate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must_be_inside(struct span part, struct span whole)
{
    if (part.n > 0 && (part.p < whole.p || part.p + part.n > whole.p + whole.n))
        abort();
}

static void try_one_block(struct span text)
{
    struct certificate_facts facts;
    struct error e;
    if (certificate_read(text, &facts, &e) == 0 && !facts.is_ca &&
        !certificate_cn_is_valid(span_of(facts.cn)))
        abort();
    certificate_check_public_key(text, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text = span_make(data, n);
    struct bundle b;
    struct error e = {""};
    if (bundle_parse("fuzz.bundle", text, &b, &e) != 0) {
        if (strncmp(e.text, "fuzz.bundle", 11) != 0) /* names its file */
            abort();
    } else {
        must_be_inside(b.blocks.own, text);
        must_be_inside(b.blocks.key, text);
        for (size_t i = 0; i < b.blocks.ca_n; i++)
            must_be_inside(b.blocks.ca[i], text);
    }
    try_one_block(text);
    return 0;
}

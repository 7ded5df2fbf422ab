/* What a center gives for a request: whatever it is, only our own certificate by our own CA is
 * taken, and words are harmless. */
#include "trust/renewal.h"

#include "unit/pki_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must_be_words(const char *words)
{
    if (!words[0])
        return;
    for (; *words; words++)
        if (*words < ' ' || *words > '~')
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span text = span_make(data, n);
    struct wanted wanted = {"pc-1", "MX-SAT", span_of(pki_key), span_of(pki_issuer),
                            PKI_FROM_MS + 86400000};
    struct certificate_answer a;
    struct error e;
    answer_read(text, &wanted, &a);
    if (a.kind == ANSWER_REFUSED)
        must_be_words(a.words);
    if (a.kind == ANSWER_BAD && !a.words[0])
        abort();
    if (a.kind != ANSWER_CERTIFICATE)
        return 0;
    if (a.certificate.p < text.p || a.certificate.p + a.certificate.n > text.p + text.n ||
        strcmp(a.facts.cn, "pc-1") != 0 || strcmp(a.facts.role, "endpoint") != 0 ||
        certificate_is_of_key(a.certificate, wanted.key, &e) != 1)
        abort();
    renewal_due_ms(&a.facts);
    return 0;
}

/* A certificate, with or without its private key behind it, or a public key: DER, which is put
 * into PEM here, so that a changed byte is a changed byte. */
#include "trust/certificate.h"

#include <mbedtls/base64.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* The block in memory of its very size, so that ASan sees a read beyond it. */
static struct span pem_of(const char *label, const uint8_t *der, size_t n)
{
    size_t room = 4 * (n / 3 + 1) + 1 + 2 * strlen(label) + 64, used = 0;
    char *p = malloc(room);
    if (!p)
        abort();
    int at = snprintf(p, room, "-----BEGIN %s-----\n", label);
    if (mbedtls_base64_encode((unsigned char *)p + at, room - (size_t)at, &used, der, n) != 0)
        abort();
    used += (size_t)at;
    used += (size_t)snprintf(p + used, room - used, "\n-----END %s-----", label);
    p = realloc(p, used);
    return (struct span){p, used};
}

static void check_facts(const struct certificate_facts *f)
{
    size_t serial = strspn(f->serial, "0123456789ABCDEF");
    if (f->serial[serial] || serial >= sizeof(f->serial) || serial % 2 > 0)
        abort();
    if (f->is_ca ? f->cn[0] != '\0' : !certificate_cn_is_valid(span_of(f->cn)))
        abort();
    if (!f->is_ca && (!certificate_institution_is_valid(span_of(f->institution)) || !f->role[0]))
        abort();
}

/* Bytes of the ASN.1 object in front, or n. */
static size_t first_object(const uint8_t *data, size_t n)
{
    size_t size = n >= 4 && data[1] == 0x82 ? 4 + ((size_t)data[2] << 8 | data[3]) : n;
    return size < n ? size : n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error e = {""};
    struct certificate_facts facts;
    size_t first = first_object(data, n);
    struct span certificate = pem_of("CERTIFICATE", data, first);
    struct span public_key = pem_of("PUBLIC KEY", data, n);
    if (certificate_read(certificate, &facts, &e) == 0) {
        check_facts(&facts);
        certificate_check_time(&facts, 1790000000000, &e);
    }
    for (int i = 0; i < 2 && first < n; i++) {
        const char *label = i == 0 ? "EC PRIVATE KEY" : "PRIVATE KEY";
        struct span key = pem_of(label, data + first, n - first);
        certificate_check_key(certificate, key, &e);
        free((char *)key.p);
    }
    certificate_check_public_key(public_key, &e);
    certificate_read(span_make(data, n), &facts, &e); /* PEM, or anything */
    free((char *)certificate.p);
    free((char *)public_key.p);
    return 0;
}

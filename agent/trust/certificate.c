#include "trust/certificate.h"

#include "base/sha256.h"
#include "base/text.h"
#include "trust/rng.h"

#include <mbedtls/asn1.h>
#include <mbedtls/ecp.h>
#include <mbedtls/oid.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/x509_crt.h>

/* mbedTLS reads PEM with the NUL behind it counted. */
struct pem_text {
    unsigned char bytes[CERTIFICATE_PEM_MAX + 1];
    size_t n;
};

static int pem_text_set(struct pem_text *t, struct span pem, struct error *e)
{
    t->n = 0;
    if (pem.n == 0)
        return error_set(e, "it is empty");
    if (pem.n > CERTIFICATE_PEM_MAX || memchr(pem.p, '\0', pem.n))
        return error_set(e, "it is longer than %d bytes or holds a NUL byte", CERTIFICATE_PEM_MAX);
    memcpy(t->bytes, pem.p, pem.n);
    t->bytes[pem.n] = '\0';
    t->n = pem.n + 1;
    return 0;
}

static bool is_small(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

static bool is_alnum(char c)
{
    return is_small(c) || (c >= 'A' && c <= 'Z');
}

static bool is_name(struct span s, size_t most, bool (*first)(char), const char *more)
{
    if (s.n == 0 || s.n > most || !first(s.p[0]))
        return false;
    for (size_t i = 1; i < s.n; i++)
        if (!first(s.p[i]) && (s.p[i] == '\0' || !strchr(more, s.p[i])))
            return false;
    return true;
}

bool certificate_cn_is_valid(struct span cn)
{
    return is_name(cn, 63, is_small, "._-");
}

bool certificate_institution_is_valid(struct span institution)
{
    return is_name(institution, 64, is_alnum, " ._-");
}

static bool is_role(struct span role)
{
    return is_name(role, 23, is_small, "-");
}

static int64_t to_ms(const mbedtls_x509_time *t)
{
    return text_utc_ms(t->year, t->mon, t->day, t->hour, t->min, t->sec, 0);
}

static void put_serial(const mbedtls_x509_buf *serial, char *out, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (size_t i = 0; i < serial->len && n + 3 <= size; i++) {
        out[n++] = digits[serial->p[i] >> 4];
        out[n++] = digits[serial->p[i] & 15];
    }
    out[n] = '\0';
}

/* Exactly one CN, one OU and one O of the allowed characters, and nothing else. */
static int read_subject(const mbedtls_x509_crt *crt, struct certificate_facts *out, struct error *e)
{
    const struct {
        const char *oid;
        char *to;
        size_t size;
        bool (*is_valid)(struct span);
    } parts[] = {
        {MBEDTLS_OID_AT_CN, out->cn, sizeof(out->cn), certificate_cn_is_valid},
        {MBEDTLS_OID_AT_ORG_UNIT, out->role, sizeof(out->role), is_role},
        {MBEDTLS_OID_AT_ORGANIZATION, out->institution, sizeof(out->institution),
         certificate_institution_is_valid},
    };
    size_t found = 0;
    for (const mbedtls_x509_name *name = &crt->subject; name && name->oid.p; name = name->next) {
        struct span oid = span_make(name->oid.p, name->oid.len);
        struct span value = span_make(name->val.p, name->val.len);
        size_t i = 0;
        while (i < 3 && !span_equal_text(oid, parts[i].oid))
            i++;
        if (i == 3 || parts[i].to[0] || !parts[i].is_valid(value))
            found = 4; /* never right again */
        else
            found += span_copy(value, parts[i].to, parts[i].size);
    }
    if (found == 3)
        return 0;
    return error_set(e, "the certificate's subject is not CN=<name>,OU=<role>,O=<institution>; "
                        "it was not issued for Vigía");
}

static int check_p256(const mbedtls_pk_context *pk, const char *what, struct error *e)
{
    if (mbedtls_pk_get_type(pk) == MBEDTLS_PK_ECKEY &&
        mbedtls_ecp_keypair_get_group_id(mbedtls_pk_ec(*pk)) == MBEDTLS_ECP_DP_SECP256R1)
        return 0;
    return error_set(e, "the %s is not on the curve P-256; ask for a new bundle", what);
}

static bool is_part(const mbedtls_x509_name *name, const char *oid, const char *value)
{
    return span_equal_text(span_make(name->oid.p, name->oid.len), oid) &&
           span_equal_text(span_make(name->val.p, name->val.len), value);
}

static bool is_issuer(const mbedtls_x509_name *name)
{
    return is_part(name, MBEDTLS_OID_AT_ORGANIZATION, "Vigia") && name->next &&
           is_part(name->next, MBEDTLS_OID_AT_CN, "Vigia Endpoints CA") && !name->next->next;
}

static int read_facts(const mbedtls_x509_crt *crt, struct certificate_facts *out, struct error *e)
{
    *out = (struct certificate_facts){.is_ca = mbedtls_x509_crt_get_ca_istrue(crt) == 1};
    out->not_before_ms = to_ms(&crt->valid_from);
    out->not_after_ms = to_ms(&crt->valid_to);
    put_serial(&crt->serial, out->serial, sizeof(out->serial));
    out->is_issuer = out->is_ca && is_issuer(&crt->subject);
    if (out->is_ca)
        return 0;
    return check_p256(&crt->pk, "certificate's key", e) == 0 ? read_subject(crt, out, e) : -1;
}

static int parse(struct span pem, mbedtls_x509_crt *crt, struct error *e)
{
    struct pem_text text;
    if (pem_text_set(&text, pem, e) != 0)
        return -1;
    int rc = mbedtls_x509_crt_parse(crt, text.bytes, text.n);
    if (rc != 0)
        return error_set(e,
                         "no certificate with an ECDSA key (mbedTLS -0x%04x); it is damaged, "
                         "or not of Vigía",
                         (unsigned)-rc);
    return 0;
}

int certificate_read(struct span pem, struct certificate_facts *out, struct error *e)
{
    mbedtls_x509_crt crt;
    mbedtls_x509_crt_init(&crt);
    int rc = parse(pem, &crt, e);
    if (rc == 0)
        rc = read_facts(&crt, out, e);
    mbedtls_x509_crt_free(&crt);
    return rc;
}

int certificate_check_time(const struct certificate_facts *c, int64_t now_ms, struct error *e)
{
    char from[TEXT_TIME_SIZE], until[TEXT_TIME_SIZE], now[TEXT_TIME_SIZE];
    text_time(c->not_before_ms, from);
    text_time(c->not_after_ms, until);
    text_time(now_ms, now);
    if (now_ms > c->not_after_ms)
        return error_set(e,
                         "the certificate of %s expired on %.10s (this host's clock says %.19sZ); "
                         "ask the center's staff for a new bundle, or set the clock right",
                         c->cn, until, now);
    if (now_ms < c->not_before_ms)
        return error_set(e,
                         "the certificate of %s begins on %.19sZ and this host's clock says "
                         "%.19sZ; set the clock right",
                         c->cn, from, now);
    return 0;
}

static int parse_key(struct span pem, mbedtls_pk_context *pk, struct error *e)
{
    struct pem_text text;
    int rc = pem_text_set(&text, pem, e);
    if (rc == 0) {
        rc = mbedtls_pk_parse_key(pk, text.bytes, text.n, NULL, 0, rng_fill, NULL);
        if (rc != 0)
            error_set(e, "the private key cannot be read (mbedTLS -0x%04x); ask for a new bundle",
                      (unsigned)-rc);
    }
    mbedtls_platform_zeroize(&text, sizeof(text));
    return rc == 0 ? check_p256(pk, "private key", e) : -1;
}

int certificate_is_of_key(struct span certificate_pem, struct span key_pem, struct error *e)
{
    mbedtls_x509_crt crt;
    mbedtls_pk_context key;
    mbedtls_x509_crt_init(&crt);
    mbedtls_pk_init(&key);
    int rc = parse(certificate_pem, &crt, e);
    if (rc == 0)
        rc = check_p256(&crt.pk, "certificate's key", e);
    if (rc == 0)
        rc = parse_key(key_pem, &key, e);
    if (rc == 0)
        rc = mbedtls_pk_check_pair(&crt.pk, &key, rng_fill, NULL) == 0;
    mbedtls_pk_free(&key);
    mbedtls_x509_crt_free(&crt);
    return rc;
}

int certificate_check_key(struct span certificate_pem, struct span key_pem, struct error *e)
{
    int rc = certificate_is_of_key(certificate_pem, key_pem, e);
    if (rc == 0)
        return error_set(e, "the private key is not that of the certificate; enroll again with the "
                            "bundle that belongs to this host");
    return rc == 1 ? 0 : -1;
}

int certificate_key_id(struct span key_pem, uint8_t out[32])
{
    unsigned char der[256];
    struct error e;
    mbedtls_pk_context key;
    mbedtls_pk_init(&key);
    int n = parse_key(key_pem, &key, &e);
    if (n == 0) /* written at the end of the room */
        n = mbedtls_pk_write_pubkey_der(&key, der, sizeof(der));
    if (n > 0)
        sha256_of(der + sizeof(der) - n, (size_t)n, out);
    mbedtls_pk_free(&key);
    return n > 0 ? 0 : -1;
}

#define CLIENT MBEDTLS_OID_CLIENT_AUTH

int certificate_check_issuer(struct span certificate_pem, struct span issuer_pem, struct error *e)
{
    mbedtls_x509_crt crt, issuer;
    uint32_t flags = 0;
    mbedtls_x509_crt_init(&crt);
    mbedtls_x509_crt_init(&issuer);
    int rc = parse(certificate_pem, &crt, e);
    if (rc == 0)
        rc = parse(issuer_pem, &issuer, e);
    if (rc == 0) {
        mbedtls_x509_crt_verify(&crt, &issuer, NULL, NULL, &flags, NULL, NULL);
        flags &= ~(uint32_t)(MBEDTLS_X509_BADCERT_EXPIRED | MBEDTLS_X509_BADCERT_FUTURE);
        if (flags != 0)
            rc = error_set(e, "the certificate is not signed by the CA of endpoints that this host "
                              "was enrolled with");
        else if (mbedtls_x509_crt_check_extended_key_usage(&crt, CLIENT, sizeof(CLIENT) - 1) != 0)
            rc = error_set(e, "the certificate is not made for a client");
    }
    mbedtls_x509_crt_free(&crt);
    mbedtls_x509_crt_free(&issuer);
    return rc;
}

int certificate_check_public_key(struct span pem, struct error *e)
{
    struct pem_text text;
    mbedtls_pk_context pk;
    if (pem_text_set(&text, pem, e) != 0)
        return -1;
    mbedtls_pk_init(&pk);
    int rc = mbedtls_pk_parse_public_key(&pk, text.bytes, text.n);
    rc = rc == 0
             ? check_p256(&pk, "authority's key", e)
             : error_set(e, "a public key that cannot be read (mbedTLS -0x%04x)", (unsigned)-rc);
    mbedtls_pk_free(&pk);
    return rc;
}

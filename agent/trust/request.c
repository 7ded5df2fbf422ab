#include "trust/request.h"

#include "platform/file.h"
#include "trust/certificate.h"
#include "trust/identity.h"
#include "trust/rng.h"
#include "trust/sealed.h"

#include <errno.h>
#include <mbedtls/ecp.h>
#include <mbedtls/pk.h>
#include <mbedtls/platform_util.h>
#include <mbedtls/x509_csr.h>

#define PEM_ROOM     2048
#define KEY_FILE_MAX 4096

static int make_key(mbedtls_pk_context *key)
{
    int rc = mbedtls_pk_setup(key, mbedtls_pk_info_from_type(MBEDTLS_PK_ECKEY));
    if (rc == 0)
        rc = mbedtls_ecp_gen_key(MBEDTLS_ECP_DP_SECP256R1, mbedtls_pk_ec(*key), rng_fill, NULL);
    return rc;
}

static int keep_key(const char *pki_dir, const mbedtls_pk_context *key, struct error *e)
{
    unsigned char pem[PEM_ROOM];
    if (mbedtls_pk_write_key_pem(key, pem, sizeof(pem)) != 0) {
        error_set(e, "the new key cannot be written as PEM");
        return -2;
    }
    struct buf text = BUF_INIT(KEY_FILE_MAX);
    sealed_put(&text, span_trim(span_of((const char *)pem)));
    mbedtls_platform_zeroize(pem, sizeof(pem));
    int rc = text.failed ? -EFBIG : folder_make(pki_dir, 0750);
    if (rc == 0)
        rc = file_replace_owned(pki_dir, "pending.key", text.p, text.n, trust_key_mode(pki_dir));
    trust_wipe(&text);
    if (rc == 0)
        return 0;
    error_set(e, "%s/pending.key cannot be written: %s", pki_dir, error_text(rc));
    return -2;
}

/* 0 and the key that waits here, -ENOENT if there is none, another value if it is unusable. */
static int read_key(const char *pki_dir, mbedtls_pk_context *key)
{
    char path[4400];
    struct buf text = BUF_INIT(KEY_FILE_MAX);
    snprintf(path, sizeof(path), "%s/pending.key", pki_dir);
    int rc = sealed_read(path, &text);
    if (rc == 0)
        rc = mbedtls_pk_parse_key(key, (const unsigned char *)buf_span(&text).p, text.n + 1, NULL,
                                  0, rng_fill, NULL);
    trust_wipe(&text);
    return rc;
}

static int write_request(mbedtls_pk_context *key, const char *subject, struct buf *csr)
{
    unsigned char pem[PEM_ROOM];
    mbedtls_x509write_csr request;
    mbedtls_x509write_csr_init(&request);
    mbedtls_x509write_csr_set_md_alg(&request, MBEDTLS_MD_SHA256);
    mbedtls_x509write_csr_set_key(&request, key);
    int rc = mbedtls_x509write_csr_set_subject_name(&request, subject);
    if (rc == 0)
        rc = mbedtls_x509write_csr_pem(&request, pem, sizeof(pem), rng_fill, NULL);
    if (rc == 0)
        buf_put_text(csr, (const char *)pem);
    mbedtls_x509write_csr_free(&request);
    return rc;
}

static int find_or_make_key(const char *pki_dir, mbedtls_pk_context *key, bool *again,
                            struct error *e)
{
    int rc = read_key(pki_dir, key);
    *again = rc == 0;
    if (rc == 0)
        return 0;
    if (rc != -ENOENT && rc != -ENOTDIR) {
        error_set(e, "%s/pending.key is there and cannot be used; remove it to have a new key",
                  pki_dir);
        return -2;
    }
    if (make_key(key) != 0) {
        error_set(e, "no key can be made: the system gives no random bytes");
        return -2;
    }
    return keep_key(pki_dir, key, e);
}

int trust_request_make(const char *pki_dir, const char *cn, const char *institution,
                       struct buf *csr, bool *again, struct error *e)
{
    char subject[256];
    mbedtls_pk_context key;
    if (!certificate_cn_is_valid(span_of(cn)))
        return error_set(e, "--cn \"%.80s\": a name of a-z 0-9 . _ -, at most 63, is allowed", cn);
    if (!certificate_institution_is_valid(span_of(institution)))
        return error_set(e,
                         "--institution \"%.80s\": letters, digits, space . _ - are allowed, at "
                         "most 64",
                         institution);
    snprintf(subject, sizeof(subject), "CN=%s,OU=endpoint,O=%s", cn, institution);
    mbedtls_pk_init(&key);
    int rc = find_or_make_key(pki_dir, &key, again, e);
    if (rc == 0 && write_request(&key, subject, csr) != 0) {
        error_set(e, "the request cannot be made");
        rc = -2;
    }
    mbedtls_pk_free(&key);
    return rc;
}

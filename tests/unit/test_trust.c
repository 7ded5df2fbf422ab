/* trust: bundles, what enrollment leaves, requests; what is wrong is said with its line. */
#include "base/sha256.h"
#include "base/slurp.h"
#include "platform/file.h"
#include "trust/bundle.h"
#include "trust/identity.h"
#include "trust/request.h"
#include "trust/rng.h"
#include "unit/cmocka_all.h"
#include "unit/pki_kit.h"
#include "unit/scratch.h"

#include <mbedtls/asn1.h>
#include <mbedtls/pem.h>
#include <mbedtls/pk.h>

#define HEADER                                                                                     \
    "[bundle]\nversion = 1\ncenter = https://center.example:8443\nrole = endpoint\n"               \
    "cn = pc-1\ninstitution = MX-SAT\n"
#define PEM_MAX      2048
#define HEADER_LINES 6
#define IN_TIME      (PKI_FROM_MS + 86400000)

static char pki[512]; /* the folder */

static int setup(void **state)
{
    (void)state;
    scratch_open();
    snprintf(pki, sizeof(pki), "%s/pki", scratch_path());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

/* ---- reading bundles ---- */

static char text[BUNDLE_MAX + 4096];

/* A text of up to eight parts, NULL at the end. */
static struct span make_text(const char *const *parts)
{
    size_t n = 0;
    for (; *parts; parts++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", *parts);
    return (struct span){text, n};
}

#define TEXT(...) make_text((const char *const[]){__VA_ARGS__, NULL})

static int lines_in(const char *part)
{
    int n = 0;
    while ((part = strchr(part, '\n'))) {
        part++;
        n++;
    }
    return n;
}

static void expect_error(struct span bundle, int line, const char *words)
{
    struct bundle b;
    struct error e = {""};
    char begin[64];
    assert_int_equal(bundle_parse("b.txt", bundle, &b, &e), -1);
    snprintf(begin, sizeof(begin), line > 0 ? "b.txt:%d: " : "b.txt: ", line);
    if (!span_starts(span_of(e.text), span_of(begin)) || !strstr(e.text, words))
        fail_msg("not \"%s...%s\" but: %s", begin, words, e.text);
}

static void parse_good(struct span bundle, struct bundle *b)
{
    struct error e = {""};
    if (bundle_parse("b.txt", bundle, b, &e) != 0)
        fail_msg("%s", e.text);
}

static void a_good_bundle_is_read(void **state)
{
    (void)state;
    struct bundle b;
    parse_good(TEXT(HEADER, pki_ca, pki_own, pki_key, pki_other_ca, pki_authority), &b);
    assert_string_equal(b.center, "https://center.example:8443");
    assert_string_equal(b.role, "endpoint");
    assert_string_equal(b.cn, "pc-1");
    assert_string_equal(b.institution, "MX-SAT");
    assert_int_equal(b.blocks.ca_n, 2);
    assert_int_equal(b.blocks.authority_n, 1);
    assert_true(b.blocks.key.n > 0 && span_starts(span_of(pki_key), b.blocks.key));
    assert_string_equal(b.blocks.facts.cn, "pc-1");
    assert_string_equal(b.blocks.facts.role, "endpoint");
    assert_string_equal(b.blocks.facts.institution, "MX-SAT");
    assert_string_equal(b.blocks.facts.serial, "0ABC01");
    assert_true(b.blocks.facts.not_before_ms == PKI_FROM_MS);
    assert_true(b.blocks.facts.not_after_ms == PKI_UNTIL_MS);
}

static void the_order_of_the_blocks_does_not_matter(void **state)
{
    (void)state;
    struct bundle b;
    parse_good(TEXT(HEADER, pki_key, pki_own, pki_ca), &b);
    parse_good(TEXT("; by the center\n\n# for pc-1\n", HEADER, "\n", pki_ca, "words between\n",
                    pki_key, pki_own, "and behind\n"),
               &b);
    parse_good(TEXT(HEADER, pki_ca, pki_own), &b); /* the key may wait on the host */
    assert_int_equal(b.blocks.key.n, 0);
}

/* As mail and Windows leave it. */
static void lines_may_end_with_cr_lf(void **state)
{
    (void)state;
    struct bundle b;
    static char crlf[BUNDLE_MAX];
    struct span from = TEXT(HEADER, pki_ca, pki_own, pki_key);
    size_t n = 0;
    for (size_t i = 0; i < from.n; i++) {
        if (from.p[i] == '\n')
            crlf[n++] = '\r';
        crlf[n++] = from.p[i];
    }
    parse_good((struct span){crlf, n}, &b);
    assert_string_equal(b.institution, "MX-SAT");
    assert_true(b.blocks.key.n > 0);
}

static void what_is_no_bundle_is_said(void **state)
{
    (void)state;
    static char large[BUNDLE_MAX + 1];
    memset(large, '\n', sizeof(large));
    expect_error(SPAN(""), 0, "[bundle] is missing");
    expect_error(TEXT(pki_ca, pki_own, pki_key), 0, "[bundle] is missing");
    expect_error(SPAN("\x1f\x8b\x08 junk"), 1, "[bundle] comes first");
    expect_error(TEXT("\n\n[center]\n", HEADER), 3, "[bundle] comes first");
    expect_error(span_make(large, sizeof(large)), 0, "over 64 KiB");
    expect_error(span_make("[bundle]\ncn = a\0b\n", 18), 2, "cn is empty or too long");
}

static void a_header_is_complete_and_known(void **state)
{
    (void)state;
    expect_error(TEXT(HEADER, "colour = blue\n", pki_ca), 7, "unknown key");
    expect_error(TEXT(HEADER, "cn = pc-2\n", pki_ca), 7, "cn stands twice");
    expect_error(TEXT("[bundle]\nversion = 1\nrole =\n", pki_ca), 3, "role is empty");
    expect_error(TEXT("[bundle]\njust words\n", pki_ca), 2, "neither key = value");
    expect_error(TEXT("[bundle]\nversion = 2\n", pki_ca), 0, "version \"2\"");
    expect_error(TEXT("[bundle]\n", pki_ca), 0, "version \"\"");
    expect_error(TEXT("[bundle]\nversion = 1\ncenter = http://c\n", pki_ca), 0,
                 "https://host:port");
    expect_error(TEXT("[bundle]\nversion = 1\ncenter = https://c\ncn = PC_1\n", pki_ca), 0,
                 "cn is not");
    expect_error(TEXT("[bundle]\nversion = 1\ncenter = https://c\ncn = pc-1\n", pki_ca), 0,
                 "institution is not");
    expect_error(TEXT("[bundle]\nversion=1\ncenter=https://c\ncn=pc-1\ninstitution=X\n", pki_ca), 0,
                 "role is missing");
}

/* The line is that of the block's begin. */
static void a_bad_block_is_named_by_its_line(void **state)
{
    (void)state;
    int second = HEADER_LINES + lines_in(pki_ca) + 1;
    expect_error(
        TEXT(HEADER, pki_ca, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
        second, "no certificate with an ECDSA key");
    expect_error(TEXT(HEADER, pki_ca, "-----BEGIN FISH-----\nAAAA\n-----END FISH-----\n"), second,
                 "nobody needs a \"FISH\"");
    expect_error(TEXT(HEADER, pki_ca, pki_own, pki_own), second + lines_in(pki_own),
                 "a second certificate");
    expect_error(TEXT(HEADER, pki_ca, pki_key, pki_key), second + lines_in(pki_key),
                 "a second private key");
    expect_error(TEXT(HEADER, pki_ca, pki_ca, pki_ca), HEADER_LINES + 2 * lines_in(pki_ca) + 1,
                 "more than 2 CAs");
    expect_error(
        TEXT(HEADER, pki_ca, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"),
        second, "a public key that cannot be read");
    expect_error(TEXT(HEADER, pki_ca, pki_short_subject), second,
                 "CN=<name>,OU=<role>,O=<institution>");
    expect_error(TEXT(HEADER, pki_ca, pki_long_subject), second,
                 "CN=<name>,OU=<role>,O=<institution>");
    expect_error(TEXT(HEADER, pki_ca, pki_p384), second, "not on the curve P-256");
}

static void a_bundle_that_was_cut_off_is_told(void **state)
{
    (void)state;
    struct bundle b;
    struct error e;
    struct span whole = TEXT(HEADER, pki_ca, pki_own, pki_key);
    size_t keyless = whole.n - strlen(pki_key);
    int own_line = HEADER_LINES + lines_in(pki_ca) + 1, key_line = own_line + lines_in(pki_own);
    for (size_t n = keyless + strlen("-----BEGIN EC PRIVATE KEY-----"); n < whole.n - 1; n++)
        if (bundle_parse("b.txt", span_make(whole.p, n), &b, &e) == 0)
            fail_msg("taken when cut at %zu", n);
    parse_good(span_make(whole.p, whole.n - 1), &b); /* no newline at the end: all is there */
    expect_error(span_make(whole.p, whole.n - 10), key_line, "was cut off");
    expect_error(span_make(whole.p, keyless - 40), own_line, "was cut off");
}

static void a_bundle_that_contradicts_itself_is_refused(void **state)
{
    (void)state;
    expect_error(TEXT(HEADER, pki_own, pki_key), 0, "no CA");
    expect_error(TEXT(HEADER, pki_ca, pki_soc, pki_key), 0, "is for watcher, soc of MX-SOC");
    expect_error(TEXT(HEADER, pki_ca, pki_own, pki_other_key), 0, "not that of the certificate");
    expect_error(TEXT(HEADER, pki_ca, pki_own, pki_p384_key), 0, "not on the curve P-256");
    expect_error(TEXT(HEADER, pki_ca, pki_own,
                      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY"
                      "-----\n"),
                 0, "the private key cannot be read");
}

static void names_keep_to_their_characters(void **state)
{
    (void)state;
    static const char *const bad_cn[] = {"", "-a", ".a", "A", "a b", "a/b", "..", "a\n", "ñ"};
    static const char *const bad_institution[] = {"", " A", "-A", "A/B", "A\"B", "A\\", "Ñ"};
    char long_name[66];
    for (size_t i = 0; i < sizeof(bad_cn) / sizeof(bad_cn[0]); i++)
        assert_false(certificate_cn_is_valid(span_of(bad_cn[i])));
    for (size_t i = 0; i < sizeof(bad_institution) / sizeof(bad_institution[0]); i++)
        assert_false(certificate_institution_is_valid(span_of(bad_institution[i])));
    memset(long_name, 'a', sizeof(long_name));
    assert_true(certificate_cn_is_valid(span_make(long_name, 63)));
    assert_false(certificate_cn_is_valid(span_make(long_name, 64)));
    assert_true(certificate_institution_is_valid(span_make(long_name, 64)));
    assert_false(certificate_institution_is_valid(span_make(long_name, 65)));
    assert_true(certificate_cn_is_valid(SPAN("0.pc_1-x")));
    assert_true(certificate_institution_is_valid(SPAN("MX SAT_1.a-b")));
}

static void the_clock_is_held_against_the_certificate(void **state)
{
    (void)state;
    struct certificate_facts facts;
    struct error e;
    assert_int_equal(certificate_read(span_of(pki_own), &facts, &e), 0);
    assert_int_equal(certificate_check_time(&facts, PKI_FROM_MS, &e), 0);
    assert_int_equal(certificate_check_time(&facts, PKI_UNTIL_MS, &e), 0);
    assert_int_equal(certificate_check_time(&facts, PKI_FROM_MS - 1, &e), -1);
    assert_non_null(strstr(e.text, "begins on 2026-01-01T00:00:00Z"));
    assert_int_equal(certificate_check_time(&facts, PKI_UNTIL_MS + 1, &e), -1);
    assert_non_null(strstr(e.text, "pc-1 expired on 2026-04-01"));
}

/* ---- installing, and opening what that leaves ---- */

static const char *in_pki(const char *name)
{
    static char path[600];
    snprintf(path, sizeof(path), "%s/%s", pki, name);
    return path;
}

static bool is_there(const char *name)
{
    struct file_info info;
    return file_info_at(in_pki(name), &info) == 0;
}

static int install(struct span bundle, int64_t now_ms, struct error *e)
{
    struct bundle b;
    parse_good(bundle, &b);
    return bundle_install(&b, pki, now_ms, e);
}

static void enroll(void)
{
    struct error e = {""};
    if (install(TEXT(HEADER, pki_ca, pki_own, pki_key, pki_authority), IN_TIME, &e) != 0)
        fail_msg("%s", e.text);
}

static void expect_opened(enum trust_state wanted, const char *words)
{
    struct trust t;
    struct error e = {""};
    enum trust_state found = trust_open(pki, &t, &e);
    if (found != wanted || (words && !strstr(e.text, words)))
        fail_msg("%d instead of %d, or no \"%s\" in: %s", found, wanted, words, e.text);
    assert_true(found == TRUST_READY || (t.pair.n == 0 && t.cas.n == 0));
    trust_close(&t);
    assert_null(t.pair.p);
}

static void replace(const char *name, const char *content, uint32_t mode)
{
    assert_int_equal(file_replace(pki, name, content, strlen(content), mode), 0);
}

static void an_enrolled_host_knows_who_it_is(void **state)
{
    (void)state;
    struct trust t, again;
    struct error e;
    struct certificate_facts facts;
    struct file_info info;
    expect_opened(TRUST_NOT_ENROLLED, "not enrolled: ");
    enroll();
    assert_int_equal(trust_open(pki, &t, &e), TRUST_READY);
    assert_string_equal(t.own.cn, "pc-1");
    assert_string_equal(t.center_url, "https://center.example:8443");
    assert_int_equal(file_info_at(in_pki("endpoint.pem"), &info), 0);
    assert_int_equal(info.mode, 0600);
    assert_true(is_there("authority.pem"));
    assert_int_equal(trust_read_facts(pki, &facts, &e), TRUST_READY);
    assert_string_equal(facts.institution, "MX-SAT");
    assert_int_equal(trust_open(pki, &again, &e), TRUST_READY);
    assert_true(trust_equal(&t, &again));
    trust_close(&again);
    replace("center.url", "https://other.example:1\n", 0644);
    assert_int_equal(trust_open(pki, &again, &e), TRUST_READY);
    assert_false(trust_equal(&t, &again));
    trust_close(&again);
    trust_close(&t);
}

static void only_a_good_endpoint_bundle_is_installed(void **state)
{
    (void)state;
    struct error e;
    static const char soc_header[] = "[bundle]\nversion = 1\ncenter = https://c:1\nrole = soc\n"
                                     "cn = watcher\ninstitution = MX-SOC\n";
    assert_int_equal(install(TEXT(soc_header, pki_ca, pki_soc, pki_key), IN_TIME, &e), -1);
    assert_non_null(strstr(e.text, "role soc"));
    assert_int_equal(install(TEXT(HEADER, pki_ca, pki_own, pki_key), PKI_UNTIL_MS + 1, &e), -1);
    assert_non_null(strstr(e.text, "expired"));
    assert_int_equal(install(TEXT(HEADER, pki_ca, pki_key), IN_TIME, &e), -1);
    assert_non_null(strstr(e.text, "no certificate of pc-1"));
    assert_int_equal(install(TEXT(HEADER, pki_ca, pki_own), IN_TIME, &e), -1);
    assert_non_null(strstr(e.text, "vigia enroll --csr FILE --cn pc-1 --institution \"MX-SAT\""));
    assert_false(is_there("endpoint.pem"));
    expect_opened(TRUST_NOT_ENROLLED, NULL);
}

static void a_folder_that_cannot_be_written_is_another_fault(void **state)
{
    (void)state;
    struct error e;
    scratch_append(pki, "a file", 6);
    assert_int_equal(install(TEXT(HEADER, pki_ca, pki_own, pki_key), IN_TIME, &e), -2);
    assert_non_null(strstr(e.text, pki));
}

/* The role that ships reads the key through the folder's group, and nobody else does. */
static void a_key_that_others_can_read_is_refused(void **state)
{
    (void)state;
    struct span pair = TEXT(pki_key, pki_own);
    static const uint32_t bad[] = {0604, 0602, 0601, 0620, 0660, 0777, 0644};
    enroll();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        replace("endpoint.pem", pair.p, bad[i]);
        expect_opened(TRUST_BROKEN, "can be read or changed by others");
        expect_opened(TRUST_BROKEN, "chmod 600");
    }
    replace("endpoint.pem", pair.p, 0640);
    expect_opened(TRUST_READY, NULL);
    replace("endpoint.pem", pair.p, 0400);
    expect_opened(TRUST_READY, NULL);
}

static void what_is_broken_is_named(void **state)
{
    (void)state;
    enroll();
    replace("endpoint.pem", pki_own, 0600);
    expect_opened(TRUST_BROKEN, "private key or the certificate is missing");
    replace("endpoint.pem", "", 0600);
    expect_opened(TRUST_BROKEN, "is missing; enroll again");
    replace("endpoint.pem", TEXT(pki_own, pki_other_key).p, 0600);
    expect_opened(TRUST_BROKEN, "not that of the certificate");
    replace("endpoint.pem", TEXT("\n", pki_key, "-----BEGIN CERTIFICATE-----\n").p, 0600);
    char line[64];
    snprintf(line, sizeof(line), "endpoint.pem:%d: ", 2 + lines_in(pki_key));
    expect_opened(TRUST_BROKEN, line);
    enroll();
    replace("ca.pem", "", 0644);
    expect_opened(TRUST_BROKEN, "ca.pem: holds no CA");
    file_remove(in_pki("ca.pem"));
    expect_opened(TRUST_BROKEN, "ca.pem cannot be read");
    enroll();
    static const char *const bad_urls[] = {"", "\n", "http://c:1\n", "https://c:1/path\n", "c"};
    for (size_t i = 0; i < sizeof(bad_urls) / sizeof(bad_urls[0]); i++) {
        replace("center.url", bad_urls[i], 0644);
        expect_opened(TRUST_BROKEN, "center.url: is no https://host:port");
    }
    enroll(); /* puts all of it right */
    expect_opened(TRUST_READY, NULL);
}

static void the_pair_is_no_link(void **state)
{
    (void)state;
    enroll();
    char elsewhere[600];
    snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", scratch_path());
    assert_int_equal(file_rename(in_pki("endpoint.pem"), elsewhere), 0);
    scratch_link(elsewhere, in_pki("endpoint.pem"));
    expect_opened(TRUST_BROKEN, "cannot be read");
}

/* ---- a key made here ---- */

/* A PKCS #10 request, taken apart by hand: our mbedTLS only writes them. */
struct request {
    unsigned char der[PEM_MAX];
    size_t n;
};

static void from_pem(const char *pem, struct request *out)
{
    mbedtls_pem_context c;
    size_t used;
    mbedtls_pem_init(&c);
    assert_int_equal(mbedtls_pem_read_buffer(&c, "-----BEGIN CERTIFICATE REQUEST-----",
                                             "-----END CERTIFICATE REQUEST-----",
                                             (const unsigned char *)pem, NULL, 0, &used),
                     0);
    const unsigned char *der = mbedtls_pem_get_buffer(&c, &out->n);
    assert_in_range(out->n, 1, sizeof(out->der));
    memcpy(out->der, der, out->n);
    mbedtls_pem_free(&c);
}

static bool holds(const struct request *r, const void *bytes, size_t n)
{
    struct span all = span_make(r->der, r->n);
    return span_find_span(all, span_make(bytes, n)) < all.n;
}

/* One part of the subject: 2.5.4.`type`, as any kind of string. */
static bool has_name(const struct request *r, char type, const char *value)
{
    char bytes[80] = {0x06, 0x03, 0x55, 0x04, type, 0, (char)strlen(value)};
    snprintf(bytes + 7, sizeof(bytes) - 7, "%s", value);
    for (bytes[5] = 0x0c; bytes[5] <= 0x16; bytes[5]++)
        if (holds(r, bytes, 7 + strlen(value)))
            return true;
    return false;
}

/* What is signed, and the signature. */
static void check_signature(struct request *r, mbedtls_pk_context *pk)
{
    unsigned char *p = r->der, *end = p + r->n, digest[SHA256_SIZE];
    const int sequence = MBEDTLS_ASN1_CONSTRUCTED | MBEDTLS_ASN1_SEQUENCE;
    size_t n;
    assert_int_equal(mbedtls_asn1_get_tag(&p, end, &n, sequence), 0);
    unsigned char *info = p;
    assert_int_equal(mbedtls_asn1_get_tag(&p, end, &n, sequence), 0);
    p += n;
    sha256_of(info, (size_t)(p - info), digest);
    assert_int_equal(mbedtls_asn1_get_tag(&p, end, &n, sequence), 0);
    p += n;
    assert_int_equal(mbedtls_asn1_get_bitstring_null(&p, end, &n), 0);
    assert_int_equal(mbedtls_pk_verify(pk, MBEDTLS_MD_SHA256, digest, sizeof(digest), p, n), 0);
}

static void read_pending(struct buf *out)
{
    assert_int_equal(slurp(in_pki("pending.key"), out), 0);
}

/* It holds the key that waits, and is signed with it. */
static void check_key(struct request *r)
{
    struct buf pem = BUF_INIT(PEM_MAX);
    unsigned char public[256];
    mbedtls_pk_context pk;
    mbedtls_pk_init(&pk);
    read_pending(&pem);
    assert_int_equal(
        mbedtls_pk_parse_key(&pk, (const unsigned char *)pem.p, pem.n + 1, NULL, 0, rng_fill, NULL),
        0);
    int n = mbedtls_pk_write_pubkey_der(&pk, public, sizeof(public));
    assert_true(n > 0 && holds(r, public + sizeof(public) - n, (size_t)n));
    check_signature(r, &pk);
    mbedtls_pk_free(&pk);
    buf_release(&pem);
}

static void make_request(const char *cn, bool wanted_again)
{
    struct buf pem = BUF_INIT(PEM_MAX);
    struct request r;
    struct error e = {""};
    bool again;
    if (trust_request_make(pki, cn, "MX SAT", &pem, &again, &e) != 0)
        fail_msg("%s", e.text);
    assert_int_equal(again, wanted_again);
    from_pem(pem.p, &r);
    assert_true(has_name(&r, 3, cn) && has_name(&r, 11, "endpoint") && has_name(&r, 10, "MX SAT"));
    assert_false(has_name(&r, 3, "pc-9"));
    check_key(&r);
    buf_release(&pem);
}

static void a_request_has_the_subject_and_one_key(void **state)
{
    (void)state;
    struct file_info info;
    struct buf first = BUF_INIT(PEM_MAX), second = BUF_INIT(PEM_MAX), third = BUF_INIT(PEM_MAX);
    make_request("pc-1", false);
    read_pending(&first);
    assert_int_equal(file_info_at(in_pki("pending.key"), &info), 0);
    assert_int_equal(info.mode, 0600);
    expect_opened(TRUST_NOT_ENROLLED, "the key made on this host waits");
    make_request("pc-2", true);
    read_pending(&second);
    assert_true(span_equal(buf_span(&first), buf_span(&second)));
    file_remove(in_pki("pending.key"));
    make_request("pc-1", false);
    read_pending(&third);
    assert_false(span_equal(buf_span(&first), buf_span(&third)));
    buf_release(&first);
    buf_release(&second);
    buf_release(&third);
}

static void a_request_for_no_name_is_refused(void **state)
{
    (void)state;
    struct buf pem = BUF_INIT(PEM_MAX);
    struct error e;
    bool again;
    assert_int_equal(trust_request_make(pki, "pc-1,O=evil", "MX", &pem, &again, &e), -1);
    assert_non_null(strstr(e.text, "--cn"));
    assert_int_equal(trust_request_make(pki, "pc-1", "MX,OU=soc", &pem, &again, &e), -1);
    assert_non_null(strstr(e.text, "--institution"));
    assert_false(is_there("pending.key"));
    assert_int_equal(pem.n, 0);
}

static void a_key_that_waits_and_is_broken_is_not_replaced(void **state)
{
    (void)state;
    struct buf pem = BUF_INIT(PEM_MAX);
    struct error e;
    static const char *const bad[] = {"", "junk"};
    bool again;
    assert_int_equal(folder_make(pki, 0700), 0);
    for (size_t i = 0; i < 2; i++) {
        replace("pending.key", bad[i], 0600);
        assert_int_equal(trust_request_make(pki, "pc-1", "MX", &pem, &again, &e), -2);
        assert_non_null(strstr(e.text, "pending.key is there and cannot be used"));
        assert_true(is_there("pending.key"));
    }
    assert_int_equal(pem.n, 0);
}

static void the_bundle_finds_the_key_that_waits(void **state)
{
    (void)state;
    struct error e = {""};
    assert_int_equal(folder_make(pki, 0700), 0);
    replace("pending.key", pki_other_key, 0600);
    assert_int_equal(install(TEXT(HEADER, pki_ca, pki_own), IN_TIME, &e), -1);
    assert_non_null(strstr(e.text, "pending.key: the private key is not that of the certificate"));
    assert_true(is_there("pending.key"));
    replace("pending.key", pki_key, 0600);
    assert_int_equal(install(TEXT(HEADER, pki_ca, pki_own), IN_TIME, &e), 0);
    assert_false(is_there("pending.key"));
    expect_opened(TRUST_READY, NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_bundle_is_read),
        cmocka_unit_test(the_order_of_the_blocks_does_not_matter),
        cmocka_unit_test(lines_may_end_with_cr_lf),
        cmocka_unit_test(what_is_no_bundle_is_said),
        cmocka_unit_test(a_header_is_complete_and_known),
        cmocka_unit_test(a_bad_block_is_named_by_its_line),
        cmocka_unit_test(a_bundle_that_was_cut_off_is_told),
        cmocka_unit_test(a_bundle_that_contradicts_itself_is_refused),
        cmocka_unit_test(names_keep_to_their_characters),
        cmocka_unit_test(the_clock_is_held_against_the_certificate),
        TEST(an_enrolled_host_knows_who_it_is),
        TEST(only_a_good_endpoint_bundle_is_installed),
        TEST(a_folder_that_cannot_be_written_is_another_fault),
        TEST(a_key_that_others_can_read_is_refused),
        TEST(what_is_broken_is_named),
        TEST(the_pair_is_no_link),
        TEST(a_request_has_the_subject_and_one_key),
        TEST(a_request_for_no_name_is_refused),
        TEST(a_key_that_waits_and_is_broken_is_not_replaced),
        TEST(the_bundle_finds_the_key_that_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* sealed: where the system wraps secrets, no private key lies on the disk as it is. */
#include "base/slurp.h"
#include "platform/file.h"
#include "platform/seal.h"
#include "trust/identity.h"
#include "trust/renewal.h"
#include "trust/request.h"
#include "trust/sealed.h"
#include "unit/cmocka_all.h"
#include "unit/pki_kit.h"
#include "unit/scratch.h"

#include <errno.h>

#define MARK 'W'

static bool can_wrap;
static unsigned char machine; /* what it wraps with */

/* The double of a system: bytes are turned around, a mark and the machine stand before them. */
int seal_wrap(const void *secret, size_t n, void *out, size_t size)
{
    const unsigned char *from = secret;
    unsigned char *to = out;
    if (!can_wrap)
        return -ENOTSUP;
    if (n + 2 > size)
        return -ENOSPC;
    to[0] = MARK;
    to[1] = machine;
    for (size_t i = 0; i < n; i++)
        to[i + 2] = (unsigned char)~from[i];
    return (int)n + 2;
}

int seal_unwrap(const void *wrapped, size_t n, void *out, size_t size)
{
    const unsigned char *from = wrapped;
    unsigned char *to = out;
    if (n < 2 || n - 2 > size || from[0] != MARK || from[1] != machine)
        return -EBADMSG;
    for (size_t i = 2; i < n; i++)
        to[i - 2] = (unsigned char)~from[i];
    return (int)n - 2;
}

static int setup(void **state)
{
    (void)state;
    scratch_open();
    can_wrap = true;
    machine = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static const char *in_pki(const char *name)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s", scratch_path(), name);
    return path;
}

static void on_disk(const char *name, struct buf *out)
{
    buf_clear(out);
    assert_int_equal(slurp(in_pki(name), out), 0);
}

static bool holds(const struct buf *b, const char *what)
{
    return b->p && strstr(b->p, what);
}

static void put(const char *name, const char *text)
{
    assert_int_equal(file_replace(scratch_path(), name, text, strlen(text), 0600), 0);
}

static void a_pair_is_written_without_its_key_and_read_with_it(void **state)
{
    (void)state;
    struct buf file = BUF_INIT(16384), plain = BUF_INIT(16384);
    struct certificate_facts facts;
    struct error e = {""};
    struct span key = span_trim(span_of(pki_key));
    assert_int_equal(trust_write_pair(scratch_path(), key, span_of(pki_own), &e), 0);
    on_disk("endpoint.pem", &file);
    assert_false(holds(&file, "BEGIN PRIVATE KEY") || holds(&file, "BEGIN EC PRIVATE KEY"));
    assert_true(holds(&file, "BEGIN CERTIFICATE")); /* nothing to hide */
    assert_int_equal(trust_read_facts(scratch_path(), &facts, &e), TRUST_READY);
    assert_string_equal(facts.cn, "pc-1");
    assert_int_equal(sealed_read(in_pki("endpoint.pem"), &plain), 0);
    assert_true(span_starts(buf_span(&plain), key));
    assert_int_equal(plain.p[key.n], '\n');
    trust_wipe(&plain);
    buf_release(&file);
}

static void a_key_that_waits_is_wrapped_too_and_used_again(void **state)
{
    (void)state;
    struct buf file = BUF_INIT(16384), csr = BUF_INIT(8192), key = BUF_INIT(4096);
    struct error e = {""};
    bool again;
    assert_int_equal(trust_request_make(scratch_path(), "pc-1", "MX-SAT", &csr, &again, &e), 0);
    assert_false(again);
    on_disk("pending.key", &file);
    assert_true(file.n > 0);
    assert_false(holds(&file, "BEGIN PRIVATE KEY") || holds(&file, "BEGIN EC PRIVATE KEY"));
    assert_int_equal(trust_request_make(scratch_path(), "pc-1", "MX-SAT", &csr, &again, &e), 0);
    assert_true(again);
    assert_int_equal(renewal_key(scratch_path(), &key, &e), 0);
    assert_true(holds(&key, "PRIVATE KEY-----"));
    assert_false(holds(&key, "SEALED"));
    trust_wipe(&key);
    buf_release(&csr);
    buf_release(&file);
}

static void a_plain_key_is_read_and_wrapped_when_it_is_written_next(void **state)
{
    (void)state;
    char pair[8192];
    struct certificate_facts facts;
    struct buf plain = BUF_INIT(16384), file = BUF_INIT(16384);
    struct error e = {""};
    snprintf(pair, sizeof(pair), "%s%s", pki_key, pki_own);
    put("endpoint.pem", pair);
    assert_int_equal(trust_read_facts(scratch_path(), &facts, &e), TRUST_READY);
    assert_int_equal(sealed_read(in_pki("endpoint.pem"), &plain), 0);
    assert_string_equal(plain.p, pair);
    assert_int_equal(trust_write_pair(scratch_path(), span_of(pki_key), span_of(pki_own), &e), 0);
    on_disk("endpoint.pem", &file);
    assert_true(holds(&file, "BEGIN SEALED PRIVATE KEY"));
    trust_wipe(&plain);
    buf_release(&file);
}

static void without_such_a_system_the_file_is_plain(void **state)
{
    (void)state;
    struct buf file = BUF_INIT(16384);
    struct error e = {""};
    can_wrap = false;
    assert_int_equal(trust_write_pair(scratch_path(), span_of(pki_key), span_of(pki_own), &e), 0);
    on_disk("endpoint.pem", &file);
    assert_true(holds(&file, pki_key));
    buf_release(&file);
}

static void a_key_of_another_machine_is_refused_in_words(void **state)
{
    (void)state;
    struct certificate_facts facts;
    struct error e = {""};
    assert_int_equal(trust_write_pair(scratch_path(), span_of(pki_key), span_of(pki_own), &e), 0);
    machine = 2;
    assert_int_equal(trust_read_facts(scratch_path(), &facts, &e), TRUST_BROKEN);
    assert_non_null(strstr(e.text, "another machine"));
}

static void damage_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "-----BEGIN SEALED PRIVATE KEY-----",
        "-----BEGIN SEALED PRIVATE KEY-----\nV0E=\n",
        "-----BEGIN SEALED PRIVATE KEY-----\n%%%%\n-----END SEALED PRIVATE KEY-----\n",
        "-----BEGIN SEALED PRIVATE KEY-----\n\n-----END SEALED PRIVATE KEY-----\n",
        "-----BEGIN SEALED PRIVATE KEY-----\nQUJD\n-----END SEALED PRIVATE KEY-----\n",
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct buf text = BUF_INIT(4096);
        buf_put_text(&text, bad[i]);
        assert_int_equal(sealed_open(&text), -EBADMSG);
        buf_release(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pair_is_written_without_its_key_and_read_with_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_key_that_waits_is_wrapped_too_and_used_again, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_plain_key_is_read_and_wrapped_when_it_is_written_next,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(without_such_a_system_the_file_is_plain, setup, teardown),
        cmocka_unit_test_setup_teardown(a_key_of_another_machine_is_refused_in_words, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(damage_is_refused, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

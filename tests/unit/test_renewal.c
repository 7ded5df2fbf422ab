/* Renewal: what is taken from a center's answer, when it is due, and which files are left. */
#include "base/hex.h"
#include "base/slurp.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "ship/renew.h"
#include "trust/bundle.h"
#include "trust/renewal.h"
#include "trust/request.h"
#include "unit/cmocka_all.h"
#include "unit/pki_kit.h"
#include "unit/scratch.h"

#define DAY     86400000LL
#define IN_TIME (PKI_FROM_MS + DAY)

static char pki[512];

static int setup(void **state)
{
    (void)state;
    scratch_open();
    snprintf(pki, sizeof(pki), "%s/pki", scratch_path());
    return folder_make(pki, 0700);
}

static int teardown(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

/* ---- answers ---- */

static struct certificate_answer read_at(struct span text, int64_t now_ms)
{
    struct wanted w = {"pc-1", "MX-SAT", span_of(pki_key), span_of(pki_issuer), now_ms};
    struct certificate_answer a;
    answer_read(text, &w, &a);
    return a;
}

static void expect(const char *text, enum answer_kind kind, const char *words)
{
    struct certificate_answer a = read_at(span_of(text), IN_TIME);
    if (a.kind != kind || !strstr(a.words, words))
        fail_msg("%d \"%s\" instead of %d \"%s\"", (int)a.kind, a.words, (int)kind, words);
}

static void our_certificate_is_taken(void **state)
{
    (void)state;
    char text[8192];
    expect(pki_issued, ANSWER_CERTIFICATE, "");
    /* as `issue` writes it, with more than is taken */
    snprintf(text, sizeof(text), "[bundle]\nversion = 1\n%s%s%s", pki_ca, pki_issued, pki_issuer);
    struct certificate_answer a = read_at(span_of(text), IN_TIME);
    assert_int_equal(a.kind, ANSWER_CERTIFICATE);
    assert_string_equal(a.facts.cn, "pc-1");
    assert_true(span_starts(a.certificate, SPAN("-----BEGIN CERTIFICATE-----")));
    assert_true(span_ends(a.certificate, SPAN("-----END CERTIFICATE-----")));
}

static void another_certificate_is_not(void **state)
{
    (void)state;
    expect(pki_next, ANSWER_OTHER, "");
    expect(pki_issued_forged, ANSWER_BAD, "not signed by the CA of endpoints");
    expect(pki_own, ANSWER_BAD, "not signed by the CA of endpoints");
    expect(pki_issued_server, ANSWER_BAD, "not made for a client");
    expect(pki_issued_name, ANSWER_BAD, "a certificate of pc-2, endpoint of MX-SAT, and pc-1");
    expect(pki_issued_role, ANSWER_BAD, "a certificate of pc-1, soc of MX-SAT");
    expect(pki_p384, ANSWER_BAD, "P-256");
    expect(pki_issuer, ANSWER_BAD, "without a certificate");
    expect("", ANSWER_BAD, "without a certificate");
    expect("-----BEGIN CERTIFICATE-----\nAAAA\n", ANSWER_BAD, "cut off");
}

static void dates_are_held_against_the_clock(void **state)
{
    (void)state;
    struct span text = span_of(pki_issued);
    assert_int_equal(read_at(text, PKI_UNTIL_MS - 1).kind, ANSWER_CERTIFICATE);
    assert_int_equal(read_at(text, PKI_UNTIL_MS).kind, ANSWER_BAD);
    assert_int_equal(read_at(text, PKI_FROM_MS - 3600000).kind, ANSWER_CERTIFICATE);
    assert_int_equal(read_at(text, PKI_FROM_MS - 3600001).kind, ANSWER_BAD);
}

static void a_refusal_is_for_the_key_it_names(void **state)
{
    (void)state;
    char id[65], text[600], many[300];
    uint8_t hash[32];
    assert_int_equal(certificate_key_id(span_of(pki_key), hash), 0);
    hex_encode(hash, sizeof(hash), id);
    snprintf(text, sizeof(text), "refused %s no rule\x1b[2J for it\nmore", id);
    expect(text, ANSWER_REFUSED, "no rule?[2J for it");
    memset(many, 'x', sizeof(many) - 1);
    many[sizeof(many) - 1] = '\0';
    snprintf(text, sizeof(text), "refused %s %s", id, many);
    assert_int_equal(strlen(read_at(span_of(text), IN_TIME).words), ANSWER_WORDS_MAX);
    id[0] = id[0] == '0' ? '1' : '0';
    snprintf(text, sizeof(text), "refused %s no rule", id);
    expect(text, ANSWER_OTHER, "");
    expect("refused abc", ANSWER_BAD, "refusal");
    expect("refused ", ANSWER_BAD, "refusal");
}

static void an_answer_is_bounded(void **state)
{
    (void)state;
    static char text[ANSWER_MAX + 2];
    memset(text, ' ', sizeof(text));
    memcpy(text, pki_issued, strlen(pki_issued));
    assert_int_equal(read_at((struct span){text, ANSWER_MAX}, IN_TIME).kind, ANSWER_CERTIFICATE);
    assert_int_equal(read_at((struct span){text, ANSWER_MAX + 1}, IN_TIME).kind, ANSWER_BAD);
}

/* ---- when ---- */

static void it_is_due_at_two_thirds_and_not_for_all_at_once(void **state)
{
    (void)state;
    struct certificate_facts c = {.not_before_ms = 1000 * DAY, .not_after_ms = 1090 * DAY};
    int64_t least = INT64_MAX, most = 0;
    for (int i = 0; i < 1000; i++) {
        snprintf(c.serial, sizeof(c.serial), "%04X", (unsigned)i);
        int64_t due = renewal_due_ms(&c);
        assert_true(due >= 1060 * DAY && due <= 1060 * DAY + 90 * DAY / 12);
        assert_true(due == renewal_due_ms(&c));
        least = due < least ? due : least;
        most = due > most ? due : most;
    }
    assert_true(most - least > 7 * DAY); /* of 7.5 */
    c.not_after_ms = c.not_before_ms - 1;
    assert_true(renewal_due_ms(&c) == c.not_before_ms);
}

static void pauses_grow_up_to_a_part_of_what_is_left(void **state)
{
    (void)state;
    assert_int_equal(renew_pause_ms(1, 30 * DAY, UINT32_MAX), 1000);
    assert_int_equal(renew_pause_ms(1, 30 * DAY, 0), 500);
    assert_int_equal(renew_pause_ms(60, 30 * DAY, UINT32_MAX), 3600000);
    assert_int_equal(renew_pause_ms(60, 3600000, UINT32_MAX), 180000);
    assert_int_equal(renew_pause_ms(60, 10000, UINT32_MAX), 1000);
    assert_int_equal(renew_pause_ms(60, -1, UINT32_MAX), 3600000); /* it has ended */
}

/* ---- files ---- */

static void put(const char *name, const char *text)
{
    assert_int_equal(file_replace(pki, name, text, strlen(text), 0600), 0);
}

static bool is_there(const char *name)
{
    char path[1024];
    struct file_info info;
    snprintf(path, sizeof(path), "%s/%s", pki, name);
    return file_info_at(path, &info) == 0;
}

static void open_enrolled(struct trust *t)
{
    char pair[8192];
    struct error e = {""};
    snprintf(pair, sizeof(pair), "%s%s", pki_key, pki_issued);
    put("endpoint.pem", pair);
    put("ca.pem", pki_ca);
    put("issuer.pem", pki_issuer);
    put("center.url", "https://center.example:8443\n");
    if (trust_open(pki, t, &e) != TRUST_READY)
        fail_msg("%s", e.text);
}

static void the_ca_of_endpoints_comes_with_the_bundle(void **state)
{
    (void)state;
    char text[16384];
    struct bundle b;
    struct error e = {""};
    const char head[] = "[bundle]\nversion = 1\ncenter = https://center.example:8443\n"
                        "role = endpoint\ncn = pc-1\ninstitution = MX-SAT\n";
    snprintf(text, sizeof(text), "%s%s%s%s%s%s", head, pki_issued, pki_ca, pki_other_ca, pki_issuer,
             pki_key);
    assert_int_equal(bundle_parse("b", span_of(text), &b, &e), 0);
    assert_int_equal(b.blocks.ca_n, 2); /* it is none of those */
    assert_true(b.blocks.issuer.n > 0);
    assert_int_equal(bundle_install(&b, pki, IN_TIME, &e), 0);
    assert_true(is_there("issuer.pem"));
    snprintf(text, sizeof(text), "%s%s%s%s", head, pki_issued, pki_ca, pki_key);
    assert_int_equal(bundle_parse("b", span_of(text), &b, &e), 0);
    assert_int_equal(bundle_install(&b, pki, IN_TIME, &e), 0);
    assert_false(is_there("issuer.pem")); /* that of before is not its own */
    snprintf(text, sizeof(text), "%s%s%s", head, pki_issuer, pki_other_issuer);
    assert_int_equal(bundle_parse("b", span_of(text), &b, &e), -1);
    assert_non_null(strstr(e.text, "a second CA of endpoints"));
    put("issuer.pem", pki_ca);
    struct trust t;
    assert_int_equal(trust_open(pki, &t, &e), TRUST_READY); /* deliveries go on */
    assert_int_equal(t.issuer.n, 0);
    trust_close(&t);
}

static void a_request_keeps_its_key_until_it_is_used(void **state)
{
    (void)state;
    struct trust t;
    struct error e = {""};
    struct buf csr = BUF_INIT(8192), key = BUF_INIT(2048), again = BUF_INIT(2048);
    open_enrolled(&t);
    assert_int_equal(renewal_request(pki, &t, &csr, &key, &e), 0);
    assert_int_equal(renewal_request(pki, &t, &csr, &again, &e), 0);
    assert_true(span_equal(buf_span(&key), buf_span(&again)));
    put("pending.key", pki_key); /* that of the pair: a crash has left it */
    trust_wipe(&again);
    again = BUF_INIT(2048);
    assert_int_equal(renewal_request(pki, &t, &csr, &again, &e), 0);
    assert_false(span_equal(buf_span(&again), span_of(pki_key)));
    trust_wipe(&key);
    trust_wipe(&again);
    buf_release(&csr);
    trust_close(&t);
}

static void the_new_pair_replaces_the_one_it_was_asked_by(void **state)
{
    (void)state;
    struct trust t, next, opened;
    struct error e = {""};
    struct certificate_answer a = read_at(span_of(pki_issued), IN_TIME);
    open_enrolled(&t);
    put("pending.key", pki_key);
    renewal_next(&t, span_of(pki_key), &a, &next);
    assert_int_equal(renewal_install(pki, &t, span_of(pki_key), a.certificate, &e), 0);
    assert_false(is_there("pending.key"));
    assert_int_equal(trust_open(pki, &opened, &e), TRUST_READY);
    assert_string_equal(opened.own.serial, next.own.serial);
    assert_true(span_equal(buf_span(&opened.cas), buf_span(&next.cas)));
    put("endpoint.pem", pki_key); /* somebody enrolled the host anew meanwhile */
    put("pending.key", pki_key);
    assert_int_equal(renewal_install(pki, &t, span_of(pki_key), a.certificate, &e), -1);
    assert_true(is_there("pending.key"));
    trust_close(&t);
    trust_close(&next);
    trust_close(&opened);
}

/* ---- tries: the center is a double ---- */

static struct {
    struct span answer; /* for .crt; empty: 404 */
    int put_status;
    int64_t now_ms;  /* by its Date */
    int refuse_from; /* request number from which it answers 403 */
    int looks, puts, senders;
} center;

struct sender {
    int number;
};

struct sender *sender_new(const struct send_setup *setup, struct error *e)
{
    static struct sender one;
    (void)setup, (void)e;
    center.senders++;
    return &one;
}

void sender_free(struct sender *s)
{
    (void)s;
}

void sender_ask(struct sender *s, const char *path, struct span body, struct buf *into,
                struct sent *out)
{
    (void)s;
    assert_string_equal(path, body.n > 0 ? "/v1/enroll/pc-1.csr" : "/v1/enroll/pc-1.crt");
    int *count = body.n > 0 ? &center.puts : &center.looks;
    ++*count;
    *out = (struct sent){.has_offset = true,
                         .clock_offset_ms = center.now_ms - clock_wall_ms(),
                         .retry_after_ms = -1};
    out->answer = (struct answer){.center = "c:1", .connected = true, .detail = ""};
    out->answer.status = body.n > 0 ? center.put_status : center.answer.n > 0 ? 200 : 404;
    if (center.refuse_from > 0 && center.looks + center.puts >= center.refuse_from)
        out->answer.status = 403;
    else if (out->answer.status == 200)
        buf_put_span(into, center.answer);
}

struct scene {
    struct trust trust;
    struct send_setup setup;
    struct sender sender;
    struct health health;
    struct renew renew;
    struct renew_with with;
};

static void open_scene(struct scene *s, int64_t center_now)
{
    memset(&center, 0, sizeof(center));
    center.put_status = 201;
    center.now_ms = center_now;
    *s = (struct scene){.health = {.changed = false}};
    open_enrolled(&s->trust);
    s->with = (struct renew_with){pki, &s->trust, &s->setup, &s->sender, &s->health};
}

static void a_clock_that_is_wrong_costs_one_get(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, PKI_FROM_MS + 10 * DAY); /* this host's clock says that all has ended */
    renew_plan(&s.renew, &s.with);
    assert_true(s.renew.due <= clock_mono_ms());
    assert_false(renew_try(&s.renew, &s.with));
    assert_int_equal(center.looks, 1);
    assert_int_equal(center.puts, 0);
    assert_true(s.renew.due > clock_mono_ms() + 40 * DAY);
    assert_string_equal(s.health.renewal_error, "");
    assert_false(is_there("pending.key"));
    trust_close(&s.trust);
}

static void a_request_waits_and_becomes_late(void **state)
{
    (void)state;
    struct scene s;
    open_scene(&s, PKI_UNTIL_MS - 20 * DAY + DAY / 2);
    assert_false(renew_try(&s.renew, &s.with));
    assert_int_equal(center.looks, 1);
    assert_int_equal(center.puts, 1);
    assert_non_null(strstr(s.health.renewal, "waits for the center's CA"));
    assert_string_equal(s.health.renewal_error, "");
    assert_true(s.renew.due > clock_mono_ms());
    center.now_ms = PKI_UNTIL_MS - 10 * DAY + DAY / 2;
    center.put_status = 204;
    assert_false(renew_try(&s.renew, &s.with));
    assert_string_equal(s.health.renewal, "");
    assert_non_null(strstr(s.health.renewal_error, "has 9 days left: tell the center's staff"));
    trust_close(&s.trust);
}

static void what_fails_is_said_and_changes_nothing(void **state)
{
    (void)state;
    struct scene s;
    struct trust still;
    struct error e;
    open_scene(&s, PKI_UNTIL_MS - 20 * DAY + DAY / 2);
    put("pending.key", pki_next_key);
    center.answer = span_of("hello\n");
    assert_false(renew_try(&s.renew, &s.with));
    assert_non_null(strstr(s.health.renewal_error, "19 days left and cannot be renewed"));
    center.put_status = 405;
    assert_false(renew_try(&s.renew, &s.with));
    assert_non_null(strstr(s.health.renewal_error, "takes no requests"));
    center.put_status = 201;
    center.answer = span_of(pki_next); /* good, and the center does not accept it */
    center.refuse_from = center.looks + center.puts + 2;
    assert_false(renew_try(&s.renew, &s.with));
    assert_int_equal(center.senders, 1);
    assert_non_null(strstr(s.health.renewal_error, "refuses this endpoint's certificate"));
    assert_int_equal(s.renew.tries, 3);
    assert_int_equal(trust_open(pki, &still, &e), TRUST_READY);
    assert_true(trust_equal(&still, &s.trust));
    assert_true(is_there("pending.key"));
    trust_close(&still);
    s.trust.issuer.n = 0;
    int before = center.looks;
    assert_false(renew_try(&s.renew, &s.with));
    assert_non_null(strstr(s.health.renewal_error, "issuer.pem is missing or damaged"));
    assert_int_equal(center.looks, before);
    trust_close(&s.trust);
}

static void a_good_one_is_taken_and_then_there_is_rest(void **state)
{
    (void)state;
    struct scene s;
    struct trust next;
    struct error e;
    open_scene(&s, PKI_UNTIL_MS - 20 * DAY + DAY / 2);
    put("pending.key", pki_next_key);
    center.answer = span_of(pki_next);
    assert_true(renew_try(&s.renew, &s.with));
    assert_int_equal(center.puts, 0);
    assert_int_equal(center.senders, 1); /* tried out */
    assert_int_equal(s.health.renewals, 1);
    assert_false(is_there("pending.key"));
    assert_int_equal(trust_open(pki, &next, &e), TRUST_READY);
    assert_true(next.own.not_after_ms == PKI_UNTIL_MS + 60 * DAY);
    /* whatever the clocks say now, the next is not at once */
    s.with.trust = &next;
    s.health.clock_offset_ms += 300 * DAY;
    renew_plan(&s.renew, &s.with);
    assert_in_range(s.renew.due - clock_mono_ms(), 50000, 60000);
    trust_close(&next);
    trust_close(&s.trust);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_certificate_is_taken),
        cmocka_unit_test(another_certificate_is_not),
        cmocka_unit_test(dates_are_held_against_the_clock),
        cmocka_unit_test(a_refusal_is_for_the_key_it_names),
        cmocka_unit_test(an_answer_is_bounded),
        cmocka_unit_test(it_is_due_at_two_thirds_and_not_for_all_at_once),
        cmocka_unit_test(pauses_grow_up_to_a_part_of_what_is_left),
        TEST(the_ca_of_endpoints_comes_with_the_bundle),
        TEST(a_request_keeps_its_key_until_it_is_used),
        TEST(the_new_pair_replaces_the_one_it_was_asked_by),
        TEST(a_clock_that_is_wrong_costs_one_get),
        TEST(a_request_waits_and_becomes_late),
        TEST(what_fails_is_said_and_changes_nothing),
        TEST(a_good_one_is_taken_and_then_there_is_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* ship without the network: what an answer means, how long to wait, which batch is next, marks. */
#include "base/slurp.h"
#include "platform/file.h"
#include "ship/backoff.h"
#include "ship/http_time.h"
#include "ship/queue.h"
#include "ship/verdict.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <curl/curl.h>
#include <errno.h>

#define ID   "0123456789abcdef0123456789abcdef"
#define MANY 300

/* ---- verdict ---- */

static struct verdict judge(struct answer a)
{
    struct verdict v;
    a.center = "center.example:8443";
    if (!a.detail)
        a.detail = "";
    memset(&v, 0xa5, sizeof(v));
    verdict_make(&a, &v);
    return v;
}

static struct verdict judge_status(int status)
{
    return judge((struct answer){.status = status, .connected = true, .secured = true});
}

static void expect_verdict(struct verdict v, enum verdict_kind kind, const char *words)
{
    if (v.kind != kind || !strstr(v.words, words))
        fail_msg("kind %d, not %d, or no \"%s\" in: %s", v.kind, kind, words, v.words);
    if (kind == VERDICT_DELIVERED)
        assert_string_equal(v.words, "");
    else
        assert_true(span_starts(span_of(v.words), SPAN("the center center.example:8443 ")));
}

static void each_status_has_its_action_and_words(void **state)
{
    (void)state;
    static const struct {
        int status;
        enum verdict_kind kind;
        const char *words;
    } cases[] = {
        {201, VERDICT_DELIVERED, ""},
        {204, VERDICT_DELIVERED, ""},
        {400, VERDICT_CERTIFICATE, "refuses this endpoint's certificate (answer 400)"},
        {401, VERDICT_CERTIFICATE, "refuses this endpoint's certificate (answer 401)"},
        {403, VERDICT_CERTIFICATE, "refuses this endpoint's certificate (answer 403)"},
        {404, VERDICT_REFUSED, "no such place (answer 404)"},
        {405, VERDICT_REFUSED, "not allowed there (answer 405)"},
        {411, VERDICT_REFUSED, "of no length (answer 411)"},
        {413, VERDICT_REFUSED, "too large (answer 413)"},
        {408, VERDICT_RETRY, "does not get the batch in time"},
        {429, VERDICT_RETRY, "asks for a pause"},
        {500, VERDICT_RETRY, "has a fault of its own (answer 500)"},
        {502, VERDICT_RETRY, "has a fault of its own"},
        {503, VERDICT_RETRY, "has a fault of its own"},
        {504, VERDICT_RETRY, "has a fault of its own"},
        {507, VERDICT_RETRY, "has a full disk"},
        {599, VERDICT_RETRY, "has a fault of its own"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_verdict(judge_status(cases[i].status), cases[i].kind, cases[i].words);
}

/* Whatever somebody in between answers: nothing is taken for delivered or refused for it. */
static void any_other_status_is_tried_again(void **state)
{
    (void)state;
    for (int status = 200; status < 1000; status++) {
        struct verdict v = judge_status(status);
        bool listed = status == 201 || status == 204 || (status >= 400 && status <= 413);
        if (!listed) {
            assert_int_equal(v.kind, VERDICT_RETRY);
            assert_string_not_equal(v.words, "");
        }
        assert_false(v.silence);
    }
    expect_verdict(judge_status(200), VERDICT_RETRY, "no center gives (answer 200)");
    expect_verdict(judge_status(302), VERDICT_RETRY, "no proxy in between?");
    expect_verdict(judge_status(402), VERDICT_RETRY, "no center gives");
    expect_verdict(judge_status(412), VERDICT_RETRY, "no center gives");
}

static void an_answer_counts_however_the_connection_ended(void **state)
{
    (void)state;
    struct answer a = {.curl = CURLE_SEND_ERROR, .connected = true, .secured = true};
    a.status = 413;
    expect_verdict(judge(a), VERDICT_REFUSED, "too large");
    a.status = 201;
    expect_verdict(judge(a), VERDICT_DELIVERED, "");
    a.status = 100; /* an interim one is none */
    assert_true(judge(a).silence);
}

static void a_center_that_cannot_be_reached_is_tried_again(void **state)
{
    (void)state;
    static const struct {
        int curl;
        const char *words;
    } cases[] = {
        {CURLE_COULDNT_RESOLVE_HOST, "cannot be resolved"},
        {CURLE_COULDNT_CONNECT, "cannot be reached"},
        {CURLE_OPERATION_TIMEDOUT, "cannot be reached in time"},
        {CURLE_RECV_ERROR, "was not told everything"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_verdict(judge((struct answer){.curl = cases[i].curl}), VERDICT_RETRY,
                       cases[i].words);
    struct answer slow = {.curl = CURLE_OPERATION_TIMEDOUT, .connected = true, .secured = true};
    expect_verdict(judge(slow), VERDICT_RETRY, "does not answer in time");
}

static void what_is_wrong_with_tls_is_said(void **state)
{
    (void)state;
    static const struct {
        int curl;
        enum verdict_kind kind;
        const char *words;
    } cases[] = {
        {CURLE_SSL_CONNECT_ERROR, VERDICT_RETRY, "makes no TLS connection"},
        {CURLE_SSL_CERTPROBLEM, VERDICT_CERTIFICATE, "enroll again"},
        {CURLE_SSL_CACERT_BADFILE, VERDICT_CERTIFICATE, "enroll again"},
        {CURLE_UNSUPPORTED_PROTOCOL, VERDICT_RETRY, "no HTTP"},
        {CURLE_WEIRD_SERVER_REPLY, VERDICT_RETRY, "no HTTP"},
        {CURLE_READ_ERROR, VERDICT_RETRY, "cannot be read on this host"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_verdict(judge((struct answer){.curl = cases[i].curl, .connected = true}),
                       cases[i].kind, cases[i].words);
}

/* A center that we do not trust is no reason for slow retries: its own staff puts it right. */
static void a_server_certificate_that_is_not_accepted_is_explained(void **state)
{
    (void)state;
    static const struct {
        const char *detail, *words;
    } cases[] = {
        {"The certificate validity has expired", "has expired, or this host's clock"},
        {"The certificate validity starts in the future", "not valid yet"},
        {"The certificate is not correctly signed by the trusted CA", "not signed by the CAs"},
        {"The certificate Common Name (CN) does not match with the expected CN", "another name"},
        {"something new", "cannot be accepted"},
        {"", "cannot be accepted"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_verdict(judge((struct answer){.curl = CURLE_PEER_FAILED_VERIFICATION,
                                             .connected = true,
                                             .detail = cases[i].detail}),
                       VERDICT_RETRY, cases[i].words);
}

/* curl 52, 55, 56 behind the handshake: TLS 1.3 tells a refused certificate so, and so does a
 * center that breaks down; the third time in a row it is the certificate. */
static void silence_behind_the_handshake_is_a_refused_certificate_in_the_end(void **state)
{
    (void)state;
    static const int codes[] = {CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR};
    for (size_t i = 0; i < 3; i++) {
        struct answer a = {.curl = codes[i], .connected = true, .secured = true};
        for (; a.silences < VERDICT_SILENCES - 1; a.silences++) {
            expect_verdict(judge(a), VERDICT_RETRY, "closed the connection without an answer");
            assert_true(judge(a).silence);
        }
        expect_verdict(judge(a), VERDICT_CERTIFICATE, "refuses this endpoint's certificate");
        assert_true(judge(a).silence);
        a.secured = false;
        assert_int_equal(judge(a).kind, VERDICT_RETRY);
        assert_false(judge(a).silence);
    }
}

static void a_tls_alert_is_a_refused_certificate_at_once(void **state)
{
    (void)state;
    struct answer a = {.curl = CURLE_RECV_ERROR,
                       .connected = true,
                       .secured = true,
                       .detail = "ssl_read: (-0x7780) A fatal alert message was received"};
    expect_verdict(judge(a), VERDICT_CERTIFICATE, "by a TLS alert");
    expect_verdict(judge(a), VERDICT_CERTIFICATE, "everything is kept");
    a.own_expired = true;
    expect_verdict(judge(a), VERDICT_CERTIFICATE, "expired by this host's clock");
    a.own_expired = false;
    a.whose = "the token's";
    expect_verdict(judge(a), VERDICT_CERTIFICATE, "refuses the token's certificate (by a TLS");
}

static void words_from_outside_are_bounded(void **state)
{
    (void)state;
    char detail[600];
    memset(detail, 'd', sizeof(detail) - 1);
    detail[sizeof(detail) - 1] = '\0';
    memcpy(detail + 5, "\r\nX", 3);
    struct verdict v = judge((struct answer){.curl = CURLE_COULDNT_CONNECT, .detail = detail});
    assert_non_null(strstr(v.words, "(ddddd); "));
    detail[5] = detail[6] = 'd';
    v = judge((struct answer){.curl = CURLE_COULDNT_CONNECT, .detail = detail});
    assert_non_null(strstr(v.words, "let this host through?")); /* the remedy is not cut off */
}

/* ---- backoff ---- */

static void pauses_double_up_to_the_longest(void **state)
{
    (void)state;
    int64_t whole = 1000;
    for (unsigned failures = 1; failures < 100; failures++) {
        assert_int_equal(backoff_ms(failures, 300000, 0), whole / 2);
        assert_int_equal(backoff_ms(failures, 300000, UINT32_MAX), whole);
        assert_in_range(backoff_ms(failures, 300000, UINT32_MAX / 2), whole * 3 / 4 - 1,
                        whole * 3 / 4);
        whole = whole * 2 < 300000 ? whole * 2 : 300000;
    }
    assert_int_equal(backoff_ms(0, 300000, 0), 500);
    assert_int_equal(backoff_ms(UINT32_MAX, 86400000, UINT32_MAX), 86400000);
    assert_int_equal(backoff_ms(1, 400, UINT32_MAX), 400);
}

static void a_pause_that_was_asked_for_is_never_shorter(void **state)
{
    (void)state;
    assert_int_equal(backoff_at_least_ms(60000, 0), 60000);
    assert_int_equal(backoff_at_least_ms(60000, UINT32_MAX), 75000);
    assert_int_equal(backoff_at_least_ms(0, UINT32_MAX), 0);
}

/* ---- times in answers ---- */

static void dates_are_read_in_one_form_only(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "Sun, 06 Nov 1994 08:49:37",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "Xyz, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1969 08:49:37 GMT",
        "Sun, -6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT;",
        "Sun,  6 Nov 1994 08:49:37 GMT",
        "Sun, 06 ovD 1994 08:49:37 GMT",
    };
    int64_t at = -1;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (http_date_parse(span_of(bad[i]), &at))
            fail_msg("taken: %s", bad[i]);
    assert_int_equal(at, -1);
    assert_true(http_date_parse(SPAN(" Sun, 06 Nov 1994 08:49:37 GMT\r\n"), &at));
    assert_int_equal(at, 784111777000);
    assert_true(http_date_parse(SPAN("Thu, 29 Feb 2024 23:59:60 GMT"), &at));
    assert_int_equal(at, 1709251200000);
    assert_true(http_date_parse(SPAN("Fri, 31 Dec 9999 23:59:59 GMT"), &at));
    assert_int_equal(at, 253402300799000);
}

static void retry_after_is_bounded(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t pause; /* -1: refused */
    } cases[] = {
        {"0", 0},
        {" 120 \r\n", 120000},
        {"3600", 3600000},
        {"3601", 3600000},
        {"18446744073709551615", 3600000},
        {"-1", -1},
        {"1.5", -1},
        {"", -1},
        {"soon", -1},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 37000},
        {"Sun, 06 Nov 1994 08:48:00 GMT", 0},
        {"Sun, 06 Nov 1994 18:49:37 GMT", 3600000},
    };
    int64_t now = 784111740000;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int64_t pause = -1;
        bool good = retry_after_parse(span_of(cases[i].text), now, &pause);
        assert_int_equal(good, cases[i].pause >= 0);
        if (good)
            assert_int_equal(pause, cases[i].pause);
    }
}

/* ---- the queue ---- */

static char outbox[512], inbox[512];
static struct queue queue;

static const char *join(const char *a, const char *b, const char *c)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s/%s", a, b, c);
    return path;
}

static int setup(void **state)
{
    (void)state;
    scratch_open();
    snprintf(outbox, sizeof(outbox), "%s/outbox", scratch_path());
    snprintf(inbox, sizeof(inbox), "%s/inbox", scratch_path());
    for (int c = 0; c < OUTBOX_CLASSES; c++)
        folder_make(join(outbox, outbox_folder_name[c], ""), 0700);
    folder_make(join(inbox, "ack", ""), 0700);
    folder_make(join(inbox, "refused", ""), 0700);
    queue_init(&queue, outbox, inbox);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    scratch_close();
    return 0;
}

static const char *name_of(uint64_t seq)
{
    static char text[BATCH_NAME_SIZE];
    struct batch_name n = {.stream = "0a1b2c3d", .seq = seq, .id = ID};
    batch_name_format(&n, text);
    return text;
}

static void put(enum outbox_class c, uint64_t seq)
{
    scratch_append(join(outbox, outbox_folder_name[c], name_of(seq)), "x", 1);
    queue_changed(&queue);
}

static bool is_there(const char *path)
{
    struct file_info info;
    return file_info_at(path, &info) == 0;
}

/* The next batch is this one; it is marked as delivered. */
static void deliver_next(enum outbox_class c, uint64_t seq)
{
    struct queue_batch b;
    assert_true(queue_next(&queue, &b));
    assert_int_equal(b.class, c);
    assert_string_equal(b.name, name_of(seq));
    assert_int_equal(queue_mark_delivered(&queue, &b), 0);
    assert_true(is_there(join(inbox, "ack", name_of(seq))));
}

static void expect_none(void)
{
    struct queue_batch b;
    assert_false(queue_next(&queue, &b));
}

static void urgent_batches_go_first_then_the_oldest(void **state)
{
    (void)state;
    expect_none();
    put(OUTBOX_ROUTINE, 10);
    put(OUTBOX_ROUTINE, 9);
    put(OUTBOX_URGENT, 12);
    put(OUTBOX_URGENT, 11);
    put(OUTBOX_REFUSED, 1); /* never again */
    deliver_next(OUTBOX_URGENT, 11);
    deliver_next(OUTBOX_URGENT, 12);
    deliver_next(OUTBOX_ROUTINE, 9);
    put(OUTBOX_URGENT, 20); /* overtakes what is waiting */
    deliver_next(OUTBOX_URGENT, 20);
    deliver_next(OUTBOX_ROUTINE, 10);
    expect_none();
}

static void a_batch_stays_the_next_until_it_is_marked_or_gone(void **state)
{
    (void)state;
    struct queue_batch a, b;
    char path[1024];
    put(OUTBOX_ROUTINE, 1);
    put(OUTBOX_ROUTINE, 2);
    assert_true(queue_next(&queue, &a) && queue_next(&queue, &b));
    assert_string_equal(a.name, b.name);
    queue_path(&queue, &a, path, sizeof(path));
    assert_string_equal(path, join(outbox, "routine", name_of(1)));
    queue_drop(&queue, &a);
    deliver_next(OUTBOX_ROUTINE, 2);
    expect_none();
    queue_changed(&queue);
    deliver_next(OUTBOX_ROUTINE, 1); /* it was there after all */
}

static void more_than_a_window_is_delivered_in_order_without_collect(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < MANY; i++)
        put(OUTBOX_ROUTINE, 1 + i * 7 % MANY);
    for (uint64_t seq = 1; seq <= MANY; seq++)
        deliver_next(OUTBOX_ROUTINE, seq);
    expect_none();
    queue_changed(&queue);
    expect_none(); /* all are marked, and nobody took them away */
    put(OUTBOX_ROUTINE, MANY + 1);
    deliver_next(OUTBOX_ROUTINE, MANY + 1);
}

static void a_refusal_says_the_status(void **state)
{
    (void)state;
    struct queue_batch b;
    struct buf text = BUF_INIT(100);
    put(OUTBOX_URGENT, 5);
    assert_true(queue_next(&queue, &b));
    assert_int_equal(queue_mark_refused(&queue, &b, 413), 0);
    assert_int_equal(slurp(join(inbox, "refused", name_of(5)), &text), 0);
    assert_string_equal(text.p, "413\n");
    expect_none();
    queue_changed(&queue);
    expect_none();
    buf_release(&text);
}

static void a_mark_that_cannot_be_written_changes_nothing(void **state)
{
    (void)state;
    struct queue_batch b;
    put(OUTBOX_ROUTINE, 1);
    scratch_remove(join(inbox, "ack", ""));
    scratch_remove(join(inbox, "refused", ""));
    assert_true(queue_next(&queue, &b));
    assert_true(queue_mark_delivered(&queue, &b) < 0);
    assert_true(queue_mark_refused(&queue, &b, 404) < 0);
    folder_make(join(inbox, "ack", ""), 0700);
    deliver_next(OUTBOX_ROUTINE, 1);
    assert_int_equal(queue_mark_delivered(&queue, &b), 0); /* once more does no harm */
}

static void marks_go_when_their_batch_is_gone(void **state)
{
    (void)state;
    put(OUTBOX_URGENT, 1);
    put(OUTBOX_ROUTINE, 2);
    put(OUTBOX_REFUSED, 3); /* collect has taken the refusal in */
    scratch_append(join(inbox, "ack", name_of(1)), "", 0);
    scratch_append(join(inbox, "ack", name_of(4)), "", 0);
    scratch_append(join(inbox, "ack", "note"), "", 0);
    scratch_append(join(inbox, "refused", name_of(2)), "", 0);
    scratch_append(join(inbox, "refused", name_of(3)), "", 0);
    queue_clean_marks(&queue);
    assert_true(is_there(join(inbox, "ack", name_of(1))));
    assert_false(is_there(join(inbox, "ack", name_of(4))));
    assert_true(is_there(join(inbox, "ack", "note")));
    assert_true(is_there(join(inbox, "refused", name_of(2))));
    assert_false(is_there(join(inbox, "refused", name_of(3))));
}

static void an_outbox_that_is_not_there_yet_is_no_fault(void **state)
{
    (void)state;
    scratch_remove(outbox);
    expect_none();
    queue_clean_marks(&queue);
    folder_make(join(outbox, "urgent", ""), 0700);
    put(OUTBOX_URGENT, 1);
    deliver_next(OUTBOX_URGENT, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_status_has_its_action_and_words),
        cmocka_unit_test(any_other_status_is_tried_again),
        cmocka_unit_test(an_answer_counts_however_the_connection_ended),
        cmocka_unit_test(a_center_that_cannot_be_reached_is_tried_again),
        cmocka_unit_test(what_is_wrong_with_tls_is_said),
        cmocka_unit_test(a_server_certificate_that_is_not_accepted_is_explained),
        cmocka_unit_test(silence_behind_the_handshake_is_a_refused_certificate_in_the_end),
        cmocka_unit_test(a_tls_alert_is_a_refused_certificate_at_once),
        cmocka_unit_test(words_from_outside_are_bounded),
        cmocka_unit_test(pauses_double_up_to_the_longest),
        cmocka_unit_test(a_pause_that_was_asked_for_is_never_shorter),
        cmocka_unit_test(dates_are_read_in_one_form_only),
        cmocka_unit_test(retry_after_is_bounded),
        TEST(urgent_batches_go_first_then_the_oldest),
        TEST(a_batch_stays_the_next_until_it_is_marked_or_gone),
        TEST(more_than_a_window_is_delivered_in_order_without_collect),
        TEST(a_refusal_says_the_status),
        TEST(a_mark_that_cannot_be_written_changes_nothing),
        TEST(marks_go_when_their_batch_is_gone),
        TEST(an_outbox_that_is_not_there_yet_is_no_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "cli/enroll_token.h"

#include "base/slurp.h"
#include "base/text.h"
#include "config/keys.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/host.h"
#include "platform/poll.h"
#include "platform/random.h"
#include "ship/backoff.h"
#include "ship/enroll.h"
#include "trust/renewal.h"
#include "trust/request.h"

#define PAUSE_MAX_MS 5000

/* ---- bundles ---- */

static int check_file(const char *path, const struct bundle *b, struct error *e)
{
    struct file_info info = {0};
    if (b->blocks.key.n == 0 || file_info_at(path, &info) != 0 || (info.mode & 077) == 0)
        return 0;
    return error_set(e,
                     "%s: holds a private key and can be read by others (mode %04o); chmod 600 it "
                     "if nobody else had it, else ask for a new one",
                     path, (unsigned)info.mode);
}

int enroll_read_bundle(const char *path, struct buf *text, struct bundle *b, struct error *e)
{
    int rc = slurp(path, text);
    if (rc != 0)
        return error_set(e, "%s cannot be read: %s", path, error_text(rc));
    rc = bundle_parse(path, buf_span(text), b, e);
    return rc == 0 ? check_file(path, b, e) : rc;
}

/* Batches that wait bear the name of before. */
static void tell_new_name(const struct certificate_facts *old, const struct bundle *b)
{
    if (strcmp(old->cn, b->cn) == 0 && strcmp(old->institution, b->institution) == 0)
        return;
    printf("this host was %s of %s; batches that still wait bear that name, and the SOC puts them "
           "into quarantine when they come from %s\n",
           old->cn, old->institution, b->cn);
}

int enroll_install(const struct config *c, const struct bundle *b, struct error *e)
{
    struct certificate_facts old;
    struct error why;
    char until[TEXT_TIME_SIZE];
    bool was = trust_read_facts(c->pki_dir, &old, &why) == TRUST_READY;
    int rc = bundle_install(b, c->pki_dir, clock_wall_ms(), e);
    if (rc != 0)
        return rc;
    text_time(b->blocks.facts.not_after_ms, until);
    printf("enrolled: %s, endpoint of %s, at %s\n", b->cn, b->institution, b->center);
    printf("certificate until %.10s, serial %s\n", until, b->blocks.facts.serial);
    if (was)
        tell_new_name(&old, b);
    return 0;
}

/* ---- by a token ---- */

struct asking {
    const struct config *config;
    struct bundle token;
    struct bundle own; /* what will be installed */
    struct buf csr, key;
    struct trust trust; /* who asks */
    struct enroll enroll;
    bool told;        /* that it asks */
    bool asked;       /* by a request that was not there before */
    char before[512]; /* words of the last answer */
};

static int check_token(const struct enroll_token *t, const struct bundle *b, struct error *e)
{
    if (strcmp(b->role, "enroll") != 0)
        return error_set(e,
                         "%s: is for the role %s; --token-cert takes one for the role enroll, and "
                         "--bundle one for an endpoint",
                         t->file, b->role);
    if (b->blocks.own.n == 0 || b->blocks.key.n == 0 || b->blocks.issuer.n == 0)
        return error_set(e,
                         "%s: certificate, key or the CA of endpoints is missing; ask for a new "
                         "one",
                         t->file);
    if (t->url && (!config_url_is_valid(span_of(t->url)) || strlen(t->url) >= sizeof(b->center)))
        return error_set(e, "--url %.80s: give https://HOST:PORT", t->url);
    return certificate_check_time(&b->blocks.facts, clock_wall_ms(), e);
}

/* A host name in the form of names of certificates; what is not one is refused later. */
static void put_name(const char *from, char *out, size_t size)
{
    struct host_info host;
    host_read("", &host);
    span_copy(span_of(from[0] ? from : host.hostname), out, size);
    for (; *out; out++)
        if (*out >= 'A' && *out <= 'Z')
            *out = (char)(*out - 'A' + 'a');
}

/* The token says which center it is, and which CAs; name and institution are this host's. */
static void describe_self(struct asking *a, const struct enroll_token *t)
{
    const struct bundle *token = &a->token;
    a->own = *token;
    a->own.blocks.key = a->own.blocks.own = SPAN("");
    snprintf(a->own.role, sizeof(a->own.role), "endpoint");
    put_name(t->cn ? t->cn : a->config->name, a->own.cn, sizeof(a->own.cn));
    if (t->institution)
        snprintf(a->own.institution, sizeof(a->own.institution), "%s", t->institution);
    if (t->url)
        snprintf(a->own.center, sizeof(a->own.center), "%s", t->url);
}

static void put_block(struct buf *b, struct span block)
{
    buf_put_span(b, block);
    buf_put_byte(b, '\n');
}

static bool never(void)
{
    return false;
}

static int open_sender(struct asking *a, struct error *e)
{
    const struct trust_blocks *blocks = &a->token.blocks;
    a->trust = (struct trust){.own = blocks->facts,
                              .pair = BUF_INIT(BUNDLE_MAX),
                              .cas = BUF_INIT(BUNDLE_MAX),
                              .issuer = BUF_INIT(BUNDLE_MAX)};
    put_block(&a->trust.pair, blocks->key);
    put_block(&a->trust.pair, blocks->own);
    for (size_t i = 0; i < blocks->ca_n; i++)
        put_block(&a->trust.cas, blocks->ca[i]);
    struct send_setup setup = {a->own.center, &a->trust, a->config->timeout_s, 0, never};
    a->enroll =
        (struct enroll){.sender = sender_new(&setup, e), .cn = a->own.cn, .whose = "the token's"};
    return a->enroll.sender ? 0 : -2;
}

static int make_key(struct asking *a, struct error *e)
{
    bool again;
    int rc =
        trust_request_make(a->config->pki_dir, a->own.cn, a->own.institution, &a->csr, &again, e);
    return rc == 0 ? renewal_key(a->config->pki_dir, &a->key, e) : rc;
}

/* A center that hangs up without a word is asked until it is clear what that means. */
static bool again(const struct asking *a, int rc)
{
    return rc != 0 && a->enroll.silences > 0 && a->enroll.silences < VERDICT_SILENCES;
}

static int fetch(struct asking *a, struct certificate_answer *out, struct buf *text,
                 struct error *e)
{
    struct wanted wanted = {a->own.cn, a->own.institution, buf_span(&a->key),
                            a->token.blocks.issuer, clock_wall_ms()};
    int rc;
    do {
        buf_clear(text);
        rc = enroll_fetch(&a->enroll, text);
    } while (again(a, rc));
    *out = (struct certificate_answer){.kind = ANSWER_OTHER};
    if (rc == 0 && text->n > 0)
        answer_read(buf_span(text), &wanted, out);
    if (rc != 0)
        error_set(e, "%s", a->enroll.words);
    return rc == 0 ? 0 : -2;
}

/* 1: it is there and installed, 0: not yet, negative: e. */
static int look(struct asking *a, struct error *e)
{
    struct buf text = BUF_INIT(ANSWER_MAX);
    struct certificate_answer answer;
    int rc = fetch(a, &answer, &text, e);
    /* from before it was asked for: by ship, whose key is the same, with a certificate of before */
    bool old = !a->asked || strcmp(answer.words, a->before) == 0;
    if (rc == 0 && answer.kind == ANSWER_CERTIFICATE) {
        a->own.blocks.own = answer.certificate;
        a->own.blocks.facts = answer.facts;
        rc = enroll_install(a->config, &a->own, e);
        rc = rc == 0 ? 1 : rc;
    } else if (rc == 0 && answer.kind != ANSWER_OTHER) {
        error_set(e,
                  answer.kind == ANSWER_REFUSED ? "the center's CA refuses %s of %s: %s"
                                                : "the center gives for %s of %s %s",
                  a->own.cn, a->own.institution, answer.words);
        rc = old ? 0 : -1;
        snprintf(a->before, sizeof(a->before), "%s", answer.words);
    }
    buf_release(&text);
    return rc;
}

static int ask(struct asking *a, struct error *e)
{
    int rc;
    do
        rc = enroll_ask(&a->enroll, buf_span(&a->csr));
    while (again(a, rc));
    if (rc != 0) {
        error_set(e, "%s", a->enroll.words);
        return -2;
    }
    if (!a->told)
        printf("asked %s for the certificate of %s of %s; waiting for its CA\n", a->own.center,
               a->own.cn, a->own.institution);
    fflush(stdout);
    a->told = true;
    a->asked = a->asked || !a->enroll.was_there;
    return 0;
}

static void sleep_a_little(unsigned tries)
{
    uint32_t chance = 0;
    random_fill(&chance, sizeof(chance));
    poll_wait(NULL, 0, backoff_ms(tries, PAUSE_MAX_MS, chance));
}

static int run(struct asking *a, int64_t wait_ms, struct error *e)
{
    int64_t until = clock_mono_ms() + wait_ms;
    int rc = look(a, e); /* an earlier call may have asked */
    for (unsigned tries = 1; rc == 0; tries++) {
        rc = ask(a, e);
        if (rc == 0 && clock_mono_ms() >= until)
            break;
        if (rc == 0) {
            sleep_a_little(tries);
            rc = look(a, e);
        }
    }
    if (rc != 0)
        return rc < 0 ? rc : 0;
    error_set(e, "not signed yet%s%s; run the same command again later, key and request stay",
              a->before[0] ? ", the last answer was: " : "", a->before);
    return -2;
}

int enroll_by_token(const struct config *c, const struct enroll_token *t, struct error *e)
{
    struct asking a = {.config = c, .csr = BUF_INIT(8192), .key = BUF_INIT(2048)};
    struct buf text = BUF_INIT(BUNDLE_MAX);
    int rc = enroll_read_bundle(t->file, &text, &a.token, e);
    if (rc == 0)
        rc = check_token(t, &a.token, e);
    if (rc == 0) {
        describe_self(&a, t);
        rc = make_key(&a, e);
    }
    if (rc == 0)
        rc = open_sender(&a, e);
    if (rc == 0)
        rc = run(&a, t->wait_ms, e);
    sender_free(a.enroll.sender);
    trust_close(&a.trust);
    trust_wipe(&a.key);
    buf_release(&a.csr);
    trust_wipe(&text);
    return rc;
}

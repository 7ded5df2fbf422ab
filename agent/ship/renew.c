#include "ship/renew.h"

#include "base/log.h"
#include "base/text.h"
#include "platform/clock.h"
#include "platform/random.h"
#include "ship/backoff.h"
#include "ship/enroll.h"
#include "trust/renewal.h"

#define PAUSE_MIN_MS  1000
#define PAUSE_MAX_MS  3600000
#define REST_MAX_MS   60000 /* after a renewal */
#define HOUR_MS       3600000
#define DAY_MS        86400000
#define WAITS_TOO_FAR 6 /* a sixth of the life is left: now somebody has to hear of it */

int64_t renew_pause_ms(unsigned tries, int64_t left_ms, uint32_t chance)
{
    int64_t most = left_ms > 0 ? left_ms / 20 : PAUSE_MAX_MS;
    most = most < PAUSE_MIN_MS ? PAUSE_MIN_MS : most > PAUSE_MAX_MS ? PAUSE_MAX_MS : most;
    return backoff_ms(tries, most, chance);
}

/* By the center's clock, where it is known. */
static int64_t center_now(const struct health *h)
{
    return clock_wall_ms() + (h->has_offset ? h->clock_offset_ms : 0);
}

static int64_t left_ms(const struct renew_with *w)
{
    return w->trust->own.not_after_ms - center_now(w->health);
}

void renew_plan(struct renew *r, const struct renew_with *w)
{
    int64_t now = clock_mono_ms();
    int64_t until = renewal_due_ms(&w->trust->own) - center_now(w->health);
    r->due = now + (until > 0 ? until : 0);
    if (r->due < r->wait_till)
        r->due = r->wait_till;
    if (until > 0) { /* not yet, or no longer: a clock was set */
        r->tries = 0;
        health_renewal(w->health, "", "");
    }
}

void renew_restart(struct renew *r)
{
    *r = (struct renew){.due = 0};
}

/* ---- words ---- */

static void put_left(const struct renew_with *w, char out[64])
{
    int64_t left = left_ms(w);
    if (left <= 0)
        snprintf(out, 64, "has ended");
    else if (left >= 2 * DAY_MS)
        snprintf(out, 64, "has %lld days left", (long long)(left / DAY_MS));
    else if (left >= 2 * HOUR_MS)
        snprintf(out, 64, "has %lld hours left", (long long)(left / HOUR_MS));
    else
        snprintf(out, 64, "ends soon");
}

static void pause(struct renew *r, const struct renew_with *w)
{
    uint32_t chance = 0;
    random_fill(&chance, sizeof(chance));
    r->tries++;
    r->wait_till = clock_mono_ms() + renew_pause_ms(r->tries, left_ms(w), chance);
    r->due = r->wait_till;
}

static void fail(struct renew *r, const struct renew_with *w, const char *why)
{
    char left[64], words[400];
    put_left(w, left);
    snprintf(words, sizeof(words),
             "the certificate %s and cannot be renewed: %.260s; it is tried "
             "again",
             left, why);
    health_renewal(w->health, "", words);
    pause(r, w);
}

static void wait_for_ca(struct renew *r, const struct renew_with *w)
{
    char left[64], words[200];
    const struct certificate_facts *own = &w->trust->own;
    bool late = left_ms(w) < (own->not_after_ms - own->not_before_ms) / WAITS_TOO_FAR;
    put_left(w, left);
    snprintf(words, sizeof(words),
             "the next certificate is asked for and waits for the center's CA%s%s%s",
             late ? "; the one in force " : "", late ? left : "",
             late ? ": tell the center's staff" : "");
    health_renewal(w->health, late ? "" : words, late ? words : "");
    pause(r, w);
}

/* ---- one try ---- */

/* What a request came to: 0 goes on; else that is told, unless ship is asked to stop. */
static bool heard(struct renew *r, const struct renew_with *w, struct enroll *x, int rc)
{
    r->silences = x->silences;
    if (x->has_offset) {
        w->health->has_offset = true;
        w->health->clock_offset_ms = x->clock_offset_ms;
    }
    if (rc != 0 && !x->stopped)
        fail(r, w, x->words);
    return rc == 0;
}

static struct enroll by(const struct renew *r, const struct renew_with *w, struct sender *sender)
{
    return (struct enroll){.sender = sender,
                           .cn = w->trust->own.cn,
                           .silences = r->silences,
                           .own_expired = clock_wall_ms() > w->trust->own.not_after_ms};
}

static bool fetch(struct renew *r, const struct renew_with *w, struct sender *sender,
                  struct buf *text)
{
    struct enroll x = by(r, w, sender);
    return heard(r, w, &x, enroll_fetch(&x, text));
}

static bool ask(struct renew *r, const struct renew_with *w, struct span csr)
{
    struct enroll x = by(r, w, w->sender);
    return heard(r, w, &x, enroll_ask(&x, csr));
}

/* Whether the center accepts the new certificate, while the old one is still in force. */
static bool is_accepted(struct renew *r, const struct renew_with *w, const struct trust *next)
{
    struct error e;
    struct buf text = BUF_INIT(ANSWER_MAX);
    struct send_setup setup = *w->setup;
    setup.trust = next;
    struct sender *sender = sender_new(&setup, &e);
    bool good = sender && fetch(r, w, sender, &text);
    if (!sender)
        fail(r, w, e.text);
    sender_free(sender);
    buf_release(&text);
    return good;
}

static bool take(struct renew *r, const struct renew_with *w, struct span key,
                 const struct certificate_answer *a)
{
    struct trust next;
    struct error e;
    char until[TEXT_TIME_SIZE];
    renewal_next(w->trust, key, a, &next);
    bool good = is_accepted(r, w, &next);
    trust_close(&next);
    if (!good)
        return false;
    if (renewal_install(w->pki_dir, w->trust, key, a->certificate, &e) != 0) {
        fail(r, w, e.text);
        return false;
    }
    text_time(a->facts.not_after_ms, until);
    log_info("the certificate is renewed, until %.19sZ (serial %s)", until, a->facts.serial);
    health_renewed(w->health);
    int64_t rest = (a->facts.not_after_ms - center_now(w->health)) / 4;
    *r = (struct renew){.wait_till = clock_mono_ms() + (rest < REST_MAX_MS ? rest : REST_MAX_MS)};
    return true;
}

static bool judge(struct renew *r, const struct renew_with *w, struct span text, struct span csr,
                  struct span key)
{
    struct certificate_answer a = {.kind = ANSWER_OTHER};
    struct wanted wanted = {w->trust->own.cn, w->trust->own.institution, key,
                            buf_span(&w->trust->issuer), center_now(w->health)};
    char words[ANSWER_WORDS_MAX + 300];
    if (text.n > 0)
        answer_read(text, &wanted, &a);
    if (a.kind == ANSWER_CERTIFICATE)
        return take(r, w, key, &a);
    if (!ask(r, w, csr))
        return false;
    if (a.kind == ANSWER_OTHER) {
        wait_for_ca(r, w);
        return false;
    }
    snprintf(words, sizeof(words),
             a.kind == ANSWER_REFUSED ? "the center's CA refuses it: %s" : "the center gives %s",
             a.words);
    fail(r, w, words);
    return false;
}

bool renew_try(struct renew *r, const struct renew_with *w)
{
    struct buf text = BUF_INIT(ANSWER_MAX), csr = BUF_INIT(8192), key = BUF_INIT(2048);
    struct error e;
    bool renewed = false;
    if (w->trust->issuer.n == 0)
        fail(r, w, "issuer.pem is missing or damaged; enroll again");
    else if (fetch(r, w, w->sender, &text)) {
        if (renewal_due_ms(&w->trust->own) > center_now(w->health))
            renew_plan(r, w); /* it was our clock that was wrong */
        else if (renewal_request(w->pki_dir, w->trust, &csr, &key, &e) != 0)
            fail(r, w, e.text);
        else
            renewed = judge(r, w, buf_span(&text), buf_span(&csr), buf_span(&key));
    }
    trust_wipe(&key);
    buf_release(&csr);
    buf_release(&text);
    return renewed;
}

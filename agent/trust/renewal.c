#include "trust/renewal.h"

#include "base/hex.h"
#include "base/sha256.h"
#include "platform/file.h"
#include "trust/blocks.h"
#include "trust/request.h"
#include "trust/sealed.h"

#define CLOCKS_DIFFER_MS 3600000 /* the CA's clock may be that much ahead */
#define KEY_MAX          4096

/* ---- the answer ---- */

static void say(struct certificate_answer *out, enum answer_kind kind, const char *words)
{
    out->kind = kind;
    snprintf(out->words, sizeof(out->words), "%s", words);
}

/* Words from outside: printable ASCII only, the rest as '?'. */
static void take_words(struct span from, struct certificate_answer *out)
{
    size_t n = from.n < ANSWER_WORDS_MAX ? from.n : ANSWER_WORDS_MAX;
    for (size_t i = 0; i < n; i++)
        out->words[i] = from.p[i] >= ' ' && from.p[i] <= '~' ? from.p[i] : '?';
    out->words[n] = '\0';
}

#define REFUSED SPAN("refused ")

static void read_refusal(struct span text, const struct wanted *w, struct certificate_answer *out)
{
    uint8_t asked[SHA256_SIZE], ours[SHA256_SIZE];
    struct span line = {NULL, 0}, id;
    span_take_line(&text, &line);
    if (!span_take(&line, REFUSED.n, &id) || !span_take(&line, (size_t)2 * SHA256_SIZE, &id) ||
        !hex_decode(id, asked, sizeof(asked))) {
        say(out, ANSWER_BAD, "a refusal that cannot be read");
        return;
    }
    out->kind = ANSWER_OTHER;
    if (certificate_key_id(w->key, ours) == 0 && memcmp(asked, ours, sizeof(ours)) == 0) {
        out->kind = ANSWER_REFUSED;
        take_words(span_trim(line), out);
    }
}

static int check_names(const struct wanted *w, const struct certificate_facts *c, struct error *e)
{
    if (strcmp(c->cn, w->cn) == 0 && strcmp(c->institution, w->institution) == 0 &&
        strcmp(c->role, "endpoint") == 0)
        return 0;
    return error_set(e, "a certificate of %s, %s of %s, and %s, endpoint of %s was asked for",
                     c->cn, c->role, c->institution, w->cn, w->institution);
}

static int check_dates(const struct wanted *w, const struct certificate_facts *c, struct error *e)
{
    if (c->not_before_ms > c->not_after_ms || c->not_after_ms <= w->now_ms)
        return error_set(e, "a certificate that has ended already");
    if (c->not_before_ms > w->now_ms + CLOCKS_DIFFER_MS)
        return error_set(e, "a certificate that begins in the future");
    return 0;
}

static void read_certificate(const struct trust_blocks *blocks, const struct wanted *w,
                             struct certificate_answer *out)
{
    struct error e;
    int ours = certificate_is_of_key(blocks->own, w->key, &e);
    if (ours == 0) {
        out->kind = ANSWER_OTHER;
        return;
    }
    out->certificate = blocks->own;
    out->facts = blocks->facts;
    if (ours < 0 || check_names(w, &blocks->facts, &e) != 0 ||
        certificate_check_issuer(blocks->own, w->issuer, &e) != 0 ||
        check_dates(w, &blocks->facts, &e) != 0)
        say(out, ANSWER_BAD, e.text);
    else
        out->kind = ANSWER_CERTIFICATE;
}

void answer_read(struct span text, const struct wanted *w, struct certificate_answer *out)
{
    struct trust_blocks blocks;
    struct error e;
    *out = (struct certificate_answer){.kind = ANSWER_BAD};
    if (text.n > ANSWER_MAX)
        say(out, ANSWER_BAD, "more than 16 KiB");
    else if (span_starts(text, REFUSED))
        read_refusal(text, w, out);
    else if (trust_blocks_read("answer", 1, text, &blocks, &e) != 0)
        say(out, ANSWER_BAD, e.text);
    else if (blocks.own.n == 0)
        say(out, ANSWER_BAD, "a text without a certificate");
    else
        read_certificate(&blocks, w, out);
}

/* ---- when ---- */

int64_t renewal_due_ms(const struct certificate_facts *c)
{
    uint8_t hash[SHA256_SIZE];
    int64_t life = c->not_after_ms > c->not_before_ms ? c->not_after_ms - c->not_before_ms : 0;
    sha256_of(c->serial, strlen(c->serial), hash);
    return c->not_before_ms + life / 3 * 2 + life / 12 * hash[0] / 255;
}

/* ---- key and request ---- */

static int read_pending(const char *pki_dir, struct buf *key)
{
    char path[4400];
    snprintf(path, sizeof(path), "%s/pending.key", pki_dir);
    return sealed_read(path, key);
}

/* A key that waits and is that of the pair in force has found its place before a crash. */
static void drop_used_key(const char *pki_dir, const struct trust *now)
{
    struct trust_blocks blocks;
    struct error e;
    struct buf key = BUF_INIT(KEY_MAX);
    char path[4400];
    snprintf(path, sizeof(path), "%s/pending.key", pki_dir);
    if (read_pending(pki_dir, &key) == 0 &&
        trust_blocks_read("endpoint.pem", 1, buf_span(&now->pair), &blocks, &e) == 0 &&
        certificate_is_of_key(blocks.own, buf_span(&key), &e) == 1)
        file_remove(path);
    trust_wipe(&key);
}

int renewal_key(const char *pki_dir, struct buf *key, struct error *e)
{
    int rc = read_pending(pki_dir, key);
    if (rc == 0)
        return 0;
    return error_set(e, "%s/pending.key cannot be read: %s", pki_dir, error_text(rc));
}

int renewal_request(const char *pki_dir, const struct trust *now, struct buf *csr, struct buf *key,
                    struct error *e)
{
    bool again;
    drop_used_key(pki_dir, now);
    int rc = trust_request_make(pki_dir, now->own.cn, now->own.institution, csr, &again, e);
    if (rc != 0)
        return rc;
    return renewal_key(pki_dir, key, e);
}

/* ---- the new pair ---- */

void renewal_next(const struct trust *now, struct span key, const struct certificate_answer *a,
                  struct trust *out)
{
    *out = (struct trust){.own = a->facts,
                          .pair = BUF_INIT(2 * CERTIFICATE_PEM_MAX),
                          .cas = BUF_INIT(now->cas.n + 1),
                          .issuer = BUF_INIT(now->issuer.n + 1)};
    snprintf(out->center_url, sizeof(out->center_url), "%s", now->center_url);
    buf_put_span(&out->pair, key);
    buf_put_byte(&out->pair, '\n');
    buf_put_span(&out->pair, a->certificate);
    buf_put_byte(&out->pair, '\n');
    buf_put_span(&out->cas, buf_span(&now->cas));
    buf_put_span(&out->issuer, buf_span(&now->issuer));
}

/* False once somebody has enrolled this host anew. */
static bool is_in_force(const char *pki_dir, const struct trust *now)
{
    char path[4400];
    struct buf pair = BUF_INIT(2 * CERTIFICATE_PEM_MAX);
    snprintf(path, sizeof(path), "%s/endpoint.pem", pki_dir);
    bool same = sealed_read(path, &pair) == 0 && span_equal(buf_span(&pair), buf_span(&now->pair));
    trust_wipe(&pair);
    return same;
}

int renewal_install(const char *pki_dir, const struct trust *now, struct span key,
                    struct span certificate, struct error *e)
{
    char path[4400];
    if (!is_in_force(pki_dir, now))
        return error_set(e, "%s/endpoint.pem is another one by now", pki_dir);
    int rc = trust_write_pair(pki_dir, span_trim(key), certificate, e);
    if (rc != 0)
        return rc;
    snprintf(path, sizeof(path), "%s/pending.key", pki_dir);
    file_remove(path); /* one that stays is dropped by the next request */
    return 0;
}

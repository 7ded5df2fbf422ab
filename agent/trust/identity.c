#include "trust/identity.h"

#include "base/slurp.h"
#include "config/keys.h"
#include "platform/file.h"
#include "trust/blocks.h"
#include "trust/sealed.h"

#include <errno.h>
#include <mbedtls/platform_util.h>

#define PAIR_MAX (2 * CERTIFICATE_PEM_MAX)
#define CAS_MAX  (4 * CERTIFICATE_PEM_MAX)
#define EMPTY                                                                                      \
    (struct trust)                                                                                 \
    {                                                                                              \
        .pair = BUF_INIT(PAIR_MAX), .cas = BUF_INIT(CAS_MAX), .issuer = BUF_INIT(CAS_MAX)          \
    }

static enum trust_state missing(const char *pki_dir, const char *path, struct error *e)
{
    char pending[4400];
    struct file_info info;
    snprintf(pending, sizeof(pending), "%s/pending.key", pki_dir);
    if (file_info_at(pending, &info) == 0)
        error_set(e, "not enrolled yet: the key made on this host waits for its certificate; have "
                     "the request signed, then `vigia enroll --bundle FILE`");
    else
        error_set(e,
                  "not enrolled: %s is missing; `vigia enroll --bundle FILE` takes in what the "
                  "center's staff gives you",
                  path);
    return TRUST_NOT_ENROLLED;
}

static enum trust_state cannot_read(const char *path, int rc, struct error *e)
{
    error_set(e, "%s cannot be read: %s; `vigia enroll --bundle FILE` writes it anew", path,
              rc == -EBADMSG ? "its key is of another machine, or damaged" : error_text(rc));
    return TRUST_BROKEN;
}

static int check_mode(const char *path, uint32_t mode, struct error *e)
{
    if ((mode & 07) == 0 && (mode & 020) == 0)
        return 0;
    return error_set(e,
                     "%s: the private key can be read or changed by others (mode %04o); "
                     "chmod 600 %s, and ask for a new certificate if somebody may have read it",
                     path, (unsigned)mode, path);
}

static int check_role(const char *path, const struct certificate_facts *own, struct error *e)
{
    if (strcmp(own->role, "endpoint") == 0)
        return 0;
    return error_set(e,
                     "%s: the certificate is for the role %s, and an agent's is for the role "
                     "endpoint; enroll again with the bundle that belongs to this host",
                     path, own->role);
}

static enum trust_state open_pair(const char *pki_dir, struct trust *out, struct error *e)
{
    char path[4400];
    struct file_info info;
    struct trust_blocks blocks;
    snprintf(path, sizeof(path), "%s/endpoint.pem", pki_dir);
    int rc = file_info_at(path, &info);
    if (rc == -ENOENT || rc == -ENOTDIR)
        return missing(pki_dir, path, e);
    if (rc == 0 && info.type != FILE_REGULAR)
        rc = -EINVAL;
    if (rc == 0 && check_mode(path, info.mode, e) != 0)
        return TRUST_BROKEN;
    if (rc == 0)
        rc = sealed_read(path, &out->pair);
    if (rc != 0)
        return cannot_read(path, rc, e);
    if (trust_blocks_read(path, 1, buf_span(&out->pair), &blocks, e) != 0)
        return TRUST_BROKEN;
    if (blocks.key.n == 0 || blocks.own.n == 0) {
        error_set(e, "%s: the private key or the certificate is missing; enroll again", path);
        return TRUST_BROKEN;
    }
    out->own = blocks.facts;
    return check_role(path, &blocks.facts, e) == 0 ? TRUST_READY : TRUST_BROKEN;
}

static enum trust_state open_cas(const char *pki_dir, struct trust *out, struct error *e)
{
    char path[4400];
    struct trust_blocks blocks;
    snprintf(path, sizeof(path), "%s/ca.pem", pki_dir);
    int rc = slurp(path, &out->cas);
    if (rc != 0)
        return cannot_read(path, rc, e);
    if (trust_blocks_read(path, 1, buf_span(&out->cas), &blocks, e) != 0)
        return TRUST_BROKEN;
    if (blocks.ca_n > 0)
        return TRUST_READY;
    error_set(e, "%s: holds no CA, so no center could be trusted; enroll again", path);
    return TRUST_BROKEN;
}

/* Renewal needs it and says so; deliveries do not. */
static void open_issuer(const char *pki_dir, struct trust *out)
{
    char path[4400];
    struct trust_blocks blocks;
    struct error why;
    snprintf(path, sizeof(path), "%s/issuer.pem", pki_dir);
    if (slurp(path, &out->issuer) != 0 ||
        trust_blocks_read(path, 1, buf_span(&out->issuer), &blocks, &why) != 0 ||
        blocks.issuer.n == 0)
        buf_clear(&out->issuer);
}

static enum trust_state open_url(const char *pki_dir, struct trust *out, struct error *e)
{
    char path[4400];
    struct buf text = BUF_INIT(sizeof(out->center_url));
    snprintf(path, sizeof(path), "%s/center.url", pki_dir);
    int rc = slurp(path, &text);
    struct span url = span_trim(buf_span(&text));
    bool good = rc == 0 && url.n > 0 && config_url_is_valid(url) &&
                span_copy(url, out->center_url, sizeof(out->center_url));
    buf_release(&text);
    if (rc != 0)
        return cannot_read(path, rc, e);
    if (!good)
        error_set(e, "%s: is no https://host:port; enroll again", path);
    return good ? TRUST_READY : TRUST_BROKEN;
}

enum trust_state trust_open(const char *pki_dir, struct trust *out, struct error *e)
{
    *out = EMPTY;
    enum trust_state state = open_pair(pki_dir, out, e);
    if (state == TRUST_READY)
        state = open_cas(pki_dir, out, e);
    if (state == TRUST_READY)
        state = open_url(pki_dir, out, e);
    if (state == TRUST_READY)
        open_issuer(pki_dir, out);
    if (state != TRUST_READY)
        trust_close(out);
    return state;
}

void trust_wipe(struct buf *b)
{
    if (b->p)
        mbedtls_platform_zeroize(b->p, b->room);
    buf_release(b);
}

void trust_close(struct trust *t)
{
    trust_wipe(&t->pair);
    buf_release(&t->cas);
    buf_release(&t->issuer);
    *t = EMPTY;
}

bool trust_equal(const struct trust *a, const struct trust *b)
{
    return span_equal(buf_span(&a->pair), buf_span(&b->pair)) &&
           span_equal(buf_span(&a->cas), buf_span(&b->cas)) &&
           span_equal(buf_span(&a->issuer), buf_span(&b->issuer)) &&
           strcmp(a->center_url, b->center_url) == 0;
}

enum trust_state trust_read_facts(const char *pki_dir, struct certificate_facts *out,
                                  struct error *e)
{
    struct trust t = EMPTY;
    enum trust_state state = open_pair(pki_dir, &t, e);
    if (state == TRUST_READY)
        *out = t.own;
    trust_close(&t);
    return state;
}

/* In a folder with the setgid bit the new file gets the folder's group, which may read it. */
uint32_t trust_key_mode(const char *pki_dir)
{
    struct file_info info;
    return file_info_at(pki_dir, &info) == 0 && (info.mode & 02000) ? 0640 : 0600;
}

int trust_write_pair(const char *pki_dir, struct span key, struct span certificate, struct error *e)
{
    struct buf text = BUF_INIT(PAIR_MAX);
    sealed_put(&text, key);
    buf_put_span(&text, certificate);
    buf_put_byte(&text, '\n');
    int rc = text.failed ? -EFBIG : 0;
    if (rc == 0)
        rc = file_replace_owned(pki_dir, "endpoint.pem", text.p, text.n, trust_key_mode(pki_dir));
    trust_wipe(&text);
    if (rc == 0)
        return 0;
    error_set(e, "%s/endpoint.pem cannot be written: %s", pki_dir, error_text(rc));
    return -2;
}

#include "trust/bundle.h"

#include "config/keys.h"
#include "platform/file.h"
#include "trust/identity.h"
#include "trust/sealed.h"

struct header {
    char version[8];
    struct bundle *bundle;
};

static int set_value(struct header *h, struct span key, struct span value, struct error *e)
{
    const struct {
        const char *key;
        char *to;
        size_t size;
    } keys[] = {
        {"version", h->version, sizeof(h->version)},
        {"center", h->bundle->center, sizeof(h->bundle->center)},
        {"role", h->bundle->role, sizeof(h->bundle->role)},
        {"cn", h->bundle->cn, sizeof(h->bundle->cn)},
        {"institution", h->bundle->institution, sizeof(h->bundle->institution)},
    };
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        if (!span_equal_text(key, keys[i].key))
            continue;
        if (keys[i].to[0])
            return error_set(e, "%s stands twice", keys[i].key);
        if (value.n == 0 || memchr(value.p, '\0', value.n) ||
            !span_copy(value, keys[i].to, keys[i].size))
            return error_set(e, "%s is empty or too long", keys[i].key);
        return 0;
    }
    return error_set(e, "unknown key; known are: version center role cn institution");
}

static int take_line(struct header *h, struct span line, bool *in_section, struct error *e)
{
    line = span_trim(line);
    if (line.n == 0 || line.p[0] == ';' || line.p[0] == '#')
        return 0;
    if (!*in_section) {
        *in_section = span_equal_text(line, "[bundle]");
        return *in_section ? 0 : error_set(e, "this is no enrollment bundle: [bundle] comes first");
    }
    size_t equals = span_find(line, '=');
    if (equals == line.n)
        return error_set(e, "neither key = value nor the begin of a PEM block");
    struct span key = span_trim((struct span){line.p, equals});
    struct span value = {line.p + equals + 1, line.n - equals - 1};
    size_t comment = span_find_span(value, SPAN(" ;"));
    return set_value(h, key, span_trim((struct span){value.p, comment}), e);
}

/* What is left in *rest begins with the first PEM block; *line is its number. */
static int take_header(struct header *h, const char *name, struct span *rest, int *line,
                       struct error *e)
{
    struct span text, before = *rest;
    struct error why;
    bool in_section = false;
    *line = 1;
    while (span_take_line(rest, &text)) {
        if (span_starts(text, SPAN("-----BEGIN "))) {
            *rest = before;
            break;
        }
        if (take_line(h, text, &in_section, &why) != 0)
            return error_set(e, "%s:%d: %s", name, *line, why.text);
        before = *rest;
        ++*line;
    }
    return in_section ? 0
                      : error_set(e, "%s: this is no enrollment bundle: [bundle] is missing", name);
}

static int check_header(const struct header *h, const char *name, struct error *e)
{
    const struct bundle *b = h->bundle;
    if (strcmp(h->version, "1") != 0)
        return error_set(e,
                         "%s: version \"%s\" of bundles is not known to this program; it knows 1",
                         name, h->version);
    if (!b->center[0] || !config_url_is_valid(span_of(b->center)))
        return error_set(e, "%s: center is not https://host:port", name);
    if (!certificate_cn_is_valid(span_of(b->cn)))
        return error_set(e, "%s: cn is not a name of a-z 0-9 . _ -, at most 63", name);
    if (!certificate_institution_is_valid(span_of(b->institution)))
        return error_set(e, "%s: institution is not a code of letters, digits, space . _ -", name);
    return b->role[0] ? 0 : error_set(e, "%s: role is missing", name);
}

static int check_agreement(const struct bundle *b, const char *name, struct error *e)
{
    const struct certificate_facts *c = &b->blocks.facts;
    if (b->blocks.ca_n == 0)
        return error_set(e, "%s: holds no CA of the center's certificate", name);
    if (b->blocks.own.n == 0)
        return 0; /* some roles have none; bundle_install asks for it */
    if (strcmp(c->cn, b->cn) != 0 || strcmp(c->role, b->role) != 0 ||
        strcmp(c->institution, b->institution) != 0)
        return error_set(e,
                         "%s: the certificate is for %s, %s of %s, and the header says %s, %s of "
                         "%s; ask for a new bundle",
                         name, c->cn, c->role, c->institution, b->cn, b->role, b->institution);
    return 0;
}

int bundle_parse(const char *name, struct span text, struct bundle *out, struct error *e)
{
    struct header h = {.bundle = out};
    int line;
    *out = (struct bundle){0};
    if (text.n > BUNDLE_MAX)
        return error_set(e, "%s: over 64 KiB: no bundle is that large", name);
    if (take_header(&h, name, &text, &line, e) != 0 || check_header(&h, name, e) != 0 ||
        trust_blocks_read(name, line, text, &out->blocks, e) != 0)
        return -1;
    return check_agreement(out, name, e);
}

/* ---- installing ---- */

static void put_block(struct buf *b, struct span block)
{
    buf_put_span(b, block);
    buf_put_byte(b, '\n');
}

static int cannot_write(const char *pki_dir, const char *name, int rc, struct error *e)
{
    error_set(e, "%s/%s cannot be written: %s", pki_dir, name, error_text(rc));
    return -2;
}

static int write_list(const char *pki_dir, const char *name, const struct span *list, size_t n,
                      struct error *e)
{
    struct buf text = BUF_INIT(BUNDLE_MAX);
    for (size_t i = 0; i < n; i++)
        put_block(&text, list[i]);
    int rc = n == 0 ? 0 : file_replace(pki_dir, name, text.p, text.n, 0644);
    buf_release(&text);
    return rc == 0 ? 0 : cannot_write(pki_dir, name, rc, e);
}

/* One that does not come with the certificate is not its own. */
static int write_issuer(const struct bundle *b, const char *pki_dir, struct error *e)
{
    char path[4400];
    if (b->blocks.issuer.n > 0)
        return write_list(pki_dir, "issuer.pem", &b->blocks.issuer, 1, e);
    snprintf(path, sizeof(path), "%s/issuer.pem", pki_dir);
    int rc = file_remove(path);
    return rc == 0 || rc == -ENOENT ? 0 : cannot_write(pki_dir, "issuer.pem", rc, e);
}

static int write_url(const struct bundle *b, const char *pki_dir, struct error *e)
{
    char text[sizeof(b->center) + 1];
    int n = snprintf(text, sizeof(text), "%s\n", b->center);
    int rc = file_replace(pki_dir, "center.url", text, (size_t)n, 0644);
    return rc == 0 ? 0 : cannot_write(pki_dir, "center.url", rc, e);
}

static int write_all(const struct bundle *b, struct span key, const char *pki_dir, struct error *e)
{
    int rc = write_list(pki_dir, "ca.pem", b->blocks.ca, b->blocks.ca_n, e);
    if (rc == 0)
        rc = write_issuer(b, pki_dir, e);
    if (rc == 0)
        rc = write_list(pki_dir, "authority.pem", b->blocks.authority, b->blocks.authority_n, e);
    if (rc == 0)
        rc = write_url(b, pki_dir, e);
    return rc == 0 ? trust_write_pair(pki_dir, key, b->blocks.own, e) : rc;
}

/* The key that was made on this host, if it is the certificate's; then it has found its place. */
static int install_with_pending(const struct bundle *b, const char *pki_dir, struct error *e)
{
    char path[4400];
    struct error why;
    struct buf key = BUF_INIT(CERTIFICATE_PEM_MAX);
    snprintf(path, sizeof(path), "%s/pending.key", pki_dir);
    int rc = sealed_read(path, &key);
    if (rc != 0)
        rc = error_set(e,
                       "the bundle holds no private key and none waits here (%s: %s); make one "
                       "with `vigia enroll --csr FILE --cn %s --institution \"%s\"` and have "
                       "that request signed",
                       path, error_text(rc), b->cn, b->institution);
    else if (certificate_check_key(b->blocks.own, buf_span(&key), &why) != 0)
        rc = error_set(e, "%s: %s", path, why.text);
    else
        rc = write_all(b, span_trim(buf_span(&key)), pki_dir, e);
    if (rc == 0)
        file_remove(path);
    trust_wipe(&key);
    return rc;
}

int bundle_install(const struct bundle *b, const char *pki_dir, int64_t now_ms, struct error *e)
{
    if (strcmp(b->role, "endpoint") != 0)
        return error_set(e,
                         "the bundle is for the role %s; an agent takes one for the role "
                         "endpoint",
                         b->role);
    if (b->blocks.own.n == 0)
        return error_set(e, "the bundle holds no certificate of %s; ask for a new one", b->cn);
    if (certificate_check_time(&b->blocks.facts, now_ms, e) != 0)
        return -1;
    int rc = folder_make(pki_dir, 0750);
    if (rc != 0) {
        error_set(e, "%s cannot be made: %s", pki_dir, error_text(rc));
        return -2;
    }
    return b->blocks.key.n > 0 ? write_all(b, b->blocks.key, pki_dir, e)
                               : install_with_pending(b, pki_dir, e);
}

#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "cli/enroll_token.h"
#include "config/config.h"
#include "config/keys.h"
#include "platform/file.h"
#include "trust/bundle.h"
#include "trust/identity.h"
#include "trust/request.h"

static const char help[] =
    "Usage: vigia enroll --token-cert FILE [--url URL] [--cn NAME] [--institution CODE]\n"
    "                    [--wait TIME] [--config FILE]\n"
    "       vigia enroll --bundle FILE [--url URL] [--config FILE]\n"
    "       vigia enroll --csr FILE --cn NAME --institution CODE [--config FILE]\n\n"
    "Makes this host an endpoint of a center. With --token-cert: makes a key that never leaves "
    "this\n"
    "host, asks the center for its certificate by a short-lived certificate that many hosts may "
    "use\n"
    "(a bundle of the role enroll), and takes the certificate in when it is signed. If that takes\n"
    "longer, run the same command again: key and request stay. With --bundle: takes in the file\n"
    "that the center's staff has issued for this host. With --csr: writes the request to a file;\n"
    "the answer to it is a bundle too. A ship that runs takes a new certificate up by itself, and\n"
    "renews it at two thirds of its life.\n\n"
    "A host that was installed again is enrolled as a new one, under its name; whether the "
    "center's\n"
    "CA then replaces the old certificate or refuses is its rule. A cloned machine: stop vigia on\n"
    "the clone, remove /etc/vigia/pki and /var/lib/vigia there, enroll it under a name of its "
    "own;\n"
    "if both have delivered, revoke the name and enroll both.\n\n"
    "  --token-cert FILE    the bundle of the role enroll\n"
    "  --url URL            https://HOST:PORT of the center (default: what the bundle says)\n"
    "  --wait TIME          for the signature (default 60s)\n"
    "  --bundle FILE        the enrollment bundle\n"
    "  --csr FILE           where to write the request; must not be there yet\n"
    "  --cn NAME            name of this endpoint: a-z 0-9 . _ - (with a token, default: [agent]\n"
    "                       name, which is the host name)\n"
    "  --institution CODE   code of the institution (with a token, default: the token's)\n"
    "  --once               nothing, if this host is enrolled already (for installers)\n"
    "  --config FILE        default " ARGS_DEFAULT_CONFIG "\n";

struct options {
    const char *config, *bundle, *csr, *token, *url, *cn, *institution, *wait;
    bool once;
};

/* 2: what was given is bad, 1: this host could not do it. */
static int fail(int rc, const struct error *e)
{
    fprintf(stderr, "vigia enroll: %s\n", e->text);
    return rc == -1 ? 2 : 1;
}

/* An installer hands on what it was given, so an empty one is none. */
static int set_center(struct bundle *b, const char *url, struct error *e)
{
    if (!url || !url[0])
        return 0;
    if (!config_url_is_valid(span_of(url)) || strlen(url) >= sizeof(b->center))
        return error_set(e, "--url %.100s: give https://HOST:PORT", url);
    snprintf(b->center, sizeof(b->center), "%s", url);
    return 0;
}

static int take_bundle(const struct options *o, const struct config *c)
{
    struct error e;
    struct bundle b = {0};
    struct buf text = BUF_INIT(BUNDLE_MAX);
    int rc = enroll_read_bundle(o->bundle, &text, &b, &e);
    if (rc == 0)
        rc = set_center(&b, o->url, &e);
    if (rc == 0)
        rc = enroll_install(c, &b, &e);
    if (rc == 0 && b.blocks.key.n > 0)
        printf("%s holds the private key: remove it\n", o->bundle);
    trust_wipe(&text);
    return rc == 0 ? 0 : fail(rc, &e);
}

static int write_new(const char *path, struct span text, struct error *e)
{
    file_t f;
    int rc = file_create(path, 0644, &f);
    if (rc == 0) {
        rc = file_write_at(f, 0, text.p, text.n);
        if (rc == 0)
            rc = file_sync(f);
        file_close(f);
        if (rc != 0)
            file_remove(path);
    }
    if (rc == 0)
        return 0;
    return error_set(e, "%s cannot be written: %s; name another file with --csr", path,
                     error_text(rc));
}

static int make_request(const struct options *o, const struct config *c)
{
    struct error e;
    struct buf csr = BUF_INIT(8192);
    bool again;
    int rc = trust_request_make(c->pki_dir, o->cn, o->institution, &csr, &again, &e);
    if (rc == 0)
        rc = write_new(o->csr, buf_span(&csr), &e);
    buf_release(&csr);
    if (rc != 0)
        return fail(rc, &e);
    printf("request: %s (%s)\n", o->csr,
           again ? "for the key that waits here already" : "for a new key that stays on this host");
    printf("Have the center's staff sign it: issue --csr FILE --cn %s --institution \"%s\" "
           "--role endpoint ...\n",
           o->cn, o->institution);
    printf("Then: vigia enroll --bundle FILE, with the bundle that they give back.\n");
    return 0;
}

static int use_token(const struct options *o, const struct config *c)
{
    struct error e;
    uint64_t wait_s = 60;
    struct enroll_token t = {o->token, o->url && o->url[0] ? o->url : NULL, o->cn, o->institution,
                             0};
    int rc = 0;
    if (o->wait && (!text_parse_duration(span_of(o->wait), &wait_s) || wait_s > 86400))
        rc = error_set(&e, "--wait %.20s: a time as 90s or 10m, at most 1d", o->wait);
    t.wait_ms = (int64_t)wait_s * 1000;
    if (rc == 0)
        rc = enroll_by_token(c, &t, &e);
    return rc == 0 ? 0 : fail(rc, &e);
}

static int enroll(const struct options *o, const struct config *c)
{
    struct certificate_facts own;
    struct error why;
    if (o->once && trust_read_facts(c->pki_dir, &own, &why) == TRUST_READY) {
        printf("this host is enrolled already: %s, endpoint of %s\n", own.cn, own.institution);
        return 0;
    }
    return o->token ? use_token(o, c) : o->bundle ? take_bundle(o, c) : make_request(o, c);
}

static int misused(const char *what)
{
    fprintf(stderr, "vigia enroll: %s; `vigia enroll --help` tells more\n", what);
    return 2;
}

int cmd_enroll(int argc, char **argv)
{
    struct options o = {.config = ARGS_DEFAULT_CONFIG};
    const struct arg args[] = {
        {"--bundle", &o.bundle, NULL}, {"--csr", &o.csr, NULL},
        {"--cn", &o.cn, NULL},         {"--institution", &o.institution, NULL},
        {"--url", &o.url, NULL},       {"--token-cert", &o.token, NULL},
        {"--wait", &o.wait, NULL},     {"--config", &o.config, NULL},
        {"--once", NULL, &o.once},     {NULL, NULL, NULL},
    };
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    if (!o.bundle + !o.csr + !o.token != 2)
        return misused("give one of --token-cert FILE, --bundle FILE, --csr FILE");
    if ((o.csr && o.url) || (!o.token && o.wait))
        return misused("--url belongs to --token-cert or --bundle, --wait to --token-cert");
    if (o.bundle && (o.cn || o.institution))
        return misused("--cn and --institution belong to --csr; a bundle says them itself");
    if (o.csr && (!o.cn || !o.institution))
        return misused("--csr needs --cn NAME and --institution CODE");
    struct error e;
    struct config *c = config_read(o.config, &e);
    if (!c)
        return fail(-1, &e);
    rc = enroll(&o, c);
    config_free(c);
    return rc;
}

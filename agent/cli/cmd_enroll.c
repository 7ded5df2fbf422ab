#include "base/slurp.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "config/config.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "trust/bundle.h"
#include "trust/request.h"

static const char help[] =
    "Usage: vigia enroll --bundle FILE [--config FILE]\n"
    "       vigia enroll --csr FILE --cn NAME --institution CODE [--config FILE]\n\n"
    "Makes this host an endpoint of a center. With --bundle: takes in the file that the center's\n"
    "staff has issued for it. With --csr: makes a key that never leaves this host and writes a\n"
    "request for its certificate; the answer to it is a bundle too. A ship that runs takes a new\n"
    "certificate up by itself.\n\n"
    "  --bundle FILE        the enrollment bundle\n"
    "  --csr FILE           where to write the request; must not be there yet\n"
    "  --cn NAME            name of this endpoint: a-z 0-9 . _ -\n"
    "  --institution CODE   code of the institution\n"
    "  --config FILE        default " ARGS_DEFAULT_CONFIG "\n";

struct options {
    const char *config, *bundle, *csr, *cn, *institution;
};

/* 2: what was given is bad, 1: this host could not do it. */
static int fail(int rc, const struct error *e)
{
    fprintf(stderr, "vigia enroll: %s\n", e->text);
    return rc == -1 ? 2 : 1;
}

static int check_bundle_file(const char *path, const struct bundle *b, struct error *e)
{
    struct file_info info = {0};
    if (b->blocks.key.n == 0 || file_info_at(path, &info) != 0 || (info.mode & 077) == 0)
        return 0;
    return error_set(e,
                     "%s: holds a private key and can be read by others (mode %04o); chmod 600 it "
                     "if nobody else had it, else ask for a new one",
                     path, (unsigned)info.mode);
}

static void tell_enrolled(const struct bundle *b, const char *path)
{
    char until[TEXT_TIME_SIZE];
    text_time(b->blocks.facts.not_after_ms, until);
    printf("enrolled: %s, endpoint of %s, at %s\n", b->cn, b->institution, b->center);
    printf("certificate until %.10s, serial %s\n", until, b->blocks.facts.serial);
    if (b->blocks.key.n > 0)
        printf("%s holds the private key: remove it\n", path);
}

static int take_bundle(const struct options *o, const struct config *c)
{
    struct error e;
    struct bundle b = {0};
    struct buf text = BUF_INIT(BUNDLE_MAX);
    int rc = slurp(o->bundle, &text);
    if (rc != 0)
        rc = error_set(&e, "%s cannot be read: %s", o->bundle, error_text(rc));
    else
        rc = bundle_parse(o->bundle, buf_span(&text), &b, &e);
    if (rc == 0)
        rc = check_bundle_file(o->bundle, &b, &e);
    if (rc == 0)
        rc = bundle_install(&b, c->pki_dir, clock_wall_ms(), &e);
    if (rc == 0)
        tell_enrolled(&b, o->bundle);
    if (text.p)
        memset(text.p, 0, text.room);
    buf_release(&text);
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
        {"--config", &o.config, NULL}, {NULL, NULL, NULL},
    };
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    if (!o.bundle == !o.csr)
        return misused("give either --bundle FILE or --csr FILE");
    if (o.bundle && (o.cn || o.institution))
        return misused("--cn and --institution belong to --csr; a bundle says them itself");
    if (o.csr && (!o.cn || !o.institution))
        return misused("--csr needs --cn NAME and --institution CODE");
    struct error e;
    struct config *c = config_read(o.config, &e);
    if (!c)
        return fail(-1, &e);
    rc = o.bundle ? take_bundle(&o, c) : make_request(&o, c);
    config_free(c);
    return rc;
}

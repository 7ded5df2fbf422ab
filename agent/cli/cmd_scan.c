#include "base/error.h"
#include "base/json_write.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "config/config.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/process.h"

static const char help[] =
    "Usage: vigia scan [--inventory] [--config FILE]\n\n"
    "Asks the running collect to re-check all watched files (on Windows registry keys too), to\n"
    "make all host checks and to look at the inventory, now. What differs from before, and each\n"
    "check whose outcome changed, is told to the center; the end of the scan is an event too. "
    "Needs\n"
    "the right to write to the requests folder (root).\n\n"
    "  --inventory     instead, the whole inventory is told again, whether it changed or not\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n";

static int write_request(const struct config *c, const char *what)
{
    char name[64];
    struct buf text = BUF_INIT(256);
    struct json_out j;
    json_start(&j, &text);
    json_object(&j, NULL);
    json_text(&j, "request", what);
    json_end_object(&j);
    snprintf(name, sizeof(name), "%s-%lld-%d.json", what, (long long)clock_wall_ms(),
             process_self_id());
    int rc = file_replace(c->requests_dir, name, text.p, text.n, 0600);
    buf_release(&text);
    return rc;
}

int cmd_scan(int argc, char **argv)
{
    const char *file = ARGS_DEFAULT_CONFIG;
    bool inventory = false;
    const struct arg args[] = {
        {"--config", &file, NULL}, {"--inventory", NULL, &inventory}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    struct error e;
    struct config *c = config_read(file, &e);
    if (!c) {
        fprintf(stderr, "vigia scan: %s\n", e.text);
        return 2;
    }
    rc = write_request(c, inventory ? "inventory" : "scan");
    if (rc != 0)
        fprintf(
            stderr,
            "vigia scan: %s: cannot be written: %s; run it as root, and see with `vigia status` "
            "that collect runs\n",
            c->requests_dir, error_text(rc));
    else
        printf("asked for%s\n", inventory ? "" : "; `vigia status` tells when it is done");
    config_free(c);
    return rc == 0 ? 0 : 1;
}

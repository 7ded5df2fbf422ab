#include "base/error.h"
#include "base/json_write.h"
#include "cli/args.h"
#include "cli/cmd.h"
#include "config/config.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "platform/process.h"

static const char help[] =
    "Usage: vigia scan [--config FILE]\n\n"
    "Asks the running collect to re-check all watched files and to make all host checks now. What\n"
    "differs from the baseline, and each check whose outcome changed, is told to the center; the\n"
    "end of the scan is an event too. Needs the right to write to the requests folder (root).\n\n"
    "  --config FILE   default " ARGS_DEFAULT_CONFIG "\n";

static int write_request(const struct config *c)
{
    char name[64];
    struct buf text = BUF_INIT(256);
    struct json_out j;
    json_start(&j, &text);
    json_object(&j, NULL);
    json_text(&j, "request", "scan");
    json_end_object(&j);
    snprintf(name, sizeof(name), "scan-%lld-%d.json", (long long)clock_wall_ms(),
             process_self_id());
    int rc = file_replace(c->requests_dir, name, text.p, text.n, 0600);
    buf_release(&text);
    return rc;
}

int cmd_scan(int argc, char **argv)
{
    const char *file = ARGS_DEFAULT_CONFIG;
    const struct arg args[] = {{"--config", &file, NULL}, {NULL, NULL, NULL}};
    int rc = args_parse(argc, argv, args, help);
    if (rc)
        return rc - 1;
    struct error e;
    struct config *c = config_read(file, &e);
    if (!c) {
        fprintf(stderr, "vigia scan: %s\n", e.text);
        return 2;
    }
    rc = write_request(c);
    if (rc != 0)
        fprintf(
            stderr,
            "vigia scan: %s: cannot be written: %s; run it as root, and see with `vigia status` "
            "that collect runs\n",
            c->requests_dir, error_text(rc));
    else
        printf("asked for; `vigia status` tells when it is done\n");
    config_free(c);
    return rc == 0 ? 0 : 1;
}

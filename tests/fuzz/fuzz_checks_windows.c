/*
 * Host checks of Windows over hostile data in the registry: a file of checks up to the first zero,
 * then a value's type and its data. Whatever it is, each check that stands gives an answer in
 * words.
 */
#include "base/hex.h"
#include "platform/audit_policy.h"
#include "source/checks/probe.h"
#include "unit/registry_kit.h"

/* The table of Windows, in place of this system's. */
#include "source/checks/probes_windows.c"

#define DATA_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned policy;

int audit_policy_get(uint32_t subcategory, unsigned *out)
{
    (void)subcategory;
    *out = policy;
    return 0;
}

static void put_value(unsigned type, struct span value)
{
    static char line[2 * DATA_MAX + 64];
    char digits[2 * DATA_MAX + 1];
    hex_encode(value.p, value.n < DATA_MAX ? value.n : DATA_MAX, digits);
    snprintf(line, sizeof(line), "HKLM\\SOFTWARE\\V|N|%u|%s", type, digits);
    registry_kit_clear();
    registry_kit_add(line);
}

static void ask(const struct check *c)
{
    struct checks_view view;
    struct check_outcome o;
    void *walk = NULL;
    checks_view_open(&view, "/nowhere");
    if (!checks_step(&view, c, &walk, &o) || walk || o.found[0] == '\0' ||
        o.status > CHECK_SKIPPED || registry_kit_opened() != 0)
        abort();
    checks_view_close(&view);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span rest = span_make(data, n), text = {"", 0};
    struct checks checks = {0};
    span_take_until(&rest, '\0', &text);
    policy = rest.n > 0 ? (uint8_t)rest.p[0] & 3u : 0;
    put_value(rest.n > 0 ? (uint8_t)rest.p[0] % 13u : 0,
              rest.n > 0 ? span_make(rest.p + 1, rest.n - 1) : SPAN(""));
    checks_parse("fuzz.ini", text, NULL, NULL, &checks);
    checks_verify(&checks, NULL, NULL);
    for (size_t i = 0; i < checks.n; i++)
        ask(&checks.items[i]);
    checks_release(&checks);
    registry_kit_clear();
    return 0;
}

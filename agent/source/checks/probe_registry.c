/*
 * One value of the registry. `value` may stand several times: the first that is there counts, as
 * a policy does before what was set by hand.
 */
#include "base/text.h"
#include "source/checks/probes.h"
#include "source/checks/regvalue.h"
#include "source/checks/want.h"

#include <errno.h>
#include <stdlib.h>

/* A decimal number, or 0x and hexadecimal digits. */
static bool number_of(const char *text, uint64_t *out)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *out = strtoull(text, &end, text[1] == 'x' ? 16 : 10);
    return errno == 0 && *end == '\0';
}

/* "56 2": two bytes from the 56th on. */
static bool bytes_of(const char *text, struct regvalue_form *form)
{
    struct span rest = span_of(text), from;
    uint64_t at, n;
    if (!span_take_until(&rest, ' ', &from) || !span_to_u64(from, &at) || !span_to_u64(rest, &n))
        return false;
    form->from = (size_t)at;
    form->bytes = (size_t)n;
    return at < REGISTRY_DATA_MAX && n >= 1 && n <= 8;
}

static struct regvalue_form form_of(const struct check *c)
{
    struct regvalue_form form = {.view = REGISTRY_64};
    const char *view = check_value(c, "view"), *bits = check_value(c, "bits");
    const char *bytes = check_value(c, "bytes");
    if (view && strcmp(view, "32") == 0)
        form.view = REGISTRY_32;
    if (bits)
        number_of(bits, &form.bits);
    if (bytes)
        bytes_of(bytes, &form);
    return form;
}

static void expect(const struct probe_look *look, const char *place)
{
    char name[256];
    span_copy(regvalue_name(span_of(place)), name, sizeof(name));
    want_text(look->check, name, look->out->expected, sizeof(look->out->expected));
}

/* None of them is there. */
static bool judge_absent(const struct probe_look *look, struct span name)
{
    const struct check *c = look->check;
    const char *otherwise = check_value(c, "otherwise"), *absent = check_value(c, "absent");
    if (absent)
        return outcome_set(look, strcmp(absent, "skip") == 0 ? CHECK_SKIPPED : CHECK_UNKNOWN,
                           "%.*s is not there", (int)name.n, name.p);
    enum check_status status = want_holds(c, span_of(otherwise)) ? CHECK_PASS : CHECK_FAIL;
    if (otherwise)
        return outcome_set(look, status, "%.*s is not set; without it counts %s", (int)name.n,
                           name.p, otherwise);
    return outcome_set(look, status, "%.*s is not set", (int)name.n, name.p);
}

/* Whether there is one is all that is asked: it may be a password. */
static bool is_secret(const struct check *c)
{
    const char *want = check_value(c, "want");
    return strcmp(want, "unset") == 0 || strcmp(want, "set") == 0;
}

static bool judge(const struct probe_look *look, struct span name, const char *text)
{
    enum check_status status = want_holds(look->check, span_of(text)) ? CHECK_PASS : CHECK_FAIL;
    if (is_secret(look->check))
        return outcome_set(look, status, "%.*s is set", (int)name.n, name.p);
    return outcome_set(look, status, "%.*s is %.300s", (int)name.n, name.p, text);
}

static bool run_registry(const struct probe_look *look)
{
    const struct regvalue_form form = form_of(look->check);
    const char *first = check_value(look->check, "value");
    char text[REGVALUE_TEXT_MAX];
    size_t at = 0;
    expect(look, first);
    for (const struct check_value *v; (v = check_each(look->check, "value", &at));) {
        struct span name = regvalue_name(span_of(v->text));
        int rc = regvalue_read(span_of(v->text), &form, text);
        outcome_place(look, v->text, 0);
        if (rc == -ENOENT)
            continue;
        if (rc != 0)
            return outcome_unread(look, v->text, rc);
        return judge(look, name, text);
    }
    outcome_place(look, first, 0);
    return judge_absent(look, regvalue_name(span_of(first)));
}

/* ---- keys ---- */

static int verify_value(const char *value, struct error *e)
{
    bool hive = strncmp(value, "HKLM\\", 5) == 0 || strncmp(value, "HKU\\", 4) == 0;
    if (hive && strchr(value, ':') && strlen(value) < 256)
        return 0;
    return error_set(e, "it is KEY:NAME, and the key begins with HKLM\\ or HKU\\");
}

static int verify_view(const char *value, struct error *e)
{
    if (strcmp(value, "64") == 0 || strcmp(value, "32") == 0)
        return 0;
    return error_set(e, "it is 64 or 32");
}

static int verify_absent(const char *value, struct error *e)
{
    if (strcmp(value, "skip") == 0 || strcmp(value, "unknown") == 0)
        return 0;
    return error_set(e, "it is skip or unknown; what counts without a value is said by otherwise");
}

static int verify_bits(const char *value, struct error *e)
{
    uint64_t bits;
    if (number_of(value, &bits) && bits > 0)
        return 0;
    return error_set(e, "it is a number, such as 0x20080000");
}

static int verify_bytes(const char *value, struct error *e)
{
    struct regvalue_form form;
    if (bytes_of(value, &form))
        return 0;
    return error_set(e, "it is where they begin and how many, 1 to 8, such as 56 2");
}

const struct probe probe_registry = {
    .name = "registry",
    .keys = {{"value", PROBE_NEEDED_SEVERAL, verify_value},
             {"view", PROBE_ONCE, verify_view},
             {"bits", PROBE_ONCE, verify_bits},
             {"bytes", PROBE_ONCE, verify_bytes},
             {"otherwise", PROBE_ONCE, NULL},
             {"absent", PROBE_ONCE, verify_absent},
             {"want", PROBE_NEEDED_SEVERAL, want_verify}},
    .run = run_registry,
};

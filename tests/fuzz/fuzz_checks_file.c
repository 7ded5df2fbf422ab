/* A file of host checks: what stays is complete, what is wrong is told, and `want` takes any value.
 */
#include "source/checks/probe.h"
#include "source/checks/want.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void take_problem(void *ctx, const char *problem)
{
    size_t *told = ctx;
    if (!strstr(problem, "fuzz.ini:"))
        abort();
    (*told)++;
}

static void judge(const struct check *c, struct span value)
{
    char text[240];
    if (!check_value(c, "want"))
        return;
    want_text(c, "value", text, sizeof(text));
    want_holds(c, value);
    want_holds(c, (struct span){NULL, 0});
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct checks checks = {0};
    size_t told = 0;
    size_t problems = checks_parse("fuzz.ini", span_make(data, n), take_problem, &told, &checks);
    problems += checks_verify(&checks, take_problem, &told);
    if (problems != told)
        abort();
    for (size_t i = 0; i < checks.n; i++) {
        const struct check *c = &checks.items[i];
        if (!c->title || !c->probe || !c->reason || !c->remedy || !c->references ||
            c->severity < 1 || c->severity > 5 || !checks_probe_of(c))
            abort();
        judge(c, span_make(data, n));
        judge(c, span_of(c->title));
    }
    checks_release(&checks);
    return 0;
}

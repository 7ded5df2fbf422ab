/* What there is for host checks of Windows. */
#include "source/checks/probes.h"
#include "source/checks/regvalue.h"
#include "source/checks/want.h"

const struct probe *const checks_probes[] = {
    &probe_registry,
    &probe_audit,
    NULL,
};

/* ---- when a check applies ---- */

/* Where "KEY:NAME" ends and a line of `want` begins, if there is one. */
static size_t end_of_place(struct span rest)
{
    size_t is = span_find_span(rest, SPAN(" is ")), like = span_find_span(rest, SPAN(" like "));
    return is < like ? is : like;
}

/* "KEY:NAME", "KEY:NAME is WORD..." or "KEY:NAME like PATTERN...". What cannot be read is taken for
 * not there. */
static bool has_value(struct checks_view *h, struct span rest)
{
    const struct regvalue_form form = {.view = REGISTRY_64};
    char text[REGVALUE_TEXT_MAX];
    size_t n = end_of_place(rest);
    (void)h;
    if (regvalue_read(span_make(rest.p, n), &form, text) != 0)
        return false;
    return n == rest.n || want_line_holds(span_make(rest.p + n, rest.n - n), span_of(text));
}

const struct check_condition checks_conditions[] = {
    {"registry", has_value, false, "not so: "},
    {"no-registry", has_value, true, "it is so: "},
    {NULL, NULL, false, NULL},
};

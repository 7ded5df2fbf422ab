/* Sigma rules: any text gives rules or problems with a place; rules that come out match without
 * harm. */
#include "detect/condition.h"
#include "detect/item.h"
#include "detect/match.h"
#include "detect/pattern.h"
#include "detect/regex.h"
#include "detect/rule.h"
#include "detect/rule_set.h"
#include "detect/yaml_tree.h"

#define MESSAGE_MAX 4096

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void take_problem(void *ctx, const char *problem)
{
    (void)ctx;
    if (strncmp(problem, "fuzz.yml", 8) != 0) /* names its file, and is made safe to print */
        abort();
    for (const char *p = problem; *p; p++)
        if ((unsigned char)*p < ' ')
            abort();
}

static void take_hit(void *ctx, size_t entry)
{
    const struct rule_set *set = ctx;
    if (entry >= set->n || set->entries[entry].rule->correlation.type != CORRELATION_NONE)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct rule_set *set = rule_set_parse("fuzz.yml", span_make(data, n), take_problem, NULL);
    struct span text =
        span_make(data, n < MESSAGE_MAX ? n : MESSAGE_MAX); /* rules find their own words */
    struct record r = {.source = "/var/log/auth.log",
                       .product = "linux",
                       .service = "auth",
                       .program = SPAN("sshd"),
                       .host = SPAN("pc1"),
                       .message = text,
                       .raw = text,
                       .fields_n = 3,
                       .fields = {{SPAN("Image"), text},
                                  {SPAN("src_ip"), SPAN("192.0.2.7")},
                                  {SPAN("uid"), SPAN("0")}}};
    struct view view;
    view_init(&view);
    rule_set_match(set, &view, &r, take_hit, set);
    view_release(&view);
    rule_set_free(set);
    return 0;
}

/* Tables of logsources and placeholders: each problem names its line, counts stay within their
 * bounds, and a rule set takes whatever is left. */
#include "config/sigma_file.h"
#include "detect/rule_set.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void tell(void *ctx, const char *problem)
{
    (void)ctx;
    if (strncmp(problem, "table:", 6) != 0 || problem[6] < '1' || problem[6] > '9')
        abort();
}

static void hit(void *ctx, size_t entry)
{
    (void)ctx;
    (void)entry;
}

static const char rules[] =
    "title: a\nid: a\nlogsource: {product: windows, category: process_creation}\n"
    "detection:\n    s:\n        Image|endswith: a\n        User|expand: '%Admins%'\n"
    "    condition: s\n---\n"
    "title: b\nid: b\nlogsource: {service: cron}\n"
    "detection:\n    s:\n        - User|fieldref: Image\n        - '|expand': x%Admins%%B%\n"
    "    condition: s\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct sigma_file f = {0};
    struct view view;
    struct record r = {.source = "Security", .product = "windows", .message = SPAN("a word")};
    sigma_file_parse("table", span_make(data, n), tell, NULL, &f);
    if (f.sources_n > 512 || f.lines > 4096)
        abort();
    struct rule_set *set = rule_set_parse("rules", span_of(rules), &f, NULL, NULL);
    sigma_file_release(&f);
    r.fields[r.fields_n++] = (struct record_field){SPAN("EventID"), SPAN("4688")};
    r.fields[r.fields_n++] = (struct record_field){SPAN("NewProcessName"), SPAN("a")};
    r.fields[r.fields_n++] = (struct record_field){SPAN("user"), SPAN("root")};
    view_init(&view);
    rule_set_match(set, &view, &r, hit, NULL);
    r.program = SPAN("cron");
    rule_set_match(set, &view, &r, hit, NULL);
    view_release(&view);
    rule_set_free(set);
    return 0;
}

#include "source/inventory/service_change.h"

#include "base/json_read.h"

/* A fact that a system does not have is missing on both sides. */
static const char *const facts[] = {"state", "command", "account", "library"};

enum event_severity service_change_severity(const struct inventory_change *c, bool keeps_logs)
{
    struct json_doc *doc = json_read(c->after, NULL), *old = json_read(c->before, NULL);
    const struct json_value *after = json_root(doc), *before = json_root(old);
    enum event_severity severity =
        c->kind == INVENTORY_CHANGED ? SEVERITY_INFORMATIONAL : SEVERITY_LOW;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        if (!span_equal(json_get_text(before, facts[i]), json_get_text(after, facts[i])))
            severity = SEVERITY_LOW;
    if (keeps_logs && json_get_bool(before, "running", false) &&
        !json_get_bool(after, "running", false))
        severity = SEVERITY_HIGH;
    json_free(doc);
    json_free(old);
    return severity;
}

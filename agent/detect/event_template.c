#include "detect/event_template.h"

#include <stdio.h>

#define PLACES     (1 + MINER_VALUES)
#define HEAD_MAX   84 /* with a number behind it the text fits where names of rates are kept */
#define NUMBER_MAX 10
#define FOLDED_MAX 256 /* bytes of a value that are compared */

/* Those in front are taken first. */
static const char *const followed[] = {
    /* who */
    "TargetUserName", "SubjectUserName", "User", "AccountName", "ServiceAccount", "MemberName",
    /* what */
    "NewProcessName", "Image", "ServiceName", "TaskName", "Application", "ProcessName",
    "ServiceFileName", "ImagePath", "CommandLine", "ParentProcessName", "ParentImage",
    "SourceImage", "HostApplication",
    /* from or to where */
    "IpAddress", "DestinationIp", "DestAddress", "Address", "DestinationHostname",
    "WorkstationName", "Workstation", "TargetServerName", "ShareName", "QueryName",
    "TargetFilename", "TargetObject"};

static struct span number_of(const struct record *r)
{
    return record_field(r, SPAN("EventID"));
}

static struct span provider_of(const struct record *r)
{
    return record_field(r, SPAN("Provider_Name"));
}

bool event_template_is(const struct record *r)
{
    return r->fields_n > 1 && number_of(r).n > 0 && provider_of(r).n > 0;
}

static uint32_t value_hash(struct span value)
{
    char folded[FOLDED_MAX];
    size_t n = value.n < sizeof(folded) ? value.n : sizeof(folded);
    for (size_t i = 0; i < n; i++)
        folded[i] = value.p[i] >= 'A' && value.p[i] <= 'Z' ? (char)(value.p[i] | 0x20) : value.p[i];
    return tokens_hash((struct span){folded, n});
}

/* ---- a new template ---- */

/* "Security Microsoft-Windows-Security-Auditing 4624"; without the provider where its channel says
 * it: "Microsoft-Windows-TaskScheduler/Operational 201". */
static void set_text(struct mined *t, const struct record *r)
{
    struct span channel = span_of(r->source), provider = provider_of(r), number = number_of(r);
    char head[HEAD_MAX + 1], text[MINER_TEXT_MAX];
    bool said = span_starts(channel, provider) && channel.p[provider.n] == '/';
    provider.n = said ? 0 : provider.n;
    number.n = number.n < NUMBER_MAX ? number.n : NUMBER_MAX;
    snprintf(text, sizeof(text), "%s%s%.*s", r->source, said ? "" : " ", (int)provider.n,
             provider.p);
    span_copy(span_of(text), head, sizeof(head));
    snprintf(text, sizeof(text), "%s %.*s", head, (int)number.n, number.p);
    for (char *p = text; *p; p++)
        *p = (unsigned char)*p < ' ' || *p == 127 ? '?' : *p;
    span_copy(span_of(text), t->text, sizeof(t->text));
}

static void follow(struct mined *t, const struct record *r)
{
    for (size_t i = 0; i < sizeof(followed) / sizeof(followed[0]); i++) {
        struct span name = span_of(followed[i]), value = record_field(r, name);
        uint8_t at = (uint8_t)(t->values_n + 1);
        if (value.n == 0 || at == PLACES)
            continue;
        t->hash[at] = tokens_hash(name);
        t->values[t->values_n++] = (struct miner_value){at, false, value_hash(value)};
    }
}

struct mined *event_template_take(struct miner *m, const struct record *r, bool *fresh)
{
    struct tokens line = {.n = PLACES};
    uint32_t origin = tokens_hash(span_of(r->source)) ^ tokens_hash(provider_of(r)) * 3;
    for (size_t i = 0; i < PLACES; i++) /* a number's constancy is not followed: follow() does */
        line.list[i] = (struct token){.kind = TOKEN_VALUE, .text = SPAN(""), .number = true};
    line.list[0].kind = TOKEN_WORD;
    line.list[0].hash = tokens_hash(number_of(r));
    struct mined *t = miner_take(m, origin, SPAN(""), &line, fresh);
    if (*fresh) {
        set_text(t, r);
        follow(t, r);
    }
    return t;
}

/* ---- values ---- */

/* The followed value of that name which was the same so far. */
static struct miner_value *constant_of(struct mined *t, uint32_t name)
{
    for (size_t i = 0; i < t->values_n; i++)
        if (!t->values[i].varies && t->hash[t->values[i].at] == name)
            return &t->values[i];
    return NULL;
}

static bool has_constant(const struct mined *t)
{
    for (size_t i = 0; i < t->values_n; i++)
        if (!t->values[i].varies)
            return true;
    return false;
}

bool event_template_differs(const struct record *r, struct mined *t, struct record_field *field)
{
    for (size_t i = 0; i < r->fields_n && has_constant(t); i++) {
        struct miner_value *v =
            r->fields[i].value.n > 0 ? constant_of(t, tokens_hash(r->fields[i].name)) : NULL;
        if (!v || v->hash == value_hash(r->fields[i].value))
            continue;
        v->varies = t->dirty = true;
        *field = r->fields[i];
        return true;
    }
    return false;
}

/*
 * The way of an event of Windows' event log inside the agent: the source (over a channel in
 * memory), its record, templates and rates, conf/rules, and all of them. Beside it what only looks
 * for the tags of the same XML. Aim: 5,000 events/s.
 */
#include "platform/eventlog.h"

#include "base/mem.h"
#include "detect/all.h"
#include "detect/rule_set.h"
#include "platform/clock.h"
#include "source/all.h"
#include "unit/host_kit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define EVENTS    100000
#define EVENTS_MS 1796043601234LL /* when they are of */
#define AT_LEAST  5000.0

/* ---- a channel that has the same few events again and again ---- */

#define EVENT(provider, id, rest)                                                                  \
    "<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider "      \
    "Name='" provider "' Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/><EventID>" id              \
    "</EventID><Version>2</Version><Level>0</Level><Task>13312</Task><Opcode>0</Opcode>"           \
    "<Keywords>0x8020000000000000</Keywords><TimeCreated SystemTime='2026-11-30T13:00:00."         \
    "1234567Z'/><EventRecordID>%08u</EventRecordID><Correlation/><Execution ProcessID='4' "        \
    "ThreadID='236'/><Channel>Security</Channel><Computer>pc-042.example.org</Computer>"           \
    "<Security/></System><EventData>" rest "</EventData></Event>"
#define DATA(name, value) "<Data Name='" name "'>" value "</Data>"

static const char *const forms[] = {
    EVENT("Microsoft-Windows-Security-Auditing", "4688",
          DATA("SubjectUserSid", "S-1-5-18") DATA("SubjectUserName", "PC-042$")
              DATA("SubjectDomainName", "EXAMPLE") DATA("SubjectLogonId", "0x3e7")
                  DATA("NewProcessId", "0x1a4c") DATA("NewProcessName",
                                                      "C:\\Windows\\System32\\svchost.exe")
                      DATA("TokenElevationType", "%%%%1936") DATA("ProcessId", "0x2f4")
                          DATA("CommandLine", "svchost.exe -k netsvcs -p -s &quot;X&quot;")
                              DATA("TargetUserSid", "S-1-0-0") DATA("TargetUserName", "-")
                                  DATA("ParentProcessName", "C:\\Windows\\System32\\services.exe")
                                      DATA("MandatoryLabel", "S-1-16-16384")),
    EVENT("Microsoft-Windows-Security-Auditing", "4624",
          DATA("SubjectUserSid", "S-1-5-18") DATA("TargetUserName", "alice") DATA(
              "TargetDomainName", "EXAMPLE") DATA("TargetLogonId", "0x8dcdc") DATA("LogonType", "3")
              DATA("LogonProcessName", "Kerberos") DATA("AuthenticationPackageName", "Kerberos")
                  DATA("WorkstationName", "-") DATA("IpAddress", "192.0.2.77")
                      DATA("IpPort", "50112") DATA("ImpersonationLevel", "%%%%1833")),
    EVENT("Microsoft-Windows-Security-Auditing", "5156",
          DATA("ProcessID", "1432") DATA("Application", "\\device\\harddiskvolume2\\a.exe")
              DATA("Direction", "%%%%14593") DATA("SourceAddress", "10.0.0.5")
                  DATA("SourcePort", "49712") DATA("DestAddress", "10.0.0.1")
                      DATA("DestPort", "443") DATA("Protocol", "6")),
};
#define FORMS (sizeof(forms) / sizeof(forms[0]))

struct eventlog {
    unsigned given;
    char xml[4096];
};

static size_t put_event(unsigned i, char *out, size_t size)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    return (size_t)snprintf(out, size, forms[i % FORMS], i);
#pragma GCC diagnostic pop
}

int eventlog_end(const char *channel, char *bookmark, size_t size)
{
    (void)bookmark, (void)size;
    return strcmp(channel, "Security") == 0 ? 0 : -ENODEV;
}

int eventlog_open(const char *channel, const char *bookmark, unsigned at_once,
                  struct eventlog **out)
{
    (void)bookmark, (void)at_once;
    *out = NULL;
    if (strcmp(channel, "Security") != 0)
        return -ENODEV;
    *out = mem_new(1, sizeof(**out));
    return 0;
}

void eventlog_close(struct eventlog *l)
{
    free(l);
}

wait_t eventlog_wait(struct eventlog *l)
{
    (void)l;
    return WAIT_NONE;
}

bool eventlog_ready(const struct eventlog *l)
{
    return l->given < EVENTS;
}

int eventlog_next(struct eventlog *l, const char **xml, size_t *n)
{
    if (l->given == EVENTS)
        return 0;
    *n = put_event(++l->given, l->xml, sizeof(l->xml));
    *xml = l->xml;
    return 1;
}

int eventlog_bookmark(struct eventlog *l, char *out, size_t size)
{
    snprintf(out, size, "RecordId='%u'", l->given);
    return 0;
}

/* ---- */

static struct rule_set *rules; /* NULL: not asked */
static void *templates;        /* the detector with its rates; NULL: not asked */
static struct view view;
static uint64_t records, hits;

static void take_event(void *ctx, const struct event *e)
{
    (void)ctx, (void)e;
}

static void take_hit(void *ctx, size_t entry)
{
    (void)ctx, (void)entry;
    hits++;
}

static void take_record(void *ctx, const struct record *r)
{
    (void)ctx;
    records++;
    if (rules)
        rule_set_match(rules, &view, r, take_hit, NULL);
    if (templates)
        detector_templates.record(templates, r);
}

static void take_state(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx, (void)t, (void)key, (void)value;
}

static void templates_open(void)
{
    static const struct config config = {.detect = true, .learn_s = 604800, .silence_s = 3600};
    const struct detect_host host = {&config, NULL, NULL, take_event, take_state};
    struct error e;
    if (detector_templates.open(&host, &templates, &e) != 0)
        exit(2);
    detector_templates.tick(templates, EVENTS_MS);
}

static void templates_close(void)
{
    detector_templates.close(templates);
    templates = NULL;
}

static double cpu_s(void)
{
    return (double)clock() / CLOCKS_PER_SEC;
}

static double source_s(void)
{
    static char none[] = "";
    struct config config = {.eventlog = true, .sigma_dir = none};
    host_kit_begin(&source_log_events, take_event, config);
    host_kit.host.emit_record = take_record;
    host_kit_start();
    records = hits = 0;
    double begun = cpu_s();
    for (int64_t now = 1000000; records < EVENTS; now += 1000)
        source_log_events.run(host_kit.self, now);
    double took = cpu_s() - begun;
    host_kit_stop(true);
    host_kit_end();
    return took;
}

static double tags_s(void)
{
    char xml[4096];
    uint64_t tags = 0;
    double begun = cpu_s();
    for (unsigned i = 1; i <= EVENTS; i++) {
        struct span rest = {xml, put_event(i, xml, sizeof(xml))}, one;
        while (span_take_until(&rest, '<', &one))
            tags++;
    }
    return tags > 0 ? cpu_s() - begun : 0;
}

static void tell(const char *what, double took_s, double floor_s)
{
    printf("%-32s %9.0f events/s, %.1f times as long\n", what, EVENTS / took_s, took_s / floor_s);
}

int main(void)
{
    struct sigma_file tables;
    view_init(&view);
    double floor_s = tags_s(), plain_s = source_s();
    templates_open();
    double templates_s = source_s();
    sigma_file_load("conf/sigma", NULL, NULL, &tables);
    rules = rule_set_load("conf/rules", &tables, NULL, NULL);
    double all_s = source_s();
    templates_close();
    double rules_s = source_s();
    printf("%-32s %9.0f events/s\n", "looking for tags only", EVENTS / floor_s);
    tell("events to records", plain_s, floor_s);
    tell("with templates and rates", templates_s, floor_s);
    tell("with conf/rules", rules_s, floor_s);
    tell("with all of them", all_s, floor_s);
    printf("%llu hits; aim: %.0f events/s\n", (unsigned long long)hits, AT_LEAST);
    rule_set_free(rules);
    sigma_file_release(&tables);
    view_release(&view);
    return EVENTS / all_s < AT_LEAST;
}

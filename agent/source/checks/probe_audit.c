/* What the Security log of Windows gets of a kind of event. */
#include "platform/audit_policy.h"
#include "source/checks/probes.h"
#include "source/checks/want.h"

/* The names that auditpol has for them, in English on any Windows; their GUIDs of ntsecapi.h. */
static const struct {
    const char *name;
    uint32_t guid;
} subcategories[] = {
    {"Security State Change", 0x0cce9210},
    {"Security System Extension", 0x0cce9211},
    {"System Integrity", 0x0cce9212},
    {"IPsec Driver", 0x0cce9213},
    {"Other System Events", 0x0cce9214},
    {"Logon", 0x0cce9215},
    {"Logoff", 0x0cce9216},
    {"Account Lockout", 0x0cce9217},
    {"Special Logon", 0x0cce921b},
    {"Other Logon/Logoff Events", 0x0cce921c},
    {"Group Membership", 0x0cce9249},
    {"File System", 0x0cce921d},
    {"Registry", 0x0cce921e},
    {"Kernel Object", 0x0cce921f},
    {"SAM", 0x0cce9220},
    {"Certification Services", 0x0cce9221},
    {"File Share", 0x0cce9224},
    {"Other Object Access Events", 0x0cce9227},
    {"Detailed File Share", 0x0cce9244},
    {"Removable Storage", 0x0cce9245},
    {"Sensitive Privilege Use", 0x0cce9228},
    {"Process Creation", 0x0cce922b},
    {"Process Termination", 0x0cce922c},
    {"DPAPI Activity", 0x0cce922d},
    {"Plug and Play Events", 0x0cce9248},
    {"Audit Policy Change", 0x0cce922f},
    {"Authentication Policy Change", 0x0cce9230},
    {"Authorization Policy Change", 0x0cce9231},
    {"MPSSVC Rule-Level Policy Change", 0x0cce9232},
    {"Other Policy Change Events", 0x0cce9234},
    {"User Account Management", 0x0cce9235},
    {"Computer Account Management", 0x0cce9236},
    {"Security Group Management", 0x0cce9237},
    {"Other Account Management Events", 0x0cce923a},
    {"Directory Service Access", 0x0cce923b},
    {"Directory Service Changes", 0x0cce923c},
    {"Credential Validation", 0x0cce923f},
    {"Kerberos Service Ticket Operations", 0x0cce9240},
    {"Other Account Logon Events", 0x0cce9241},
    {"Kerberos Authentication Service", 0x0cce9242},
};

static uint32_t guid_of(const char *name)
{
    for (size_t i = 0; i < sizeof(subcategories) / sizeof(subcategories[0]); i++)
        if (strcmp(subcategories[i].name, name) == 0)
            return subcategories[i].guid;
    return 0;
}

static bool run_audit(const struct probe_look *look)
{
    static const char *const texts[] = {"none", "success", "failure", "success failure"};
    const char *name = check_value(look->check, "subcategory");
    unsigned policy;
    want_text(look->check, name, look->out->expected, sizeof(look->out->expected));
    int rc = audit_policy_get(guid_of(name), &policy);
    if (rc != 0)
        return outcome_set(look, CHECK_UNKNOWN, "the audit policy cannot be asked: %s",
                           error_text(rc));
    const char *text = texts[policy & 3];
    return outcome_set(look, want_holds(look->check, span_of(text)) ? CHECK_PASS : CHECK_FAIL,
                       "%s: %s", name, text);
}

static int verify_subcategory(const char *value, struct error *e)
{
    if (guid_of(value))
        return 0;
    return error_set(e, "there is no subcategory of that name");
}

const struct probe probe_audit = {
    .name = "audit",
    .keys = {{"subcategory", PROBE_NEEDED, verify_subcategory},
             {"want", PROBE_NEEDED_SEVERAL, want_verify}},
    .run = run_audit,
};

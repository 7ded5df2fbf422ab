/* Units that are started at boot, and the packet filter among them. */
#include "base/text.h"
#include "source/checks_probes.h"
#include "source/checks_settings.h"
#include "source/checks_units.h"

/* The first enabled one of the words; the state of the first one that is there otherwise. */
static bool first_enabled(const struct probe_look *look, const char *key, char *name, size_t size,
                          struct unit_state *out)
{
    struct check_words words = {0};
    struct unit_state one;
    struct span word;
    char unit[128];
    *out = (struct unit_state){0};
    name[0] = '\0';
    while (check_word(look->check, key, &words, &word)) {
        if (!span_copy(word, unit, sizeof(unit)))
            continue;
        unit_look(look->view, unit, &one);
        if (!one.there || (out->there && !one.enabled))
            continue;
        *out = one;
        snprintf(name, size, "%s", unit);
        if (one.enabled)
            return true;
    }
    return false;
}

static bool run_unit(const struct probe_look *look)
{
    bool wanted = strcmp(check_value(look->check, "want"), "enabled") == 0;
    const char *units = check_value(look->check, "units");
    struct unit_state state;
    char name[128];
    outcome_expect(look, wanted ? "one of %s is enabled" : "none of %s is enabled", units);
    bool enabled = first_enabled(look, "units", name, sizeof(name), &state);
    outcome_place(look, state.link, 0);
    enum check_status status = enabled == wanted ? CHECK_PASS : CHECK_FAIL;
    if (enabled)
        return outcome_set(look, status, "%s is enabled", name);
    if (state.masked)
        return outcome_set(look, status, "%s is masked", name);
    if (state.there)
        return outcome_set(look, status, "%s is there, but not enabled", name);
    return outcome_set(look, status, "there is no unit %.300s", units);
}

static int verify_enabled(const char *value, struct error *e)
{
    if (strcmp(value, "enabled") == 0 || strcmp(value, "disabled") == 0)
        return 0;
    return error_set(e, "it is enabled or disabled");
}

const struct probe probe_unit = {
    .name = "unit",
    .keys = {{"units", PROBE_NEEDED, NULL}, {"want", PROBE_NEEDED, verify_enabled}},
    .run = run_unit,
};

/* ---- firewall ----
 *
 * The tables in the kernel can be read only with CAP_NET_ADMIN, which the agent does not have: what
 * is seen is what is loaded at boot. */

static bool has_line(const struct probe_look *look, const char *path, const char *const *patterns)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    bool hit = false;
    int number = 0;
    if (view_read(look->view, path, &text) != 0) {
        buf_release(&text);
        return false;
    }
    struct span rest = buf_span(&text), line;
    while (!hit && span_take_line(&rest, &line)) {
        char plain[1024];
        number++;
        span_copy(settings_bare(line), plain, sizeof(plain));
        for (size_t i = 0; patterns[i] && !hit; i++)
            hit = text_glob(patterns[i], plain);
    }
    if (hit)
        outcome_place(look, path, number);
    buf_release(&text);
    return hit;
}

static const struct filter {
    const char *unit;
    struct {
        const char *path;
        const char *patterns[4];
    } rules, refusal; /* there is a rule; what is not allowed is refused */
} filters[] = {
    {"nftables.service",
     {"/etc/nftables.conf", {"**hook input**", "include *", NULL}},
     {"/etc/nftables.conf", {"**hook input**policy drop**", "policy drop**", "drop", NULL}}},
    {"ufw.service",
     {"/etc/ufw/ufw.conf", {"ENABLED=yes", "ENABLED=\"yes\"", NULL}},
     {"/etc/default/ufw",
      {"DEFAULT_INPUT_POLICY=\"DROP\"", "DEFAULT_INPUT_POLICY=\"REJECT\"",
       "DEFAULT_INPUT_POLICY=DROP", NULL}}},
    {"firewalld.service",
     {"/etc/firewalld/firewalld.conf", {"DefaultZone=*", NULL}},
     {"/etc/firewalld/firewalld.conf",
      {"DefaultZone=public", "DefaultZone=drop", "DefaultZone=block", NULL}}},
    {"netfilter-persistent.service",
     {"/etc/iptables/rules.v4", {"-A INPUT **", ":INPUT DROP**", NULL}},
     {"/etc/iptables/rules.v4",
      {":INPUT DROP**", "-A INPUT -j DROP", "-A INPUT -j REJECT**", NULL}}},
};

static bool run_firewall(const struct probe_look *look)
{
    bool refuse = strcmp(check_value(look->check, "want"), "refuse") == 0;
    outcome_expect(look, refuse ? "what is not allowed in is refused"
                                : "nftables, ufw, firewalld or iptables rules loaded at boot");
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        const struct filter *f = &filters[i];
        struct unit_state state;
        unit_look(look->view, f->unit, &state);
        if (!state.enabled)
            continue;
        outcome_place(look, f->rules.path, 0);
        if (!has_line(look, f->rules.path, f->rules.patterns))
            return outcome_set(look, CHECK_FAIL,
                               "%s is enabled, but loads no rule for what comes in", f->unit);
        if (refuse && !has_line(look, f->refusal.path, f->refusal.patterns))
            return outcome_set(look, CHECK_FAIL, "%s lets in what no rule speaks of", f->unit);
        return outcome_set(look, CHECK_PASS,
                           "%s is enabled and has rules (those in the kernel cannot be read)",
                           f->unit);
    }
    return outcome_set(look, CHECK_FAIL,
                       "no packet filter is enabled at boot (rules that something "
                       "else put into the kernel cannot be read)");
}

static int verify_firewall(const char *value, struct error *e)
{
    if (strcmp(value, "enabled") == 0 || strcmp(value, "refuse") == 0)
        return 0;
    return error_set(e, "it is enabled or refuse");
}

const struct probe probe_firewall = {
    .name = "firewall",
    .keys = {{"want", PROBE_NEEDED, verify_firewall}},
    .run = run_firewall,
};

/* Units that are started at boot, and the packet filter among them. */
#include "base/text.h"
#include "source/checks/nft.h"
#include "source/checks/probes.h"
#include "source/checks/settings.h"
#include "source/checks/units.h"

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

/* ---- nftables: its rules may stand in other files ---- */

#define NFT_FILES_MAX 64

struct nft_search {
    const struct probe_look *look;
    size_t files;
    struct nft_facts facts;
    char path[256]; /* where the chain stands */
};

static void read_nft(struct nft_search *s, const char *path);

static void include_nft(void *ctx, struct span pattern)
{
    struct nft_search *s = ctx;
    struct view_paths paths = {0};
    char text[512];
    snprintf(text, sizeof(text), "%s%.*s", pattern.n > 0 && pattern.p[0] == '/' ? "" : "/etc/",
             (int)(pattern.n < 400 ? pattern.n : 400), pattern.p);
    view_glob(s->look->view, text, &paths);
    for (size_t i = 0; i < paths.n; i++)
        read_nft(s, paths.items[i]);
    view_paths_release(&paths);
}

static void read_nft(struct nft_search *s, const char *path)
{
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    struct nft_facts facts = {0};
    if (s->files++ < NFT_FILES_MAX && view_read(s->look->view, path, &text) == 0)
        nft_look(buf_span(&text), include_nft, s, &facts);
    if (facts.input_line > 0 && s->facts.refuse_line == 0) {
        s->facts = facts;
        snprintf(s->path, sizeof(s->path), "%.255s", path);
    }
    buf_release(&text);
}

static void nftables(const struct probe_look *look, bool *rules, bool *refusal)
{
    struct nft_search s = {.look = look};
    read_nft(&s, "/etc/nftables.conf");
    *rules = s.facts.input_line > 0;
    *refusal = s.facts.refuse_line > 0;
    if (*rules)
        outcome_place(look, s.path, *refusal ? s.facts.refuse_line : s.facts.input_line);
}

/* ---- the others: lines of their files ---- */

static void ufw(const struct probe_look *look, bool *rules, bool *refusal)
{
    static const char *const on[] = {"ENABLED=yes", "ENABLED=\"yes\"", NULL};
    static const char *const closed[] = {"DEFAULT_INPUT_POLICY=\"DROP\"",
                                         "DEFAULT_INPUT_POLICY=\"REJECT\"",
                                         "DEFAULT_INPUT_POLICY=DROP", NULL};
    *refusal = has_line(look, "/etc/default/ufw", closed);
    *rules = has_line(look, "/etc/ufw/ufw.conf", on);
}

/* Its zones refuse what they do not allow; only this one does not. */
static void firewalld(const struct probe_look *look, bool *rules, bool *refusal)
{
    static const char *const open[] = {"DefaultZone=trusted", NULL};
    *rules = view_has(look->view, "/etc/firewalld");
    *refusal = !has_line(look, "/etc/firewalld/firewalld.conf", open);
}

static void iptables(const struct probe_look *look, bool *rules, bool *refusal)
{
    static const char *const any[] = {"-A INPUT **", ":INPUT DROP**", NULL};
    static const char *const closed[] = {":INPUT DROP**", "-A INPUT -j DROP",
                                         "-A INPUT -j REJECT**", NULL};
    *rules = has_line(look, "/etc/iptables/rules.v4", any);
    *refusal = has_line(look, "/etc/iptables/rules.v4", closed);
}

static const struct filter {
    const char *unit;
    /* Is there a rule for what comes in; is what no rule allows refused? */
    void (*ask)(const struct probe_look *look, bool *rules, bool *refusal);
} filters[] = {
    {"nftables.service", nftables},
    {"ufw.service", ufw},
    {"firewalld.service", firewalld},
    {"netfilter-persistent.service", iptables},
};

/* One filter that is as it should be is enough; of those that are not the first one is told. */
static bool run_firewall(const struct probe_look *look)
{
    bool refuse = strcmp(check_value(look->check, "want"), "refuse") == 0, faulty = false;
    outcome_expect(look, refuse ? "what is not allowed in is refused"
                                : "nftables, ufw, firewalld or iptables rules loaded at boot");
    for (size_t i = 0; i < sizeof(filters) / sizeof(filters[0]); i++) {
        struct check_outcome own = *look->out;
        const struct probe_look one = {look->view, look->check, &own, look->walk};
        struct unit_state state;
        bool rules = false, refusal = false;
        unit_look(look->view, filters[i].unit, &state);
        if (!state.enabled)
            continue;
        outcome_place(&one, state.link, 0);
        filters[i].ask(&one, &rules, &refusal);
        if (!rules)
            outcome_set(&one, CHECK_FAIL, "%s is enabled, but loads no rule for what comes in",
                        filters[i].unit);
        else if (refuse && !refusal)
            outcome_set(&one, CHECK_FAIL, "%s lets in what no rule speaks of", filters[i].unit);
        else
            outcome_set(&one, CHECK_PASS,
                        "%s is enabled and has rules (those in the kernel cannot be read)",
                        filters[i].unit);
        if (!faulty || own.status == CHECK_PASS)
            *look->out = own;
        if (own.status == CHECK_PASS)
            return true;
        faulty = true;
    }
    return faulty || outcome_set(look, CHECK_FAIL,
                                 "no packet filter is enabled at boot (rules that something else "
                                 "put into the kernel cannot be read)");
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

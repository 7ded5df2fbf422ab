#include "source/patch/candidate.h"

#include "base/mem.h"
#include "source/apt/phase.h"
#include "source/deb/version.h"

#define VERSIONS_MAX 64 /* of one package; what comes after is left out */

struct version {
    const struct offer *offer; /* NULL: only installed */
    const char *text;
    int priority;
    bool installed;
};

struct choice {
    const struct patch_lists *lists;
    const struct package *package;
    struct version version[VERSIONS_MAX]; /* as apt has them: the newest first */
    size_t n, installed;
};

/* Newest first, and of one version the one that was read first. */
static void insert(struct choice *c, struct version v)
{
    size_t at = c->n;
    if (c->n == VERSIONS_MAX)
        return;
    while (at > 0 && deb_version_compare(span_of(c->version[at - 1].text), span_of(v.text)) < 0) {
        c->version[at] = c->version[at - 1];
        at--;
    }
    c->version[at] = v;
    c->n++;
}

/* The installed version is the first offer that is the same build; else it stands below all others
 * of its number, and apt takes those for newer. */
static void gather(struct choice *c)
{
    const struct package *p = c->package;
    bool found = false;
    for (size_t at = p->offers; at; at = c->lists->offer[at - 1].next) {
        const struct offer *o = &c->lists->offer[at - 1];
        bool same = !found && o->build == p->build && strcmp(o->version, p->version) == 0;
        found = found || same;
        insert(c, (struct version){o, o->version, 0, same});
    }
    if (!found) {
        if (c->n == VERSIONS_MAX)
            c->n--;
        insert(c, (struct version){NULL, p->version, 0, true});
    }
    while (!c->version[c->installed].installed)
        c->installed++;
}

/* ---- priorities ---- */

static bool waits_for_its_turn(const struct patch_lists *l, const struct package *p,
                               const struct offer *o)
{
    const struct apt_conf *c = &l->conf;
    if (o->phase >= 100 ||
        apt_conf_bool(c, APT_PHASE_ALWAYS, apt_conf_bool(c, APT_PHASE_ALWAYS_OLD, false)))
        return false;
    if (apt_conf_bool(c, APT_PHASE_NEVER, apt_conf_bool(c, APT_PHASE_NEVER_OLD, false)))
        return true;
    if (l->machine_id[0] == '\0')
        return false;
    return apt_phase_draw(span_of(o->source ? o->source : p->name),
                          span_of(o->source_version ? o->source_version : o->version),
                          span_of(l->machine_id)) > o->phase;
}

static size_t find_origins(const struct patch_lists *l, const struct version *v,
                           const struct apt_origin **out)
{
    size_t n = 0, targets = l->sources.targets;
    for (size_t i = 0; i < targets && v->offer; i++)
        if (offer_is_in(v->offer, i))
            out[n++] = &l->origin[i];
    if (v->installed)
        out[n++] = &l->origin[targets];
    return n;
}

static int priority_of(const struct choice *c, const struct version *v)
{
    const struct patch_lists *l = c->lists;
    const struct package *p = c->package;
    const struct apt_origin *origins[APT_TARGETS_MAX + 1];
    const struct offer *o = v->offer;
    const char *source = o ? o->source : p->source;
    const char *source_version = o ? o->source_version : p->source_version;
    int priority = APT_PIN_NEVER, pin;
    struct apt_version version = {.package = p->name,
                                  .arch = p->arch,
                                  .version = v->text,
                                  .source = source ? source : p->name,
                                  .source_version = source_version ? source_version : v->text,
                                  .origins = origins,
                                  .origins_n = find_origins(l, v, origins)};
    for (size_t i = 0; i < version.origins_n; i++)
        if (origins[i]->priority > priority)
            priority = origins[i]->priority;
    if (priority != APT_PIN_NEVER &&
        apt_pins_version(&l->pins, &version, l->packages->native, &pin))
        priority = pin;
    bool waits = o && priority > 1 && apt_conf_bool(&l->conf, APT_PHASE_POLICY, false) &&
                 waits_for_its_turn(l, p, o);
    return waits ? 1 : priority;
}

/* The candidate's place; c->n: none. */
static size_t choose(const struct choice *c)
{
    const char *installed = c->version[c->installed].text;
    size_t best = c->n;
    int best_priority = -1;
    for (size_t i = 0; i < c->n; i++) {
        int priority = c->version[i].priority;
        if (priority == 0 || priority <= best_priority)
            continue;
        if (priority < 1000 &&
            deb_version_compare(span_of(c->version[i].text), span_of(installed)) < 0)
            continue;
        best = i;
        best_priority = priority;
    }
    return best;
}

/* ---- what there is to be said ---- */

static bool is_security(const struct patch_lists *l, const struct offer *o)
{
    for (size_t i = 0; o && i < l->sources.targets; i++)
        if (offer_is_in(o, i) && l->archive[l->sources.target[i].archive].release.security)
            return true;
    return false;
}

static bool any_security(const struct choice *c, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (is_security(c->lists, c->version[i].offer))
            return true;
    return false;
}

static const char *suite_of(const struct patch_lists *l, const struct offer *o)
{
    for (size_t i = 0; i < l->sources.targets; i++)
        if (offer_is_in(o, i)) {
            const struct apt_release *r = &l->archive[l->sources.target[i].archive].release;
            return r->suite[0] ? r->suite : r->codename;
        }
    return "";
}

void patch_candidate_choose(const struct patch_lists *l, struct package *p)
{
    struct choice *c = mem_new(1, sizeof(*c));
    if (p->offers) {
        c->lists = l;
        c->package = p;
        gather(c);
        for (size_t i = 0; i < c->n; i++)
            c->version[i].priority = priority_of(c, &c->version[i]);
        size_t best = choose(c);
        size_t kept = best < c->installed ? best : c->installed;
        p->security_blocked = any_security(c, 0, kept);
        const struct offer *o = best < c->installed ? c->version[best].offer : NULL;
        if (o) {
            p->candidate = mem_text(o->version);
            p->suite = mem_text(suite_of(l, o));
            p->security = any_security(c, best, c->installed);
            p->phased = !p->security && waits_for_its_turn(l, p, o);
        }
    }
    free(c);
}

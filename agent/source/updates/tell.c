#include "source/updates/tell.h"

#include "base/error.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/sha256.h"

#define DAY_MS       86400000
#define STATE_MAX    (28 * 1024)
#define ARTICLES_MAX (32 * 1024)
#define ARTICLE_ROOM (4 * 1024)  /* the longest that one can be */
#define PENDING_MAX  (22 * 1024) /* of the articles, until the last pending one is named */
#define DOUBTFUL_MAX 50

bool updates_is_security(const struct update *u)
{
    return (u->kinds & UPDATE_SECURITY) || u->severity[0];
}

const char *updates_name(const struct update *u, char *out, size_t size)
{
    struct span rest = span_of(u->kbs), first;
    if (span_take_until(&rest, ' ', &first))
        snprintf(out, size, "KB%.*s", (int)first.n, first.p);
    else
        snprintf(out, size, "%s", u->id[0] ? u->id : "unknown");
    return out;
}

struct sums {
    uint64_t total, security, critical, downloaded, hidden;
    int64_t oldest_ms;
    uint64_t superseded, installed, restart;
};

static void sum(const struct updates_facts *f, struct sums *out)
{
    *out = (struct sums){0};
    for (size_t i = 0; i < f->service->pending_n; i++) {
        const struct update *u = &f->service->pending[i];
        out->total++;
        out->security += updates_is_security(u);
        out->critical += strcmp(u->severity, "Critical") == 0;
        out->downloaded += u->downloaded;
        out->hidden += u->hidden;
        if (u->published_ms > 0 && (out->oldest_ms == 0 || u->published_ms < out->oldest_ms))
            out->oldest_ms = u->published_ms;
    }
    for (size_t i = 0; i < f->host->installed.n; i++) {
        enum installed_state state = installed_judge(&f->host->installed.items[i]);
        out->installed += state == INSTALLED_YES;
        out->superseded += state == INSTALLED_SUPERSEDED;
        out->restart += state == INSTALLED_RESTART;
    }
}

static bool pending_is_known(const struct updates_facts *f)
{
    return f->service->pending_is.rc == 0;
}

/* A cumulative update that is installed, but an older one runs. */
static bool is_behind(const struct updates_facts *f)
{
    const struct installed_build *new = &f->host->installed.rollup;
    return new->build == f->host->os.build &&new->revision > f->host->os.revision;
}

static bool is_stale(const struct updates_facts *f)
{
    const struct updates_defender *d = &f->host->defender;
    return d->state >= DEFENDER_NO_REALTIME && d->updated_ms > 0 &&
           f->now_ms - d->updated_ms > UPDATES_STALE_MS;
}

/* ---- articles ---- */

static void put_pending_article(struct json_out *j, const struct update *u)
{
    static const struct {
        unsigned kind;
        const char *name;
    } classes[] = {{UPDATE_SECURITY, "Security Updates"},
                   {UPDATE_CRITICAL, "Critical Updates"},
                   {UPDATE_DEFINITION, "Definition Updates"},
                   {UPDATE_DRIVER, "Drivers"},
                   {UPDATE_UPGRADE, "Upgrades"},
                   {UPDATE_ROLLUP, "Update Rollups"},
                   {UPDATE_SERVICE_PACK, "Service Packs"},
                   {UPDATE_FEATURE_PACK, "Feature Packs"}};
    char name[80];
    json_object(j, NULL);
    json_text(j, "uid", updates_name(u, name, sizeof(name)));
    json_int(j, "install_state_id", 2);
    json_text(j, "title", u->title);
    if (u->severity[0])
        json_text(j, "severity", u->severity);
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (u->kinds & classes[i].kind) {
            json_text(j, "classification", classes[i].name);
            break;
        }
    if (u->published_ms > 0)
        json_int(j, "created_time", u->published_ms);
    json_end_object(j);
}

static void put_installed_article(struct json_out *j, const struct installed_kb *kb)
{
    enum installed_state state = installed_judge(kb);
    char name[16];
    if (state == INSTALLED_NO)
        return;
    snprintf(name, sizeof(name), "KB%lu", (unsigned long)kb->number);
    json_object(j, NULL);
    json_text(j, "uid", name);
    json_int(j, "install_state_id", state == INSTALLED_RESTART ? 3 : 1);
    if (state == INSTALLED_SUPERSEDED)
        json_bool(j, "is_superseded", true);
    json_end_object(j);
}

/* What must not fall to the limit comes first: security updates, then others; of the installed ones
 * the newest. */
static void put_articles(struct buf *out, const struct updates_facts *f)
{
    struct json_out j;
    json_start(&j, out);
    json_array(&j, NULL);
    for (int security = 1; security >= 0; security--)
        for (size_t i = 0; i < f->service->pending_n && out->n < PENDING_MAX; i++)
            if (updates_is_security(&f->service->pending[i]) == (security == 1))
                put_pending_article(&j, &f->service->pending[i]);
    for (size_t i = f->host->installed.n; i > 0 && out->n < ARTICLES_MAX - ARTICLE_ROOM; i--)
        put_installed_article(&j, &f->host->installed.items[i - 1]);
    json_end_array(&j);
}

/* ---- the state ---- */

static void put_part(struct json_out *j, const char *key, const struct service_part *p)
{
    char words[160];
    if (p->rc == 0)
        return;
    updates_service_words(p, words, sizeof(words));
    json_text(j, key, words);
}

static void put_pending(struct json_out *j, const struct updates_facts *f, const struct sums *sums)
{
    json_object(j, "pending");
    json_uint(j, "total", sums->total);
    json_uint(j, "security", sums->security);
    json_uint(j, "critical", sums->critical);
    json_uint(j, "downloaded", sums->downloaded);
    json_uint(j, "hidden", sums->hidden);
    json_uint(j, "left_out", f->service->pending_left_out);
    json_int(j, "oldest_ms", sums->oldest_ms);
    json_end_object(j);
    json_bool(j, "lists_known", pending_is_known(f));
    put_part(j, "unknown_because", &f->service->pending_is);
}

static void put_build(struct json_out *j, const char *key, uint32_t build, uint32_t revision)
{
    char text[32];
    snprintf(text, sizeof(text), "%lu.%lu", (unsigned long)build, (unsigned long)revision);
    if (build)
        json_text(j, key, text);
}

static void put_system(struct json_out *j, const struct updates_facts *f)
{
    const struct updates_system *s = &f->host->os;
    const struct installed_build *r = &f->host->installed.rollup;
    json_object(j, "system");
    json_text(j, "product", s->product);
    json_text(j, "edition", s->edition);
    json_text(j, "release", s->release);
    json_text(j, "installation", s->installation);
    put_build(j, "running", s->build, s->revision);
    put_build(j, "installed", r->build, r->revision);
    json_bool(j, "behind", is_behind(f));
    json_int(j, "installed_ms", s->installed_ms);
    json_end_object(j);
    json_object(j, "support");
    json_text(j, "state", support_state_names[f->support->state]);
    json_text(j, "standard_end", f->support->standard);
    json_text(j, "lts_end", f->support->lts);
    json_text(j, "paid_end", f->support->paid);
    json_end_object(j);
}

static void put_reboot(struct json_out *j, const struct updates_reboot *r, bool with_details)
{
    char names[256];
    json_bool(j, "reboot_required", r->n > 0);
    if (r->n == 0)
        return;
    updates_reboot_names(r, names, sizeof(names));
    json_text(j, "reboot_reason", names);
    json_array(j, "reboot");
    for (size_t i = 0; i < r->n; i++) {
        json_object(j, NULL);
        json_text(j, "place", r->mark[i].name);
        json_bool(j, "of_updates", r->mark[i].of_updates);
        if (with_details && r->mark[i].count > 0)
            json_uint(j, "count", r->mark[i].count);
        if (with_details && r->mark[i].detail[0])
            json_name(j, "detail", span_of(r->mark[i].detail));
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_installed(struct json_out *j, const struct updates_facts *f,
                          const struct sums *sums)
{
    const struct installed *all = &f->host->installed;
    uint64_t by[3] = {0};
    size_t named = 0;
    for (size_t i = 0; i < all->n; i++)
        for (size_t place = 0; place < 3; place++)
            by[place] += all->items[i].places >> place & 1;
    json_object(j, "installed");
    json_uint(j, "total", sums->installed);
    json_uint(j, "superseded", sums->superseded);
    json_uint(j, "restart", sums->restart);
    json_uint(j, "cbs", by[0]);
    json_uint(j, "history", by[1]);
    json_uint(j, "fixes", by[2]);
    json_uint(j, "left_out", all->left_out);
    if (all->rc != 0)
        json_text(j, "cbs_unknown_because", error_text(all->rc));
    put_part(j, "history_unknown_because", &f->service->history_is);
    put_part(j, "fixes_unknown_because", &f->service->fixes_is);
    json_array(j, "doubtful");
    for (size_t i = 0; i < all->n && named < DOUBTFUL_MAX; i++)
        if (installed_is_doubtful(&all->items[i])) {
            json_uint(j, NULL, all->items[i].number);
            named++;
        }
    json_end_array(j);
    json_end_object(j);
}

static void put_failed(struct json_out *j, const struct updates_service *s)
{
    json_array(j, "failed");
    for (size_t i = 0; i < s->failed_n; i++) {
        char code[16];
        snprintf(code, sizeof(code), "0x%08lx", (unsigned long)s->failed[i].code);
        json_object(j, NULL);
        json_uint(j, "kb", s->failed[i].kb);
        json_text(j, "code", code);
        json_int(j, "at_ms", s->failed[i].at_ms);
        json_end_object(j);
    }
    json_end_array(j);
}

static void put_defender(struct json_out *j, const struct updates_facts *f, bool with_times)
{
    const struct updates_defender *d = &f->host->defender;
    json_object(j, "defender");
    json_text(j, "state", defender_state_names[d->state]);
    if (d->why[0])
        json_text(j, "because", d->why);
    json_bool(j, "signatures_stale", is_stale(f));
    if (with_times && d->state != DEFENDER_ABSENT) {
        json_text(j, "signatures", d->signatures);
        json_text(j, "engine", d->engine);
        json_int(j, "updated_ms", d->updated_ms);
    }
    json_end_object(j);
}

static void put_automatic(struct json_out *j, const struct updates_service *s)
{
    json_object(j, "automatic_updates");
    put_part(j, "unknown_because", &s->times_is);
    json_int(j, "searched_ms", s->times.searched_ms);
    json_int(j, "installed_ms", s->times.installed_ms);
    json_end_object(j);
}

static void put_state(struct buf *out, const struct updates_facts *f, const struct sums *sums,
                      bool with_times)
{
    struct json_out j;
    json_start(&j, out);
    json_object(&j, NULL);
    put_pending(&j, f, sums);
    json_uint(&j, "packages", f->host->software.n);
    put_reboot(&j, &f->host->reboot, with_times);
    put_system(&j, f);
    put_installed(&j, f, sums);
    put_failed(&j, f->service);
    put_defender(&j, f, with_times);
    if (with_times)
        put_automatic(&j, f->service);
    json_end_object(&j);
}

void updates_state_digest(const struct updates_facts *f, uint8_t out[32])
{
    struct sums sums;
    struct sha256 s;
    struct buf text = BUF_INIT(STATE_MAX + ARTICLES_MAX);
    sum(f, &sums);
    put_state(&text, f, &sums, false);
    put_articles(&text, f);
    sha256_init(&s);
    sha256_update(&s, text.p ? text.p : "", text.n);
    sha256_final(&s, out);
    buf_release(&text);
}

/* A release that gets no security updates any more, and an antivirus that was switched off, matter
 * more than updates that wait. */
static enum event_severity severity_of(const struct updates_facts *f, const struct sums *sums)
{
    enum defender_state defender = f->host->defender.state;
    if (f->support->state >= SUPPORT_PAID || defender == DEFENDER_OFF ||
        defender == DEFENDER_NO_REALTIME)
        return SEVERITY_MEDIUM;
    if (sums->security > 0 || !pending_is_known(f) || f->host->reboot.n > 0 || is_behind(f) ||
        is_stale(f) || f->service->failed_n > 0)
        return SEVERITY_LOW;
    return SEVERITY_INFORMATIONAL;
}

static void put_detail(struct buf *b, const struct updates_facts *f, const struct sums *sums)
{
    char words[256];
    if (pending_is_known(f)) {
        buf_printf(b, "%llu updates pending, %llu of them for security",
                   (unsigned long long)sums->total, (unsigned long long)sums->security);
    } else {
        updates_service_words(&f->service->pending_is, words, sizeof(words));
        buf_printf(b, "pending updates unknown: %s", words);
    }
    if (f->support->state >= SUPPORT_PAID)
        buf_printf(b, "; the release gets %s",
                   f->support->state == SUPPORT_PAID ? "updates only if they are paid for"
                                                     : "no updates any more");
    if (f->service->failed_n > 0)
        buf_printf(b, "; %zu installations failed", f->service->failed_n);
    if (f->host->defender.state < DEFENDER_ON)
        buf_printf(b, "; Defender: %s", defender_state_names[f->host->defender.state]);
    else if (is_stale(f))
        buf_put_text(b, "; Defender's signatures are old");
    updates_reboot_names(&f->host->reboot, words, sizeof(words));
    if (f->host->reboot.n > 0)
        buf_printf(b, "; restart required (%s)", words);
    else
        buf_put_text(b, "; no restart required");
}

/* The same state told again on the same day is the same event. */
static void make_uid(struct event *e, const char *what, int64_t now_ms, uint64_t number,
                     const uint8_t digest[32], struct span extra)
{
    uint64_t numbers[2] = {(uint64_t)(now_ms / DAY_MS), number};
    struct span parts[] = {span_of(what), span_make(digest, 32),
                           span_make(numbers, sizeof(numbers)), extra};
    event_uid_make(e->uid, parts, sizeof(parts) / sizeof(parts[0]));
}

void updates_tell_state(const struct updates_facts *f,
                        void (*emit)(void *ctx, const struct event *e), void *ctx)
{
    struct sums sums;
    uint8_t digest[32];
    struct buf vigia = BUF_INIT(STATE_MAX), detail = BUF_INIT(1024),
               articles = BUF_INIT(ARTICLES_MAX);
    sum(f, &sums);
    put_state(&vigia, f, &sums, true);
    put_articles(&articles, f);
    put_detail(&detail, f, &sums);
    updates_state_digest(f, digest);
    struct event e = {.class_uid = EVENT_PATCH_STATE,
                      .activity = INVENTORY_COLLECT,
                      .severity = severity_of(f, &sums),
                      .time_ms = f->now_ms,
                      .status_detail = detail.p,
                      .vigia = buf_span(&vigia),
                      .u.patch_state = {buf_span(&articles)}};
    make_uid(&e, "patch", f->now_ms, 0, digest, buf_span(&vigia));
    emit(ctx, &e);
    buf_release(&vigia);
    buf_release(&detail);
    buf_release(&articles);
}

/*
 * What dpkg explains. A change made while it runs (or found by a scan afterwards) is held until
 * dpkg's files say what the path is to be, then looked at again:
 *
 * - it is what they say: kept, counted, and told in one event for the whole transaction, as
 *   `claimed`;
 * - it is not: told as any other change, with the package that the path belongs to.
 *
 * What explains: a regular file has the MD5 of the package's .md5sums (or, a configuration file, of
 * Conffiles), a folder is in its list, a link is in its list and was made while the package was
 * unpacked; a file that dpkg's own process removed is in no list. Never explained, whatever the
 * content: setuid or capabilities that an existing file newly has, an owner other than root that it
 * had not, permission for everybody to write.
 *
 * Once no package is being unpacked what no list knows is told, at the end of the transaction all
 * is, and each at the latest 15 minutes after it was seen.
 */
#include "base/mem.h"
#include "platform/clock.h"
#include "source/deb/dpkg_log.h"
#include "source/integrity/explain_kind.h"
#include "source/integrity/owner.h"
#include "source/integrity/verify.h"

#include <errno.h>

#define HELD_MS_MAX   900000
#define GRACE_MS      5000   /* what no list knows is decided after this long */
#define PASS_MS       300    /* between two passes, and ten times what one takes */
#define PASS_AGAIN_MS 2000   /* while something waits and nothing seems to happen */
#define UNPACK_MS     900000 /* a package's files are not older than its list by more */
#define BUDGET_MS     15     /* of one run, for each kind of work */
#define RELEASE_MAX   128    /* looks asked for in one run */
#define IDLE_MS       60000  /* then what was read of the log is forgotten */
#define LOOKUPS_MS    320    /* owners asked for one by one: so long at once, ... */
#define LOOKUP_MS     250    /* ... so long for one, as a host may be busy, ... */
#define LOOKUP_SHARE  125    /* ... and a 125th of the time in the long run */
#define AFTER_MS      120000

struct dpkg_explain {
    struct integrity_explain base;
    const char *host_root;
    struct dpkg_log *log;
    struct owner_pass *pass;
    uint64_t pass_lines;      /* of the log, when the last pass began */
    bool pass_unpacking;      /* a package was being unpacked then */
    struct verify_hash *hash; /* of the content of the first one at HELD_HASH */
    bool news;                /* since the last pass began */
    int64_t pass_due_ms, pass_ended_ms;
    int64_t used_ms;                   /* the log was last of use */
    int64_t lookups_paid_ms;           /* when what they took is a 125th of the time again */
    struct held_owner owner, conffile; /* of the fact completed last */
};

static struct dpkg_explain *of(struct integrity_explain *x)
{
    return (struct dpkg_explain *)x;
}

static struct integrity_explain *open_dpkg(const struct source_host *host)
{
    struct dpkg_explain *x = mem_new(1, sizeof(*x));
    x->host_root = host->config->host_root;
    x->log = dpkg_log_new(x->host_root);
    x->pass = owner_pass_new(x->host_root);
    return &x->base;
}

static void close_dpkg(struct integrity_explain *base)
{
    struct dpkg_explain *x = of(base);
    verify_hash_free(x->hash);
    owner_pass_free(x->pass);
    dpkg_log_free(x->log);
    free(x);
}

/* ---- who did it ---- */

static bool is_dpkg(const struct dpkg_explain *x, const char *exe)
{
    const char *path = integrity_paths_told(x->base.self->paths, exe);
    path = path ? path : exe; /* under host_root, it may be the real one with --root */
    return strcmp(path, "/usr/bin/dpkg") == 0 ||
           strcmp(path, "/usr/bin/dpkg (deleted)") == 0; /* it upgrades itself */
}

/* dpkg or what it started; also when nobody knows who it was. */
static bool may_be_dpkg(const struct dpkg_explain *x, const struct watch_actor *a)
{
    if (!a || !a->known)
        return true;
    for (int i = 0; i < a->parents; i++)
        if (is_dpkg(x, a->parent[i].exe))
            return true;
    return is_dpkg(x, a->exe);
}

/* ---- holding ---- */

static bool defers(struct integrity_explain *base, const struct pending *p, int64_t now_ms)
{
    struct dpkg_explain *x = of(base);
    const struct held *h = helds_find(base->helds, span_of(p->path));
    if (h && h->step == HELD_LOOKED)
        return false;
    dpkg_log_refresh(x->log, now_ms, false);
    if (!dpkg_log_running(x->log, now_ms) || !may_be_dpkg(x, p->actor ? &p->actor->is : NULL))
        return false;
    explain_hold(base, p->path, p->actor, p->seen_ms, now_ms);
    x->news = true;
    x->used_ms = now_ms;
    return true;
}

/* A change that was not held yet: whether to hold it. */
static bool may_explain(struct dpkg_explain *x, const struct integrity_fact *f, int64_t now_ms)
{
    if (f->new_path)
        return false;
    dpkg_log_refresh(x->log, now_ms, f->by_scan);
    x->used_ms = now_ms;
    if (dpkg_log_running(x->log, now_ms) && may_be_dpkg(x, f->actor))
        return true;
    if (!f->by_scan || x->log->n == 0)
        return false;
    return !f->after || f->after->info.ctime_ns / 1000000 <= x->log->written_ms + AFTER_MS;
}

/* ---- what is said of a change that nothing explains ---- */

/* How long one may be looked for; not above 0: not now. */
static int64_t lookup_budget_ms(const struct dpkg_explain *x, int64_t now_ms)
{
    int64_t owed = x->lookups_paid_ms > now_ms ? x->lookups_paid_ms - now_ms : 0;
    int64_t left = LOOKUPS_MS - owed / LOOKUP_SHARE;
    return left < LOOKUP_MS ? left : LOOKUP_MS;
}

static void pay_lookup(struct dpkg_explain *x, int64_t began_ms)
{
    int64_t now_ms = clock_mono_ms(), from = x->lookups_paid_ms;
    x->lookups_paid_ms = (from > now_ms ? from : now_ms) + (now_ms - began_ms + 1) * LOOKUP_SHARE;
}

static enum owner_answer look_up(struct dpkg_explain *x, const char *path)
{
    int64_t began_ms = clock_mono_ms(), budget_ms = lookup_budget_ms(x, began_ms);
    if (budget_ms <= 0)
        return OWNER_TOOK_LONG;
    enum owner_answer answer = owner_of(x->host_root, path, budget_ms, &x->owner);
    pay_lookup(x, began_ms);
    return answer;
}

static bool look_up_conffile(struct dpkg_explain *x, const char *path)
{
    int64_t began_ms = clock_mono_ms();
    if (lookup_budget_ms(x, began_ms) <= 0)
        return false;
    bool is_one = owner_of_conffile(x->host_root, path, &x->conffile);
    pay_lookup(x, began_ms);
    return is_one;
}

/* When a path became what it is, as far as a scan can tell: of what is gone, when the nearest
 * folder that is left lost an entry. */
static int64_t change_ms(const struct dpkg_explain *x, const struct integrity_fact *f)
{
    char path[INTEGRITY_PATH_MAX];
    struct file_info info;
    struct span above, name;
    if (f->after)
        return f->after->info.ctime_ns / 1000000;
    if (!integrity_paths_on_disk(x->base.self->paths, f->path, path, sizeof(path)))
        return 0;
    for (;;) {
        integrity_path_split(span_of(path), &above, &name);
        if (above.n == 0)
            return 0;
        path[above.n] = '\0';
        if (file_info_at(path, &info) == 0)
            return info.mtime_ns / 1000000;
    }
}

/* For the rows of the table that are for packages only. */
static bool is_by_packages(struct dpkg_explain *x, const struct integrity_fact *f, int64_t now_ms)
{
    if (f->by_scan)
        return dpkg_log_covers(x->log, change_ms(x, f));
    return dpkg_log_running(x->log, now_ms) && may_be_dpkg(x, f->actor);
}

static bool may_be_packaged(const char *path)
{
    static const char *const tops[] = {"/usr/", "/bin/",  "/sbin/", "/lib",
                                       "/etc/", "/boot/", "/opt/",  "/var/"};
    for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
        if (strncmp(path, tops[i], strlen(tops[i])) == 0)
            return strncmp(path, "/usr/local/", 11) != 0;
    return false;
}

/* Whose a path is, in x->owner. all: every package was asked before, so that there is an answer. */
static enum owner_answer find_owner(struct dpkg_explain *x, const char *path, bool all)
{
    if (x->owner.listed || x->owner.has_md5)
        return OWNER_FOUND;
    if (all || !may_be_packaged(path))
        return OWNER_NONE;
    return look_up(x, path);
}

static void put_package(struct dpkg_explain *x, struct integrity_fact *f)
{
    f->package = x->owner.package;
    if (!x->owner.has_md5 && strncmp(f->path, "/etc/", 5) == 0)
        f->conffile = look_up_conffile(x, f->path);
    if (!f->after || f->after->info.type != FILE_REGULAR || !(x->owner.has_md5 || f->conffile))
        return;
    enum verify_content c =
        verify_content(x->base.self->paths, f, f->conffile ? x->conffile.md5 : x->owner.md5);
    f->as_package = c == VERIFY_EQUAL     ? "as it came"
                    : c == VERIFY_UNKNOWN ? NULL
                    : f->conffile         ? "edited since it came"
                                          : "not as it came";
}

static void complete(struct dpkg_explain *x, struct integrity_fact *f, bool all, int64_t now_ms)
{
    enum owner_answer owner = find_owner(x, f->path, all);
    if (owner == OWNER_FOUND)
        put_package(x, f);
    /* what is gone although a package has it was not removed by one */
    f->by_packages = (f->after || owner == OWNER_NONE) && is_by_packages(x, f, now_ms);
}

/* ---- the verdict ---- */

static const struct dpkg_change *change_of(const struct dpkg_explain *x, const struct held *h)
{
    return h->owner.package[0] ? dpkg_log_change(x->log, span_of(h->owner.package)) : NULL;
}

/* Its MD5 comes with the status file, which dpkg writes when it ends. */
static bool is_conffile(const struct held *h)
{
    return h->owner.listed && !h->owner.has_md5 && h->hashed;
}

/* Whether more may come that explains it. */
static bool is_early(const struct dpkg_explain *x, const struct held *h, int64_t now_ms)
{
    const struct dpkg_change *c = change_of(x, h);
    if (h->final || !dpkg_log_running(x->log, now_ms))
        return false;
    return c && (is_conffile(h) || c->step == DPKG_BEGUN || c->step == DPKG_UNPACKED);
}

static bool is_explained(struct dpkg_explain *x, const struct held *h,
                         const struct integrity_fact *f)
{
    struct held_owner conffile;
    if (!f->after)
        return f->actor && f->actor->known && is_dpkg(x, f->actor->exe) && !h->owner.listed;
    if (!verify_rights(f) || !h->owner.listed)
        return false;
    if (f->after->info.type != FILE_REGULAR)
        return verify_unhashed(&h->owner, &f->after->info);
    if (!h->hashed || !verify_same(&h->info, &f->after->info))
        return false;
    if (h->owner.has_md5)
        return verify_written_together(&h->owner) && memcmp(h->md5, h->owner.md5, MD5_SIZE) == 0;
    return owner_of_conffile(x->host_root, f->path, &conffile) &&
           memcmp(h->md5, conffile.md5, MD5_SIZE) == 0;
}

static void count(struct dpkg_explain *x, const struct held *h, const struct integrity_fact *f)
{
    const struct dpkg_change *c = change_of(x, h);
    size_t n = x->log->transactions_n, at = c ? c->transaction : n - 1;
    const struct dpkg_transaction *t = n > 0 ? &x->log->transactions[at] : NULL;
    struct integrity_transaction of_file = {.first_ms = t ? t->first_ms : f->seen_ms,
                                            .last_ms = t ? t->last_ms : f->seen_ms};
    if (t)
        memcpy(of_file.id, t->id, sizeof(of_file.id));
    integrity_summary_count(x->base.summary, &of_file, f);
}

static enum explain_verdict judge_held(struct dpkg_explain *x, struct held *h,
                                       struct integrity_fact *f, int64_t now_ms)
{
    f->by_scan = h->by_scan;
    f->while_off = h->while_off;
    if (is_explained(x, h, f)) {
        count(x, h, f);
        helds_remove(x->base.helds, h);
        return EXPLAIN_CLAIMED;
    }
    bool moved = h->hashed && f->after && !verify_same(&h->info, &f->after->info);
    if (!h->final && may_be_dpkg(x, f->actor) && (is_early(x, h, now_ms) || moved)) {
        h->late = true;
        helds_step(x->base.helds, h, HELD_WAITS, now_ms);
        x->news = true;
        return EXPLAIN_HOLD;
    }
    x->owner = h->owner;
    helds_remove(x->base.helds, h);
    return EXPLAIN_TELL;
}

static enum explain_verdict judge(struct integrity_explain *base, struct integrity_fact *f,
                                  struct integrity_actor *actor)
{
    struct dpkg_explain *x = of(base);
    int64_t now_ms = clock_mono_ms();
    struct held *h = helds_find(base->helds, span_of(f->path));
    enum explain_verdict verdict = EXPLAIN_TELL;
    bool all = h && h->by_scan && h->gone;
    x->owner = (struct held_owner){.listed = false};
    if (h && h->step == HELD_LOOKED) {
        verdict = judge_held(x, h, f, now_ms);
    } else if (h && f->by_walk) {
        verdict = EXPLAIN_HOLD; /* found a second time: its own look is to come */
    } else if (may_explain(x, f, now_ms)) {
        explain_hold_fact(base, f, actor, now_ms);
        x->news = true;
        verdict = EXPLAIN_HOLD;
    } else {
        integrity_explain_nothing(base, f->path);
    }
    if (verdict == EXPLAIN_TELL)
        complete(x, f, all, now_ms);
    return verdict;
}

/* ---- the work in between ---- */

static bool is_temporary(const char *path)
{
    struct span s = span_of(path);
    return span_ends(s, SPAN(".dpkg-new")) || span_ends(s, SPAN(".dpkg-tmp"));
}

static enum held_step decide(const struct dpkg_explain *x, struct held *h, bool unpacking,
                             int64_t now_ms)
{
    bool running = dpkg_log_running(x->log, now_ms), listed = h->owner.listed || h->owner.has_md5;
    const struct dpkg_change *c = change_of(x, h);
    enum held_step next = listed && !h->folder && !h->gone ? HELD_HASH : HELD_RIPE;
    h->final = h->final || now_ms - h->since_ms > HELD_MS_MAX;
    if (h->final || !running)
        return next;
    if (listed && h->late && (is_conffile(h) || (c && c->step < DPKG_INSTALLED)))
        return HELD_WAITS;
    if (listed) /* what was read of its files may be of before */
        return c && (c->step == DPKG_BEGUN || c->line > x->pass_lines) ? HELD_WAITS : next;
    return is_temporary(h->path) || unpacking || now_ms - h->since_ms < GRACE_MS ? HELD_WAITS
                                                                                 : next;
}

static void decide_all(struct dpkg_explain *x, int64_t now_ms)
{
    bool unpacking = x->pass_unpacking || dpkg_log_unpacking(x->log);
    for (struct held *h = x->base.helds->first; h; h = h->next) {
        if (h->step != HELD_WAITS || h->since_ms > owner_pass_began(x->pass))
            continue;
        enum held_step next = decide(x, h, unpacking, now_ms);
        if (next != HELD_WAITS)
            helds_step(x->base.helds, h, next, now_ms);
    }
}

/* Which packages have to be asked: those whose lists may have been written with these changes; all,
 * when something is gone that any of them may still have. */
static int64_t pass_since(const struct dpkg_explain *x)
{
    int64_t since = INT64_MAX;
    for (const struct held *h = x->base.helds->first; h; h = h->next) {
        if (h->step != HELD_WAITS)
            continue;
        if (h->gone && h->by_scan)
            return INT64_MIN;
        if (h->changed_ms - UNPACK_MS < since)
            since = h->changed_ms - UNPACK_MS;
    }
    return since;
}

static void run_pass(struct dpkg_explain *x, int64_t now_ms)
{
    if (!owner_pass_under_way(x->pass)) {
        bool due = x->news || now_ms - x->pass_ended_ms >= PASS_AGAIN_MS;
        if (x->base.helds->steps[HELD_WAITS] == 0 || !due || now_ms < x->pass_due_ms)
            return;
        x->news = false;
        x->pass_lines = x->log->lines;
        x->pass_unpacking = dpkg_log_unpacking(x->log);
        owner_pass_begin(x->pass, x->base.helds, pass_since(x), now_ms);
    }
    if (!owner_pass_run(x->pass, BUDGET_MS))
        return;
    int64_t ended = clock_mono_ms(), took = ended - owner_pass_began(x->pass);
    x->pass_due_ms = ended + (took * 10 > PASS_MS ? took * 10 : PASS_MS);
    x->pass_ended_ms = ended;
    decide_all(x, ended);
}

static struct held *first_at(const struct dpkg_explain *x, enum held_step step)
{
    struct held *h = x->base.helds->steps[step] > 0 ? x->base.helds->first : NULL;
    while (h && h->step != step)
        h = h->next;
    return h;
}

static void run_hash(struct dpkg_explain *x, int64_t now_ms)
{
    int64_t end = now_ms + BUDGET_MS;
    struct held *h;
    while ((h = first_at(x, HELD_HASH)) && clock_mono_ms() < end) {
        if (!x->hash)
            x->hash = verify_hash_begin(x->base.self->paths, h->path);
        int rc = verify_hash_go_on(x->hash, end, h->md5, &h->info);
        if (rc > 0)
            return;
        h->hashed = rc == 0;
        h->folder = rc == -EINVAL;
        verify_hash_free(x->hash);
        x->hash = NULL;
        helds_step(x->base.helds, h, HELD_RIPE, now_ms);
    }
}

/* ---- the end ---- */

static size_t put_packages(void *ctx, const uint8_t id[16], struct json_out *j)
{
    const struct dpkg_log *log = ctx;
    size_t index = 0, n = 0;
    while (index < log->transactions_n && memcmp(log->transactions[index].id, id, 16) != 0)
        index++;
    for (size_t i = 0; index < log->transactions_n && i < log->n; i++) {
        const struct dpkg_change *c = &log->changes[i];
        if (c->transaction == index && n++ < INTEGRITY_PACKAGES_MAX)
            integrity_summary_package(j, c->package, c->from, c->to);
    }
    return n;
}

static void run_end(struct dpkg_explain *x, int64_t now_ms)
{
    struct integrity_summary *summary = x->base.summary;
    struct integrity_explainer by = {x->log, "/var/lib/dpkg/status", "as dpkg says",
                                     INTEGRITY_CLAIMED, put_packages};
    bool none_held = helds_count(x->base.helds) == 0;
    if (integrity_summary_waits(summary))
        dpkg_log_refresh(x->log, now_ms, true);
    bool running = dpkg_log_running(x->log, now_ms);
    /* what an earlier run counted waits for the rest, which the first scan finds */
    if (none_held && !running && !x->base.self->first_scan && integrity_summary_waits(summary))
        integrity_summary_tell(summary, &by);
    integrity_summary_keep(summary);
    explain_recover(&x->base, now_ms);
    if (none_held && !running && now_ms - x->used_ms > IDLE_MS)
        dpkg_log_forget(x->log);
}

static int64_t run(struct integrity_explain *base, int64_t now_ms)
{
    struct dpkg_explain *x = of(base);
    bool held = helds_count(x->base.helds) > 0;
    if (!held && !x->log->loaded && !integrity_summary_waits(x->base.summary) && !x->base.overflow)
        return INT64_MAX;
    if (held && dpkg_log_refresh(x->log, now_ms, false))
        x->news = true;
    run_pass(x, now_ms);
    run_hash(x, now_ms);
    explain_release(base, RELEASE_MAX, now_ms);
    explain_expire(base, now_ms);
    run_end(x, now_ms);
    if (owner_pass_under_way(x->pass) || x->base.helds->steps[HELD_HASH] > 0)
        return now_ms;
    if (x->base.helds->steps[HELD_RIPE] > 0)
        return now_ms + 20;
    return now_ms + (helds_count(x->base.helds) > 0 ? PASS_MS : 1000);
}

const struct explain_kind explain_dpkg = {
    .by = "dpkg",
    .open = open_dpkg,
    .close = close_dpkg,
    .defers = defers,
    .judge = judge,
    .run = run,
};

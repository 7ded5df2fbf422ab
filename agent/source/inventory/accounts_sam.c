/* Users and groups that a Windows keeps itself, and who of them is an administrator. */
#include "base/mem.h"
#include "base/text.h"
#include "platform/accounts.h"
#include "source/inventory/part.h"
#include "source/inventory/watched.h"

#define USERS_MAX   INVENTORY_ENTRIES_MAX
#define MEMBERS_MAX 600 /* bytes of a group's members that are told; a hash stands for the rest */
#define ADMINS      544
#define SAM         "HKLM\\SAM\\SAM\\Domains"

struct user {
    char *name;
    uint32_t rid;
    unsigned flags;
    int64_t last_logon_s;
    bool admin;
};

struct reading {
    struct inventory_list *out;
    char machine[ACCOUNT_SID_MAX + 1]; /* with "-" behind it */
    struct user *users;
    size_t n, room;
    /* of the present group */
    struct buf members;
    bool of_admins;
};

/* ---- users ---- */

static bool add_user(void *ctx, const struct local_user *u)
{
    struct reading *r = ctx;
    if (r->n == r->room) {
        r->room = r->room ? 2 * r->room : 16;
        r->users = mem_grow(r->users, r->room, sizeof(*r->users));
    }
    r->users[r->n++] = (struct user){.name = mem_text(u->name),
                                     .rid = u->rid,
                                     .flags = u->flags,
                                     .last_logon_s = u->last_logon_s};
    return r->n < USERS_MAX;
}

/* Whose SID it is, NULL if it is none of this machine's users. */
static struct user *user_of(const struct reading *r, struct span sid)
{
    struct span machine = span_of(r->machine);
    uint64_t rid;
    if (machine.n == 0 || !span_starts(sid, machine) ||
        !span_to_u64((struct span){sid.p + machine.n, sid.n - machine.n}, &rid))
        return NULL;
    for (size_t i = 0; i < r->n; i++)
        if (r->users[i].rid == rid)
            return &r->users[i];
    return NULL;
}

static bool can_log_in(const struct user *u)
{
    return (u->flags & ACCOUNT_DISABLED) == 0;
}

/* Who matters most comes first, so that no flood of accounts drives an administrator out. */
static int rank_of(const struct user *u)
{
    return u->admin ? 0 : can_log_in(u) ? 1 : 2;
}

static void put_flag(struct json_out *j, const struct user *u, unsigned flag, const char *name)
{
    if (u->flags & flag)
        json_bool(j, name, true);
}

/* The month of the last logon: each single one would be a change. */
static void put_last_logon(struct json_out *j, const struct user *u)
{
    char time[TEXT_TIME_SIZE];
    if (u->last_logon_s <= 0 || u->last_logon_s > UINT32_MAX)
        return;
    text_time(u->last_logon_s * 1000, time);
    inventory_put(j, "last_logon", (struct span){time, strlen("2026-01")}, TEXT_TIME_SIZE);
}

static void put_user(struct inventory_list *out, const struct user *u)
{
    char key[ACCOUNT_NAME_MAX + 8];
    snprintf(key, sizeof(key), "user %s", u->name);
    struct json_out *j = inventory_begin(out, span_of(key));
    json_uint(j, "rid", u->rid);
    json_bool(j, "login", can_log_in(u));
    json_bool(j, "admin", u->admin);
    put_flag(j, u, ACCOUNT_LOCKED, "locked");
    put_flag(j, u, ACCOUNT_NO_PASSWORD, "password_not_required");
    put_flag(j, u, ACCOUNT_PASSWORD_STAYS, "password_never_expires");
    put_last_logon(j, u);
    inventory_end(out);
}

/* ---- groups ---- */

static bool add_member(void *ctx, const char *sid)
{
    struct reading *r = ctx;
    struct user *u = user_of(r, span_of(sid));
    if (u && r->of_admins)
        u->admin = true;
    if (r->members.n > 0)
        buf_put_byte(&r->members, ',');
    buf_put_text(&r->members, u ? u->name : sid);
    return true;
}

static bool put_group(void *ctx, const struct local_group *g)
{
    struct reading *r = ctx;
    char key[ACCOUNT_NAME_MAX + 8];
    buf_clear(&r->members);
    r->of_admins = g->builtin == ADMINS;
    int rc = accounts_members(g->name, add_member, r);
    snprintf(key, sizeof(key), "group %s", g->name);
    struct json_out *j = inventory_begin(r->out, span_of(key));
    if (g->builtin > 0)
        json_uint(j, "builtin", g->builtin);
    if (rc == 0)
        inventory_put_long(j, "members", "members_sha256", buf_span(&r->members), MEMBERS_MAX);
    inventory_end(r->out);
    return true;
}

/* ---- the part ---- */

static void release(struct reading *r)
{
    for (size_t i = 0; i < r->n; i++)
        free(r->users[i].name);
    free(r->users);
    buf_release(&r->members);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct reading reading = {.out = out, .members = BUF_INIT(1 << 20)};
    char machine[ACCOUNT_SID_MAX];
    accounts_machine_sid(machine, sizeof(machine));
    if (machine[0])
        snprintf(reading.machine, sizeof(reading.machine), "%s-", machine);
    int rc = accounts_users(add_user, &reading);
    int groups = accounts_groups(put_group, &reading);
    for (int rank = 0; rank < 3; rank++)
        for (size_t i = 0; i < reading.n; i++)
            if (rank_of(&reading.users[i]) == rank)
                put_user(out, &reading.users[i]);
    release(&reading);
    rc = rc ? rc : groups;
    if (rc != 0)
        snprintf(r->why, sizeof(r->why), "accounts are unknown: %s", error_text(rc));
    return rc;
}

static void stamp(struct inventory_reader *r, struct sha256 *s)
{
    inventory_watched_stamp(&r->accounts, SAM, s);
}

static void close_part(struct inventory_reader *r)
{
    inventory_watched_free(r->accounts);
}

static bool has(const struct json_value *v, const char *member)
{
    return json_get_bool(v, member, false);
}

/* That somebody logs in this month, or is locked out for a while, is daily life. */
static bool is_another(const struct json_value *before, const struct json_value *after)
{
    static const char *const facts[] = {"login", "admin", "password_not_required",
                                        "password_never_expires"};
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        if (has(before, facts[i]) != has(after, facts[i]))
            return true;
    return json_get_int(before, "rid", -1) != json_get_int(after, "rid", -1);
}

static enum event_severity severity_of_user(const struct json_value *before,
                                            const struct json_value *after)
{
    if (before && after && !is_another(before, after))
        return SEVERITY_INFORMATIONAL;
    if (has(after, "admin") && has(after, "login") &&
        !(has(before, "admin") && has(before, "login")))
        return SEVERITY_HIGH; /* another administrator */
    return has(after, "login") ? SEVERITY_MEDIUM : SEVERITY_LOW;
}

static enum event_severity severity(const struct inventory_change *c)
{
    struct json_doc *doc = json_read(c->after, NULL), *old = json_read(c->before, NULL);
    const struct json_value *after = json_root(doc), *before = json_root(old);
    enum event_severity severity = SEVERITY_LOW;
    if (!span_starts(c->key, SPAN("group ")))
        severity = severity_of_user(before, after);
    else if (json_get_int(after, "builtin", 0) > 0 && json_get_text(after, "members").n > 0)
        severity = SEVERITY_HIGH; /* membership that amounts to an administrator's */
    json_free(doc);
    json_free(old);
    return severity;
}

const struct inventory_part inventory_accounts_sam = {
    .name = "accounts",
    .one = "account",
    .many = "accounts",
    .stamp = stamp,
    .read = read_part,
    .close = close_part,
    .severity = severity,
};

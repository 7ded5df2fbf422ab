#include "source/inventory/accounts.h"

#include "base/text.h"

#include <errno.h>

#define FILE_MAX_BYTES (16u << 20)
#define LINE_MAX_BYTES 65536
#define MEMBERS_MAX    600 /* bytes of a group's members that are told; a hash stands for the rest */

static size_t take_fields(struct span line, struct span *out, size_t max)
{
    size_t n = 0;
    while (n < max && span_take_until(&line, ':', &out[n]))
        n++;
    return n;
}

/* Shells that let nobody in. */
static bool can_log_in(struct span shell)
{
    return shell.n > 0 && !span_ends(shell, SPAN("/nologin")) &&
           !span_ends(shell, SPAN("/false")) && !span_ends(shell, SPAN("/sync")) &&
           !span_ends(shell, SPAN("/shutdown")) && !span_ends(shell, SPAN("/halt"));
}

static bool is_line(struct span line)
{
    return line.n > 0 && line.n <= LINE_MAX_BYTES && line.p[0] != '#';
}

struct user {
    struct span name, home, shell;
    int64_t uid, gid; /* -1: no number stands there */
};

static bool take_user(struct span line, struct user *u)
{
    struct span f[7];
    if (!is_line(line))
        return false;
    size_t n = take_fields(line, f, 7);
    u->name = f[0];
    if (n < 3 || !span_to_i64(f[2], &u->uid))
        u->uid = -1;
    if (n < 4 || !span_to_i64(f[3], &u->gid))
        u->gid = -1;
    u->home = n > 5 ? f[5] : SPAN("");
    u->shell = n > 6 ? f[6] : SPAN("");
    if (u->shell.n == 0 && n >= 6)
        u->shell = SPAN("/bin/sh"); /* passwd(5) */
    return n > 0;
}

/* Who matters most comes first, so that no flood of accounts drives root's second one out. */
static int rank_of(const struct user *u)
{
    return u->uid == 0 ? 0 : can_log_in(u->shell) ? 1 : 2;
}

static void put_user(struct inventory_list *out, const struct user *u)
{
    struct buf key = BUF_INIT(LINE_MAX_BYTES + 8);
    buf_put_text(&key, "user ");
    buf_put_span(&key, u->name);
    struct json_out *j = inventory_begin(out, buf_span(&key));
    json_int(j, "uid", u->uid);
    json_int(j, "gid", u->gid);
    inventory_put(j, "home", u->home, 200);
    inventory_put(j, "shell", u->shell, 100);
    json_bool(j, "login", can_log_in(u->shell));
    inventory_end(out);
    buf_release(&key);
}

void inventory_accounts_parse_users(struct span text, struct inventory_list *out)
{
    for (int rank = 0; rank < 3; rank++) {
        struct span rest = text, line;
        struct user u;
        while (span_take_until(&rest, '\n', &line))
            if (take_user(line, &u) && rank_of(&u) == rank)
                put_user(out, &u);
    }
}

void inventory_accounts_parse_groups(struct span text, struct inventory_list *out)
{
    struct span line, f[4];
    while (span_take_until(&text, '\n', &line)) {
        int64_t gid;
        if (!is_line(line))
            continue;
        size_t n = take_fields(line, f, 4);
        if (n == 0)
            continue;
        struct buf key = BUF_INIT(LINE_MAX_BYTES + 8);
        buf_put_text(&key, "group ");
        buf_put_span(&key, f[0]);
        struct json_out *j = inventory_begin(out, buf_span(&key));
        json_int(j, "gid", n > 2 && span_to_i64(f[2], &gid) ? gid : -1);
        if (n > 3)
            inventory_put_long(j, "members", "members_sha256", f[3], MEMBERS_MAX);
        inventory_end(out);
        buf_release(&key);
    }
}

static int read_one(struct inventory_reader *r, const char *path, struct inventory_list *out,
                    void (*parse)(struct span text, struct inventory_list *out))
{
    struct buf text = BUF_INIT(FILE_MAX_BYTES);
    int rc = inventory_file(r, path, &text);
    if (rc == 0)
        parse(buf_span(&text), out);
    else
        snprintf(r->why, sizeof(r->why), "%s cannot be read: %s", path, error_text(rc));
    buf_release(&text);
    return rc;
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    int rc = read_one(r, "/etc/passwd", out, inventory_accounts_parse_users);
    int groups = read_one(r, "/etc/group", out, inventory_accounts_parse_groups);
    return rc ? rc : groups;
}

static void stamp(struct inventory_reader *r, struct sha256 *s)
{
    inventory_stamp(r, "/etc/passwd", s);
    inventory_stamp(r, "/etc/group", s);
}

/* Membership that amounts to root. */
static bool is_powerful(struct span key)
{
    static const char *const groups[] = {"root", "sudo", "wheel",  "admin",
                                         "disk", "lxd",  "docker", "shadow"};
    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
        if (key.n == strlen(groups[i]) + 6 && span_ends(key, span_of(groups[i])))
            return true;
    return false;
}

static enum event_severity severity(const struct inventory_change *c)
{
    struct json_doc *doc = json_read(c->after, NULL), *old = json_read(c->before, NULL);
    const struct json_value *after = json_root(doc), *before = json_root(old);
    enum event_severity severity = SEVERITY_LOW;
    if (span_starts(c->key, SPAN("group "))) {
        if (is_powerful(c->key) && json_get_text(after, "members").n > 0)
            severity = SEVERITY_HIGH;
    } else if (json_get_int(after, "uid", -1) == 0 &&
               (json_get_int(before, "uid", -1) != 0 ||
                !span_equal(json_get_text(after, "shell"), json_get_text(before, "shell")))) {
        severity = SEVERITY_HIGH; /* another root, or a root that may log in otherwise */
    } else if (json_get_bool(after, "login", false)) {
        severity = SEVERITY_MEDIUM;
    }
    json_free(doc);
    json_free(old);
    return severity;
}

const struct inventory_part inventory_accounts = {
    .name = "accounts",
    .one = "account",
    .many = "accounts",
    .wakes = "/etc\n",
    .stamp = stamp,
    .read = read_part,
    .severity = severity,
};

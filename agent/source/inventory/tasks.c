#include "source/inventory/tasks.h"

#include "event/mask.h"
#include "platform/common/wtf8.h"
#include "platform/registry.h"
#include "source/updates/read.h"

#include <errno.h>

#define TASKS     "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks"
#define TASKS_MAX 8192
#define TEXT_MAX  4096 /* bytes of UTF-16 that are looked at */

enum { EXEC = 0x6666, COM_HANDLER = 0x7777 };

/* ---- what it does ---- */

static bool take_word(struct span *rest, unsigned *out)
{
    struct span bytes;
    if (!span_take(rest, 2, &bytes))
        return false;
    *out = (uint8_t)bytes.p[0] | (unsigned)(uint8_t)bytes.p[1] << 8;
    return true;
}

static bool take_bytes(struct span *rest, struct span *out)
{
    uint32_t n;
    return span_take_u32(rest, &n) && span_take(rest, n, out);
}

static bool put_text(struct span *rest, struct buf *out)
{
    struct span wide;
    char text[TEXT_MAX / 2 * 3 + 1];
    if (!take_bytes(rest, &wide) || wide.n > TEXT_MAX)
        return false;
    int n = wtf8_of_utf16((const unsigned char *)wide.p, wide.n / 2, text, sizeof(text));
    if (n > 0)
        buf_put(out, text, (size_t)n);
    return n >= 0;
}

static bool put_program(struct span *rest, struct buf *out)
{
    if (!put_text(rest, out))
        return false;
    size_t program = out->n;
    buf_put_byte(out, ' ');
    if (!put_text(rest, out))
        return false;
    if (out->n == program + 1)
        out->n = program; /* no arguments */
    return true;
}

/* Written as everywhere: the first three parts backwards. */
static bool put_class(struct span *rest, struct buf *out)
{
    static const uint8_t order[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
    struct span id;
    if (!span_take(rest, sizeof(order), &id))
        return false;
    buf_put_byte(out, '{');
    for (size_t i = 0; i < sizeof(order); i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            buf_put_byte(out, '-');
        buf_put_hex(out, id.p + order[i], 1);
    }
    buf_put_byte(out, '}');
    return true;
}

bool inventory_task_action(struct span data, struct buf *out)
{
    unsigned version, mark;
    struct span ignored;
    if (!take_word(&data, &version) || (version >= 2 && !take_bytes(&data, &ignored)) ||
        !take_word(&data, &mark) || !take_bytes(&data, &ignored))
        return false;
    if (mark == EXEC)
        return put_program(&data, out);
    return mark == COM_HANDLER && put_class(&data, out);
}

/* ---- the part ---- */

static void put_action(struct json_out *j, struct registry_key *key)
{
    struct registry_value v;
    struct buf text = BUF_INIT(4 * TEXT_MAX), masked = BUF_INIT(16 * TEXT_MAX);
    if (registry_get(key, "Actions", &v) == 0 && v.type == REGISTRY_BINARY &&
        inventory_task_action(span_make(v.data, v.n), &text)) {
        mask_put(&masked, buf_span(&text));
        inventory_put_text(j, "action", buf_span(&masked), 300);
    }
    buf_release(&text);
    buf_release(&masked);
}

static void put_task(struct inventory_list *out, struct registry_key *key, const char *id)
{
    char path[1024];
    bool named = read_text_of(key, "Path", path, sizeof(path)) && path[0];
    for (char *at = path; (at = strchr(at, '\\')) != NULL;)
        *at = '/'; /* as paths are written everywhere in the agent */
    struct json_out *j = inventory_begin(out, span_of(named ? path : id));
    put_action(j, key);
    inventory_end(out);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct registry_key *tasks, *key;
    char id[REGISTRY_NAME_MAX];
    int rc = registry_open(TASKS, REGISTRY_64, &tasks);
    if (rc == -ENOENT)
        return 0; /* the scheduler has never run */
    if (rc != 0)
        snprintf(r->why, sizeof(r->why), "scheduled tasks are unknown: %s", error_text(rc));
    for (uint32_t i = 0; rc == 0 && i < TASKS_MAX; i++) {
        int found = registry_subkey(tasks, i, id, sizeof(id));
        if (found == 0)
            break;
        if (found < 0 || registry_open_at(tasks, id, &key) != 0)
            continue;
        put_task(out, key, id);
        registry_close(key);
    }
    registry_close(tasks);
    return rc;
}

static enum event_severity severity(const struct inventory_change *c)
{
    return c->kind == INVENTORY_REMOVED ? SEVERITY_INFORMATIONAL : SEVERITY_LOW;
}

/* Each run of a task writes to its key: a watch would tell all day. What is new is told at once by
 * the source "registry". */
const struct inventory_part inventory_tasks = {
    .name = "tasks",
    .one = "scheduled task",
    .many = "scheduled tasks",
    .rarely = true,
    .read = read_part,
    .severity = severity,
};

/* Kernel modules that are loaded, and whether the kernel says it is tainted (proc(5)). */
#include "source/inventory/part.h"

#include <errno.h>

#define MODULES_MAX (1u << 20)

/* "name size refs users state address (taint)": size, refs, users and address change by themselves
 */
static void take_line(struct inventory_list *out, struct span line)
{
    struct span f[8];
    size_t n = inventory_fields(line, f, 8);
    if (n == 0)
        return;
    struct json_out *j = inventory_begin(out, f[0]);
    if (n >= 7 && f[6].n > 2 && f[6].p[0] == '(')
        inventory_put(j, "taint", (struct span){f[6].p + 1, f[6].n - 2}, 16);
    inventory_end(out);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    char tainted[32];
    struct buf text = BUF_INIT(MODULES_MAX);
    struct span rest, line;
    int rc = inventory_kernel_file(r, "/proc/modules", &text);
    if (rc == -ENOENT)
        rc = 0; /* a kernel that loads none */
    rest = buf_span(&text);
    while (rc == 0 && span_take_line(&rest, &line))
        take_line(out, line);
    buf_release(&text);
    if (inventory_kernel_line(r, "/proc/sys/kernel/tainted", tainted, sizeof(tainted))) {
        struct json_out *j = inventory_begin(out, SPAN("(kernel)"));
        inventory_put(j, "tainted", span_of(tainted), 20);
        inventory_end(out);
    }
    return rc;
}

/* Out of tree (O), forced (F) or unsigned (E) code in the kernel is how a rootkit looks. */
static enum event_severity severity(const struct inventory_change *c)
{
    struct json_doc *doc = json_read(c->after, NULL);
    struct span taint = json_get_text(json_root(doc), "taint");
    enum event_severity severity = SEVERITY_LOW;
    if (taint.n > 0)
        severity = SEVERITY_MEDIUM;
    if (span_find(taint, 'E') < taint.n || span_find(taint, 'F') < taint.n)
        severity = SEVERITY_HIGH;
    if (c->kind == INVENTORY_REMOVED)
        severity = SEVERITY_INFORMATIONAL;
    json_free(doc);
    return severity;
}

const struct inventory_part inventory_modules = {
    .name = "modules",
    .one = "kernel module",
    .many = "kernel modules",
    .read = read_part,
    .severity = severity,
};

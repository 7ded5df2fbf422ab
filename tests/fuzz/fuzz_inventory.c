/* What the inventory reads, by the input's first byte (b: the firmware's table, a: what a scheduled
 * task does; files of Linux): whatever stands in them, the list
 * keeps its limits, its keys are in order and unique, and its values are JSON. */
#include "source/inventory/accounts.h"
#include "source/inventory/disks.h"
#include "source/inventory/smbios.h"
#include "source/inventory/sockets.h"
#include "source/inventory/tasks.h"
#include "source/inventory/units.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_list(struct inventory_list *l)
{
    inventory_list_finish(l);
    if (l->n > INVENTORY_ENTRIES_MAX || l->text.n > INVENTORY_BYTES_MAX || l->text.failed)
        abort();
    for (size_t i = 0; i < l->n; i++) {
        struct span key = inventory_key(l, i);
        struct json_doc *doc = json_read(inventory_value(l, i), NULL);
        if (!doc || key.n > INVENTORY_KEY_MAX + 8)
            abort();
        json_free(doc);
        if (i == 0)
            continue;
        struct span last = inventory_key(l, i - 1);
        int order = memcmp(last.p, key.p, last.n < key.n ? last.n : key.n);
        if (order > 0 || (order == 0 && last.n >= key.n))
            abort();
    }
}

static void lines(struct span text)
{
    struct span line;
    struct inventory_socket s;
    struct inventory_mount m;
    while (span_take_line(&text, &line)) {
        if (inventory_socket_parse(line, false, &s) && !memchr(s.address, '.', 4))
            abort();
        if (inventory_socket_parse(line, true, &s) && !memchr(s.address, ':', 6))
            abort();
        if (inventory_mount_parse(line, &m) && m.source.n == 0)
            abort();
    }
}

/* Texts end where they stand, and an id is whole or not there. */
static void firmware(struct span table)
{
    struct inventory_hardware h = {.secure_boot = -1};
    inventory_smbios_parse(table, &h);
    if (strnlen(h.vendor, sizeof(h.vendor)) == sizeof(h.vendor) ||
        strnlen(h.cpu, sizeof(h.cpu)) == sizeof(h.cpu) ||
        (strlen(h.uuid) != 36 && strlen(h.uuid) != 0) || h.sockets > 4096)
        abort();
}

static void action(struct span data)
{
    struct buf text = BUF_INIT(16384);
    inventory_task_action(data, &text);
    if (text.failed)
        abort();
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct inventory_list list;
    struct inventory_unit unit = {.name = "x.service"};
    struct span text = span_make(data + 1, n ? n - 1 : 0);
    if (n == 0)
        return 0;
    inventory_list_init(&list);
    switch (data[0]) {
    case 'u':
        inventory_accounts_parse_users(text, &list);
        break;
    case 'g':
        inventory_accounts_parse_groups(text, &list);
        break;
    case 's':
        inventory_unit_parse(&unit, text);
        break;
    case 'a':
        action(text);
        break;
    case 'b':
        firmware(text);
        break;
    default:
        lines(text);
    }
    check_list(&list);
    inventory_list_release(&list);
    return 0;
}

#include "source/inventory/network.h"

#include "base/mem.h"
#include "platform/addresses.h"

#define INTERFACES_MAX 128
#define TOLD_MAX       32

struct network {
    struct network_interface interfaces[INTERFACES_MAX];
    size_t interfaces_n;
    struct address addresses[ADDRESSES_MAX];
    size_t addresses_n;
};

static int compare_interfaces(const void *a, const void *b)
{
    return strcmp(((const struct network_interface *)a)->name,
                  ((const struct network_interface *)b)->name);
}

static int compare_addresses(const void *left, const void *right)
{
    const struct address *a = left, *b = right;
    int order = strcmp(a->interface_name, b->interface_name);
    return order ? order : strcmp(a->text, b->text);
}

static size_t at_most(int found, size_t max)
{
    return found < 0 ? 0 : (size_t)found < max ? (size_t)found : max;
}

static int read_network(const struct inventory_reader *r, struct network *n)
{
    int found = interfaces_read(r->root, n->interfaces, INTERFACES_MAX);
    n->interfaces_n = at_most(found, INTERFACES_MAX);
    found = addresses_read(n->addresses, ADDRESSES_MAX);
    n->addresses_n = at_most(found, ADDRESSES_MAX);
    qsort(n->interfaces, n->interfaces_n, sizeof(n->interfaces[0]), compare_interfaces);
    qsort(n->addresses, n->addresses_n, sizeof(n->addresses[0]), compare_addresses);
    return found < 0 ? found : 0;
}

/* How an interface's kind is written, and OCSF's network_interface.type_id. */
static const struct {
    const char *name;
    int type_id;
} kinds[] = {[INTERFACE_OTHER] = {"virtual", 99},
             [INTERFACE_WIRED] = {"wired", 1},
             [INTERFACE_WIRELESS] = {"wireless", 2},
             [INTERFACE_TUNNEL] = {"tunnel", 4}};

static bool is_told(const struct address *a, const struct network_interface *i)
{
    return !a->temporary && strcmp(a->interface_name, i->name) == 0;
}

void inventory_network_put(struct json_out *j, const char *key, const struct inventory_reader *r)
{
    struct network *n = mem_new(1, sizeof(*n));
    size_t told = 0;
    read_network(r, n);
    json_array(j, key);
    for (size_t i = 0; i < n->interfaces_n; i++) {
        for (size_t k = 0; k < n->addresses_n && told < TOLD_MAX; k++) {
            if (!is_told(&n->addresses[k], &n->interfaces[i]))
                continue;
            json_object(j, NULL);
            inventory_put(j, "name", span_of(n->interfaces[i].name), 64);
            inventory_put(j, "mac", span_of(n->interfaces[i].mac), 32);
            json_text(j, "ip", n->addresses[k].text);
            json_int(j, "subnet_prefix", n->addresses[k].prefix);
            json_int(j, "type_id", kinds[n->interfaces[i].kind].type_id);
            json_end_object(j);
            told++;
        }
    }
    json_end_array(j);
    free(n);
}

static void put_interface(struct inventory_list *out, const struct network *n,
                          const struct network_interface *i)
{
    size_t told = 0;
    struct json_out *j = inventory_begin(out, span_of(i->name));
    inventory_put(j, "mac", span_of(i->mac), 32);
    json_text(j, "type", kinds[i->kind].name);
    json_array(j, "addresses");
    for (size_t k = 0; k < n->addresses_n && told < TOLD_MAX; k++) {
        const struct address *a = &n->addresses[k];
        if (!is_told(a, i))
            continue;
        char text[64];
        snprintf(text, sizeof(text), "%s/%d", a->text, a->prefix);
        json_text(j, NULL, text);
        told++;
    }
    json_end_array(j);
    inventory_end(out);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct network *n = mem_new(1, sizeof(*n));
    int rc = read_network(r, n);
    if (rc < 0)
        snprintf(r->why, sizeof(r->why), "addresses are unknown: %s", error_text(rc));
    for (size_t i = 0; i < n->interfaces_n; i++)
        put_interface(out, n, &n->interfaces[i]);
    free(n);
    return rc;
}

static enum event_severity severity(const struct inventory_change *c)
{
    (void)c;
    return SEVERITY_INFORMATIONAL;
}

const struct inventory_part inventory_network = {
    .name = "network",
    .one = "network interface",
    .many = "network interfaces",
    .read = read_part,
    .severity = severity,
};

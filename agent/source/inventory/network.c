#include "source/inventory/network.h"

#include "base/mem.h"
#include "platform/addresses.h"
#include "platform/file.h"

#define INTERFACES_MAX 128
#define TOLD_MAX       32
#define NET            "/sys/class/net/"

struct net_interface {
    char name[64], mac[32];
    int type_id; /* OCSF network_interface.type_id: 1 wired, 2 wireless, 4 tunnel, 99 other */
    bool physical;
};

struct network {
    const struct inventory_reader *reader;
    struct net_interface interfaces[INTERFACES_MAX];
    size_t interfaces_n;
    struct address addresses[ADDRESSES_MAX];
    size_t addresses_n;
};

static bool is_there(const struct inventory_reader *r, const char *name, const char *what)
{
    char path[4400];
    struct file_info info;
    snprintf(path, sizeof(path), "%s" NET "%s/%s", r->root, name, what);
    return file_info_at(path, &info) == 0;
}

/* Ends of containers' cables come and go with them: the containers are told, these are not. */
static bool is_passing(const char *name)
{
    static const char *const prefixes[] = {"veth", "cali", "lxc", "vnet", "tap", "fwpr", "fwln"};
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (span_starts(span_of(name), span_of(prefixes[i])))
            return true;
    return strcmp(name, "lo") == 0;
}

static void add_interface(void *ctx, const char *name)
{
    struct network *n = ctx;
    const struct inventory_reader *r = n->reader;
    char path[512], type[16];
    if (is_passing(name) || n->interfaces_n == INTERFACES_MAX || strlen(name) >= 64)
        return;
    struct net_interface *i = &n->interfaces[n->interfaces_n];
    *i = (struct net_interface){.type_id = 99};
    snprintf(i->name, sizeof(i->name), "%s", name);
    snprintf(path, sizeof(path), NET "%s/type", name);
    if (!inventory_kernel_line(r, path, type, sizeof(type)))
        return; /* bonding_masters and the like */
    snprintf(path, sizeof(path), NET "%s/address", name);
    inventory_kernel_line(r, path, i->mac, sizeof(i->mac));
    i->physical = is_there(r, name, "device");
    if (is_there(r, name, "wireless") || is_there(r, name, "phy80211"))
        i->type_id = 2;
    else if (strcmp(type, "1") == 0 && i->physical)
        i->type_id = 1;
    else if (strcmp(type, "65534") == 0 || strcmp(type, "768") == 0 || strcmp(type, "776") == 0)
        i->type_id = 4; /* tun and WireGuard, IPIP, SIT */
    n->interfaces_n++;
}

static int compare_interfaces(const void *a, const void *b)
{
    return strcmp(((const struct net_interface *)a)->name, ((const struct net_interface *)b)->name);
}

static int compare_addresses(const void *left, const void *right)
{
    const struct address *a = left, *b = right;
    int order = strcmp(a->interface_name, b->interface_name);
    return order ? order : strcmp(a->text, b->text);
}

static int read_network(const struct inventory_reader *r, struct network *n)
{
    n->reader = r;
    inventory_folder(r, "/sys/class/net", 4096, add_interface, n);
    int found = addresses_read(n->addresses, ADDRESSES_MAX);
    if (found > 0)
        n->addresses_n = found < ADDRESSES_MAX ? (size_t)found : ADDRESSES_MAX;
    qsort(n->interfaces, n->interfaces_n, sizeof(n->interfaces[0]), compare_interfaces);
    qsort(n->addresses, n->addresses_n, sizeof(n->addresses[0]), compare_addresses);
    return found < 0 ? found : 0;
}

static bool is_told(const struct address *a, const struct net_interface *i)
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
            json_int(j, "type_id", n->interfaces[i].type_id);
            json_end_object(j);
            told++;
        }
    }
    json_end_array(j);
    free(n);
}

static void put_interface(struct inventory_list *out, const struct network *n,
                          const struct net_interface *i)
{
    static const char *const types[] = {[1] = "wired", [2] = "wireless", [4] = "tunnel"};
    size_t told = 0;
    struct json_out *j = inventory_begin(out, span_of(i->name));
    inventory_put(j, "mac", span_of(i->mac), 32);
    json_text(j, "type", i->type_id < 5 ? types[i->type_id] : "virtual");
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

/* From /sys/class/net, which a folder can stand for (sysfs-class-net of the kernel's ABI). */
#include "platform/addresses.h"

#include "platform/file.h"

#include <stdio.h>
#include <string.h>

#define NET         "/sys/class/net"
#define ENTRIES_MAX 4096

static void path_of(const char *root, const char *name, const char *what, char out[4600])
{
    snprintf(out, 4600, "%s" NET "/%s/%s", root, name, what);
}

static bool is_there(const char *root, const char *name, const char *what)
{
    char path[4600];
    struct file_info info;
    path_of(root, name, what, path);
    return file_info_at(path, &info) == 0;
}

/* Its first line; false if there is none. */
static bool read_line(const char *root, const char *name, const char *what, char *out, size_t size)
{
    char path[4600];
    file_t f;
    out[0] = '\0';
    path_of(root, name, what, path);
    if (file_open_read(path, &f) != 0)
        return false;
    int64_t got = file_read_at(f, 0, out, size - 1);
    file_close(f);
    out[got > 0 ? got : 0] = '\0';
    out[strcspn(out, "\n")] = '\0';
    return out[0] != '\0';
}

static bool is_told(const char *name)
{
    static const char *const passing[] = {"veth", "cali", "lxc", "vnet", "tap", "fwpr", "fwln"};
    for (size_t i = 0; i < sizeof(passing) / sizeof(passing[0]); i++)
        if (strncmp(name, passing[i], strlen(passing[i])) == 0)
            return false;
    return strcmp(name, "lo") != 0 && strlen(name) < sizeof(((struct network_interface *)0)->name);
}

/* type: ARPHRD_* of the kernel: 1 Ethernet; 65534 tun and WireGuard, 768 IPIP, 776 SIT. */
static enum interface_kind kind_of(const char *root, const char *name, const char *type)
{
    if (is_there(root, name, "wireless") || is_there(root, name, "phy80211"))
        return INTERFACE_WIRELESS;
    if (strcmp(type, "1") == 0 && is_there(root, name, "device"))
        return INTERFACE_WIRED;
    if (strcmp(type, "65534") == 0 || strcmp(type, "768") == 0 || strcmp(type, "776") == 0)
        return INTERFACE_TUNNEL;
    return INTERFACE_OTHER;
}

int interfaces_read(const char *root, struct network_interface *out, size_t max)
{
    char path[4600], type[16];
    struct folder *folder;
    const char *name;
    enum file_type ignored;
    int n = 0;
    snprintf(path, sizeof(path), "%s" NET, root);
    int rc = folder_open(path, &folder);
    if (rc != 0)
        return rc;
    for (int i = 0; i < ENTRIES_MAX && folder_next(folder, &name, &ignored) == 1; i++) {
        if (!is_told(name) || !read_line(root, name, "type", type, sizeof(type)))
            continue; /* bonding_masters and the like have no type */
        if ((size_t)n < max) {
            struct network_interface *to = &out[n];
            *to = (struct network_interface){.kind = kind_of(root, name, type)};
            snprintf(to->name, sizeof(to->name), "%s", name);
            read_line(root, name, "address", to->mac, sizeof(to->mac));
        }
        n++;
    }
    folder_close(folder);
    return n;
}

#include "platform/addresses.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#include <iphlpapi.h>

#define TABLE_MAX (1u << 20)
#define FLAGS     (GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER)

/* The longest names are cut, where Windows allows 256 characters. */
static void take_name(const IP_ADAPTER_ADDRESSES *a, char *out, size_t size)
{
    char name[3 * 256 + 1] = "";
    text_of_wide(a->FriendlyName, wcsnlen(a->FriendlyName, 256), name, sizeof(name));
    size_t n = strnlen(name, size - 1);
    while (n > 0 && ((unsigned char)name[n] & 0xc0) == 0x80)
        n--; /* no part of a letter */
    snprintf(out, size, "%.*s", (int)n, name);
}

static void take(const IP_ADAPTER_ADDRESSES *a, const IP_ADAPTER_UNICAST_ADDRESS *u,
                 struct address *out)
{
    const struct sockaddr *at = u->Address.lpSockaddr;
    out->v6 = at->sa_family == AF_INET6;
    out->prefix = u->OnLinkPrefixLength;
    out->temporary = u->SuffixOrigin == IpSuffixOriginRandom && out->v6;
    take_name(a, out->interface_name, sizeof(out->interface_name));
    const void *bytes =
        out->v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)at)->sin6_addr
                : (const void *)&((const struct sockaddr_in *)(const void *)at)->sin_addr;
    inet_ntop(at->sa_family, bytes, out->text, sizeof(out->text));
}

/* What is to be freed, or NULL and an error of Windows. */
static ULONG read_adapters(IP_ADAPTER_ADDRESSES **out)
{
    ULONG size = 64 * 1024, rc;
    *out = NULL;
    do {
        free(*out);
        *out = malloc(size);
        rc = *out ? GetAdaptersAddresses(AF_UNSPEC, FLAGS, NULL, *out, &size) : ERROR_OUTOFMEMORY;
    } while (rc == ERROR_BUFFER_OVERFLOW && size <= TABLE_MAX);
    if (rc != NO_ERROR) {
        free(*out);
        *out = NULL;
    }
    return rc;
}

int addresses_read(struct address *out, size_t max)
{
    IP_ADAPTER_ADDRESSES *all;
    int n = 0;
    ULONG rc = read_adapters(&all);
    for (const IP_ADAPTER_ADDRESSES *a = all; a; a = a->Next)
        for (const IP_ADAPTER_UNICAST_ADDRESS *u = a->FirstUnicastAddress; u; u = u->Next, n++)
            if ((size_t)n < max) {
                out[n] = (struct address){0};
                take(a, u, &out[n]);
            }
    free(all);
    return rc == NO_ERROR || rc == ERROR_NO_DATA ? n : errno_of_error(rc);
}

/* ---- interfaces ---- */

static enum interface_kind kind_of(const IP_ADAPTER_ADDRESSES *a)
{
    switch (a->IfType) {
    case IF_TYPE_ETHERNET_CSMACD:
        return INTERFACE_WIRED;
    case IF_TYPE_IEEE80211:
        return INTERFACE_WIRELESS;
    case IF_TYPE_TUNNEL:
    case IF_TYPE_PPP:
    case IF_TYPE_PROP_VIRTUAL: /* WireGuard and the like */
        return INTERFACE_TUNNEL;
    default:
        return INTERFACE_OTHER;
    }
}

static void take_interface(const IP_ADAPTER_ADDRESSES *a, struct network_interface *out)
{
    size_t n = 0;
    *out = (struct network_interface){.kind = kind_of(a)};
    take_name(a, out->name, sizeof(out->name));
    for (ULONG i = 0; a->PhysicalAddressLength <= 8 && i < a->PhysicalAddressLength; i++)
        n += (size_t)snprintf(out->mac + n, sizeof(out->mac) - n, i ? ":%02x" : "%02x",
                              a->PhysicalAddress[i]);
}

int interfaces_read(const char *root, struct network_interface *out, size_t max)
{
    IP_ADAPTER_ADDRESSES *all;
    int n = 0;
    if (root[0])
        return 0; /* a folder says nothing of the system that it was copied from */
    ULONG rc = read_adapters(&all);
    for (const IP_ADAPTER_ADDRESSES *a = all; a; a = a->Next) {
        if (a->IfType == IF_TYPE_SOFTWARE_LOOPBACK)
            continue;
        if ((size_t)n < max)
            take_interface(a, &out[n]);
        n++;
    }
    free(all);
    return rc == NO_ERROR || rc == ERROR_NO_DATA ? n : errno_of_error(rc);
}

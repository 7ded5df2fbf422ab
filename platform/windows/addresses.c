#include "platform/addresses.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <stdlib.h>
#include <winsock2.h>
#include <ws2tcpip.h>

#include <iphlpapi.h>

#define TABLE_MAX (1u << 20)
#define FLAGS     (GAA_FLAG_SKIP_ANYCAST | GAA_FLAG_SKIP_MULTICAST | GAA_FLAG_SKIP_DNS_SERVER)

static void take(const IP_ADAPTER_ADDRESSES *a, const IP_ADAPTER_UNICAST_ADDRESS *u,
                 struct address *out)
{
    const struct sockaddr *at = u->Address.lpSockaddr;
    out->v6 = at->sa_family == AF_INET6;
    out->prefix = u->OnLinkPrefixLength;
    out->temporary = u->SuffixOrigin == IpSuffixOriginRandom && out->v6;
    text_of_wide(a->FriendlyName, wcslen(a->FriendlyName), out->interface_name,
                 sizeof(out->interface_name));
    const void *bytes =
        out->v6 ? (const void *)&((const struct sockaddr_in6 *)(const void *)at)->sin6_addr
                : (const void *)&((const struct sockaddr_in *)(const void *)at)->sin_addr;
    inet_ntop(at->sa_family, bytes, out->text, sizeof(out->text));
}

int addresses_read(struct address *out, size_t max)
{
    ULONG size = 64 * 1024, rc;
    IP_ADAPTER_ADDRESSES *all = NULL;
    int n = 0;
    do {
        free(all);
        all = malloc(size);
        rc = all ? GetAdaptersAddresses(AF_UNSPEC, FLAGS, NULL, all, &size) : ERROR_OUTOFMEMORY;
    } while (rc == ERROR_BUFFER_OVERFLOW && size <= TABLE_MAX);
    for (const IP_ADAPTER_ADDRESSES *a = rc == NO_ERROR ? all : NULL; a; a = a->Next)
        for (const IP_ADAPTER_UNICAST_ADDRESS *u = a->FirstUnicastAddress; u; u = u->Next, n++)
            if ((size_t)n < max) {
                out[n] = (struct address){0};
                take(a, u, &out[n]);
            }
    free(all);
    return rc == NO_ERROR || rc == ERROR_NO_DATA ? n : errno_of_error(rc);
}

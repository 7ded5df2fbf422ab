#include "ship/limits.h"

#include <string.h>

#define PORT_HTTPS 443
#define PORT_NAMES 53 /* answers of name servers that are too long for a datagram */

void limits_enter(struct limits *l, const struct config *c)
{
    char folder[4400];
    const char *slash = strrchr(c->file, '/');
    int n = slash ? (int)(slash - c->file) : 0;
    snprintf(folder, sizeof(folder), "%.*s", n, c->file);
    const struct confine_path paths[] = {
        {slash ? (n > 0 ? folder : "/") : ".", false},
        {c->pki_dir, true}, /* renewals */
        {c->outbox_dir, false},
        {c->inbox_dir, true},
    };
    const struct confine confine = {
        .never = CONFINE_PROGRAMS | CONFINE_OTHERS | CONFINE_SYSTEM | CONFINE_WATCHES,
        .paths = paths,
        .paths_n = sizeof(paths) / sizeof(paths[0]),
    };
    *l = (struct limits){.port = 0};
    confine_self(&confine, &l->result);
}

/* A colon inside brackets belongs to an IPv6 address. */
static unsigned port_of(const char *url)
{
    const char *colon = strrchr(url, ':');
    if (!colon || colon[1] == '/' || strchr(colon, ']'))
        return PORT_HTTPS;
    unsigned long port = strtoul(colon + 1, NULL, 10);
    return port > 0 && port <= UINT16_MAX ? (unsigned)port : PORT_HTTPS;
}

bool limits_center(struct limits *l, const char *url)
{
    unsigned port = port_of(url);
    if (l->port == 0) {
        const uint16_t ports[] = {(uint16_t)port, PORT_NAMES};
        l->enforced = confine_ports(ports, sizeof(ports) / sizeof(ports[0]), &l->result);
        l->port = port;
    }
    return port == l->port || !l->enforced;
}

#include "platform/confine.h"

#include "platform/linux/confine_parts.h"
#include "platform/linux/netlink.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>

static const struct {
    unsigned never;
    const char *words;
} words[] = {
    {CONFINE_SOCKETS, "new sockets"},        {CONFINE_PROGRAMS, "programs"},
    {CONFINE_OTHERS, "access to processes"}, {CONFINE_SYSTEM, "changes of the system"},
    {CONFINE_WATCHES, "files by handle"},
};

__attribute__((format(__printf__, 3, 4))) static void add(char *text, size_t size,
                                                          const char *format, ...)
{
    size_t n = strlen(text);
    va_list list;
    va_start(list, format);
    vsnprintf(text + n, size - n, format, list);
    va_end(list);
}

/* True if the words about what is in force are to follow. */
static bool is_in_force(struct confine_result *r, const char *means, int rc)
{
    const char *more = rc == 0 ? r->in_force : r->missing;
    const char *between = more[0] ? "; " : "";
    if (rc == 0)
        add(r->in_force, sizeof(r->in_force), "%s%s", between, means);
    else if (rc != -ENOSYS)
        add(r->missing, sizeof(r->missing), "%s%s: %s", between, means, strerror(-rc));
    return rc == 0;
}

void confine_self(const struct confine *c, struct confine_result *out)
{
    *out = (struct confine_result){.in_force = ""};
    if (c->never & CONFINE_SOCKETS)
        netlink_keep();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); /* if it fails, so does what follows */
    if (c->paths && is_in_force(out, "Landlock", confine_files(c->paths, c->paths_n)))
        add(out->in_force, sizeof(out->in_force), ": no files but its own");
    if (!is_in_force(out, "seccomp", confine_calls(c->never)))
        return;
    const char *between = ": no ";
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (c->never & words[i].never) {
            add(out->in_force, sizeof(out->in_force), "%s%s", between, words[i].words);
            between = ", ";
        }
}

bool confine_ports(const uint16_t *ports, size_t n, struct confine_result *r)
{
    if (!is_in_force(r, "TCP", confine_tcp(ports, n)))
        return false;
    const char *between = " only to port ";
    for (size_t i = 0; i < n; i++) {
        add(r->in_force, sizeof(r->in_force), "%s%u", between, ports[i]);
        between = ", ";
    }
    return true;
}

/* The tables of sockets name their process: its program is asked for, and the service manager for
 * the services in it. */
#include "platform/process.h"
#include "platform/services.h"
#include "source/inventory/owners.h"

#define KERNEL_PID 4 /* "System": what drivers listen to, SMB and HTTP.sys among them */

struct search {
    struct inventory_owner *owners;
    size_t n;
};

static bool add_service(void *ctx, const char *name, uint32_t pid)
{
    const struct search *s = ctx;
    for (size_t i = 0; i < s->n; i++) {
        char *all = s->owners[i].services;
        size_t used = strlen(all), room = sizeof(s->owners[i].services) - used;
        if (s->owners[i].pid == (int)pid && strlen(name) + 2 < room)
            snprintf(all + used, room, "%s%s", used ? "," : "", name);
    }
    return true;
}

/* A process that is gone meanwhile holds no sockets any more. */
static void name_program(struct inventory_owner *o)
{
    char path[4400];
    if (o->pid == KERNEL_PID)
        snprintf(o->program, sizeof(o->program), "System");
    else if (o->pid > 0 && process_path(o->pid, path, sizeof(path)) > 0)
        span_copy(span_of(path), o->program, sizeof(o->program));
}

int inventory_owners_find(const struct inventory_reader *r, struct inventory_owner *owners,
                          size_t n)
{
    struct search s = {owners, n};
    (void)r;
    for (size_t i = 0; i < n; i++)
        name_program(&owners[i]);
    services_running(add_service, &s);
    return 0;
}

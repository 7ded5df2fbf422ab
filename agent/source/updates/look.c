#include "source/updates/look.h"

#include "base/mem.h"
#include "platform/thread.h"

struct updates_look {
    struct lock *guard; /* of the next three */
    enum look_stage stage;
    struct bell *bell; /* NULL: nobody waits any more */
    bool left;
    bool with_service;
    struct thread *thread;
    struct updates_host host;
    struct updates_service service;
};

static void release(struct updates_look *l)
{
    installed_release(&l->host.installed);
    software_release(&l->host.software);
    updates_service_release(&l->service);
    lock_free(l->guard);
    free(l);
}

/* False: somebody has left meanwhile. */
static bool reach(struct updates_look *l, enum look_stage stage)
{
    lock_take(l->guard);
    bool wanted = !l->left;
    l->stage = stage;
    if (wanted && l->bell)
        bell_ring(l->bell);
    lock_drop(l->guard);
    return wanted;
}

static void look(void *arg)
{
    struct updates_look *l = arg;
    updates_system_read(&l->host.os);
    updates_reboot_read(&l->host.reboot);
    updates_defender_read(&l->host.defender);
    installed_read_cbs(&l->host.installed);
    software_read(&l->host.software);
    bool wanted = reach(l, LOOK_ASKING);
    if (wanted && l->with_service)
        updates_service_ask(&l->service);
    if (!wanted || !reach(l, LOOK_DONE))
        release(l);
}

int updates_look_start(struct bell *bell, bool with_service, struct updates_look **out)
{
    struct updates_look *l = mem_new(1, sizeof(*l));
    l->guard = lock_new();
    l->bell = bell;
    l->with_service = with_service;
    *out = l;
    int rc = thread_start(look, l, true, &l->thread);
    if (rc != 0) {
        *out = NULL;
        release(l);
    }
    return rc;
}

enum look_stage updates_look_stage(struct updates_look *l)
{
    lock_take(l->guard);
    enum look_stage stage = l->stage;
    lock_drop(l->guard);
    return stage;
}

struct updates_host *updates_look_host(struct updates_look *l)
{
    return &l->host;
}

struct updates_service *updates_look_service(struct updates_look *l)
{
    return &l->service;
}

void updates_look_leave(struct updates_look *l)
{
    if (!l)
        return;
    struct thread *thread = l->thread;
    lock_take(l->guard);
    l->left = true;
    bool done = l->stage == LOOK_DONE;
    lock_drop(l->guard);
    if (done) {
        thread_join(thread);
        release(l);
    } else {
        thread_leave(thread);
    }
}

#include "source/inventory/watched.h"

#include "base/mem.h"
#include "platform/clock.h"
#include "platform/registry.h"

#define SURE_MS 3600000 /* what no watch tells of is found after this long */

struct inventory_watched {
    struct registry_watch *watch; /* NULL: there is none */
    bool watching;
    uint64_t number; /* of the present state */
    int64_t since_ms;
};

/* What is not there is waited for by the nearest key above, which tells little: it is taken as not
 * watched. */
static bool begin(struct registry_watch *w, const char *path)
{
    struct registry_key *key;
    if (registry_open(path, REGISTRY_64, &key) != 0)
        return false;
    registry_close(key);
    registry_watch_reset(w);
    return registry_watch_add(w, path, REGISTRY_64) == 0;
}

void inventory_watched_stamp(struct inventory_watched **at, const char *path, struct sha256 *s)
{
    struct inventory_watched *w = *at;
    int64_t now_ms = clock_mono_ms();
    if (!w) {
        w = *at = mem_new(1, sizeof(*w));
        if (registry_watch_open(&w->watch) != 0)
            w->watch = NULL;
    }
    if (!w->watching || registry_watch_ready(w->watch) || now_ms - w->since_ms >= SURE_MS) {
        w->watching = w->watch && begin(w->watch, path);
        w->number++;
        w->since_ms = now_ms;
    }
    sha256_update(s, &w->number, sizeof(w->number));
}

void inventory_watched_free(struct inventory_watched *w)
{
    if (!w)
        return;
    registry_watch_close(w->watch);
    free(w);
}

#include "source/integrity/container.h"

#include "base/buf.h"
#include "base/json_read.h"
#include "base/mem.h"
#include "platform/walk.h"

#include <stdio.h>
#include <string.h>

#define CONTAINERS_MAX 4096
#define LIST_MAX       (1 << 20)
#define KEPT           32
#define KEPT_MS        5000
#define PLACE_MAX      512 /* longer paths of a store name nobody */

struct layer {
    struct span store; /* the folder of Docker or Podman */
    struct span id;
    bool (*find)(const struct layer *l, char id[CONTAINER_DIGITS + 1]);
};

struct answer {
    char place[PLACE_MAX]; /* store and layer's id */
    char id[CONTAINER_DIGITS + 1];
    int64_t until_ms;
};

struct integrity_containers {
    struct answer answers[KEPT];
    size_t next;
    char id[CONTAINER_DIGITS + 1];
};

struct integrity_containers *integrity_containers_new(void)
{
    return mem_new(1, sizeof(struct integrity_containers));
}

void integrity_containers_free(struct integrity_containers *c)
{
    free(c);
}

static bool is_id(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
            return false;
    return s.n == CONTAINER_DIGITS;
}

/* ---- what root keeps ---- */

static struct walk_folder *open_of_root(struct span store, const char *below)
{
    char path[PLACE_MAX + 64];
    struct walk_folder *f;
    struct file_info info;
    snprintf(path, sizeof(path), "%.*s/%s", (int)store.n, store.p, below);
    if (walk_open(path, &f) != 0)
        return NULL;
    if (walk_info(f, "", &info) == 0 && info.uid == 0)
        return f;
    walk_close(f);
    return NULL;
}

static bool read_of_root(const struct walk_folder *folder, const char *name, struct buf *out)
{
    char piece[4096];
    struct file_info info;
    file_t f;
    int64_t n = 0;
    if (walk_file(folder, name, &f, &info) != 0)
        return false;
    while (info.uid == 0 && !out->failed && (n = file_read_at(f, out->n, piece, sizeof(piece))) > 0)
        buf_put(out, piece, (size_t)n);
    file_close(f);
    return info.uid == 0 && n == 0 && !out->failed;
}

/* ---- Docker ---- */

static bool has_layer(const struct walk_folder *mounts, const char *container, struct span layer)
{
    struct walk_folder *f;
    struct buf text = BUF_INIT(2 * CONTAINER_DIGITS);
    if (walk_enter(mounts, container, &f) != 0)
        return false;
    bool same = read_of_root(f, "mount-id", &text) && span_equal(span_trim(buf_span(&text)), layer);
    buf_release(&text);
    walk_close(f);
    return same;
}

static bool find_docker(const struct layer *l, char id[CONTAINER_DIGITS + 1])
{
    struct walk_folder *mounts = open_of_root(l->store, "image/overlay2/layerdb/mounts");
    const char *name;
    enum file_type type;
    bool found = false;
    for (size_t i = 0; mounts && !found && i < CONTAINERS_MAX; i++) {
        if (walk_next(mounts, &name, &type) != 1)
            break;
        found = is_id(span_of(name)) && has_layer(mounts, name, l->id);
        if (found)
            span_copy(span_of(name), id, CONTAINER_DIGITS + 1);
    }
    walk_close(mounts);
    return found;
}

/* ---- Podman ---- */

bool integrity_container_in_list(struct span json, struct span layer, char id[CONTAINER_DIGITS + 1])
{
    struct json_doc *doc = json_read(json, NULL);
    const struct json_value *list = json_root(doc);
    bool found = false;
    for (size_t i = 0; !found && i < json_count(list); i++) {
        const struct json_value *one = json_at(list, i);
        struct span of = json_get_text(one, "id");
        found = span_equal(json_get_text(one, "layer"), layer) && is_id(of);
        if (found)
            span_copy(of, id, CONTAINER_DIGITS + 1);
    }
    json_free(doc);
    return found;
}

static bool find_podman(const struct layer *l, char id[CONTAINER_DIGITS + 1])
{
    static const char *const lists[] = {"containers.json", "volatile-containers.json"};
    struct walk_folder *folder = open_of_root(l->store, "overlay-containers");
    bool found = false;
    for (size_t i = 0; folder && !found && i < sizeof(lists) / sizeof(lists[0]); i++) {
        struct buf text = BUF_INIT(LIST_MAX);
        found = read_of_root(folder, lists[i], &text) &&
                integrity_container_in_list(buf_span(&text), l->id, id);
        buf_release(&text);
    }
    walk_close(folder);
    return found;
}

/* ---- from a path to a layer ---- */

static bool part_is(struct span part, const char *name)
{
    return span_equal(part, span_of(name));
}

/* The outermost one: whatever runs in a container is that container's doing. */
static bool layer_of(const char *path, struct layer *out)
{
    struct span rest = span_of(path), part, last = {NULL, 0}, before = {NULL, 0};
    while (span_take_until(&rest, '/', &part)) {
        bool docker = part_is(before, "overlay2"), podman = part_is(before, "overlay");
        if ((part_is(part, "diff") || part_is(part, "merged")) && is_id(last) &&
            (docker || podman)) {
            *out = (struct layer){
                {path, (size_t)(before.p - path) - 1}, last, docker ? find_docker : find_podman};
            return before.p - path > 1;
        }
        before = last;
        last = part;
    }
    return false;
}

static const char *id_of_layer(struct integrity_containers *c, const struct layer *l,
                               int64_t now_ms)
{
    struct answer *a = NULL;
    char place[PLACE_MAX];
    int n = snprintf(place, sizeof(place), "%.*s %.*s", (int)l->id.n, l->id.p, (int)l->store.n,
                     l->store.p);
    if (n < 0 || (size_t)n >= sizeof(place))
        return NULL;
    for (size_t i = 0; i < KEPT && !a; i++)
        if (strcmp(c->answers[i].place, place) == 0)
            a = &c->answers[i];
    if (!a || now_ms >= a->until_ms) {
        a = a ? a : &c->answers[c->next++ % KEPT];
        memcpy(a->place, place, sizeof(place));
        a->id[0] = '\0';
        a->until_ms = now_ms + KEPT_MS;
        l->find(l, a->id);
    }
    return a->id[0] ? a->id : NULL;
}

static const char *id_in(struct integrity_containers *c, const char *path)
{
    struct span rest = span_of(path), part;
    while (span_take_until(&rest, '/', &part))
        if (is_id(part) && span_copy(part, c->id, sizeof(c->id)))
            return c->id;
    return NULL;
}

const char *integrity_container_of(struct integrity_containers *c, const char *path,
                                   const char *overlay, int64_t now_ms)
{
    struct layer l;
    if (layer_of(path, &l) || (overlay && layer_of(overlay, &l)))
        return id_of_layer(c, &l, now_ms);
    return overlay ? id_in(c, overlay) : NULL;
}

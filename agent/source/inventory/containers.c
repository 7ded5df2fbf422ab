/*
 * Containers and virtual machines that run, by their cgroups: Docker, Podman, CRI-O, containerd,
 * LXC, systemd-nspawn, libvirt. Docker's and Podman's own files tell names and images.
 */
#include "source/inventory/part.h"

#include "base/slurp.h"

#define DEPTH_MAX   6
#define FOLDERS_MAX 4096
#define NAME_SIZE   256
#define CONFIG_MAX  (1u << 20)

/* How a cgroup's name tells the engine; what follows the prefix is the container's id or name. */
static const struct engine {
    const char *prefix, *suffix, *name;
} engines[] = {
    {"docker-", ".scope", "docker"},       {"libpod-", ".scope", "podman"},
    {"crio-", ".scope", "cri-o"},          {"cri-containerd-", ".scope", "containerd"},
    {"nerdctl-", ".scope", "containerd"},  {"lxc.payload.", "", "lxc"},
    {"machine-qemu", ".scope", "libvirt"}, {"machine-", ".scope", "systemd-nspawn"},
};

struct search {
    struct inventory_reader *reader;
    char folder[1024];
    const char *parent; /* name of that folder */
    int depth;
    size_t *folders;
    void *ctx;
    void (*found)(void *ctx, const char *engine, struct span id);
};

static bool is_id(struct span s) /* 64 hex digits: Docker's with the cgroupfs driver */
{
    for (size_t i = 0; i < s.n; i++)
        if (!strchr("0123456789abcdef", s.p[i]))
            return false;
    return s.n == 64;
}

static bool may_hold_containers(const char *name)
{
    static const char *const holders[] = {"docker",    "kubepods",   "lxc",          "machine",
                                          "burstable", "besteffort", "libpod_parent"};
    for (size_t i = 0; i < sizeof(holders) / sizeof(holders[0]); i++)
        if (strcmp(name, holders[i]) == 0)
            return true;
    return span_ends(span_of(name), SPAN(".slice")) || span_starts(span_of(name), SPAN("pod"));
}

static bool take_container(const struct search *s, struct span name)
{
    for (size_t i = 0; i < sizeof(engines) / sizeof(engines[0]); i++) {
        struct span prefix = span_of(engines[i].prefix), suffix = span_of(engines[i].suffix);
        if (name.n > prefix.n + suffix.n && span_starts(name, prefix) && span_ends(name, suffix)) {
            struct span id = {name.p + prefix.n, name.n - prefix.n - suffix.n};
            if (!span_starts(id, SPAN("conmon"))) /* Podman's watcher, not a container */
                s->found(s->ctx, engines[i].name, id);
            return true;
        }
    }
    if (!is_id(name))
        return false;
    s->found(s->ctx, strcmp(s->parent, "docker") == 0 ? "docker" : "containerd", name);
    return true;
}

static void look_at(void *ctx, const char *name)
{
    struct search *s = ctx;
    struct span text = span_of(name);
    if (text.n >= NAME_SIZE || take_container(s, text) || !may_hold_containers(name) ||
        s->depth == DEPTH_MAX || *s->folders == FOLDERS_MAX)
        return;
    struct search below = *s;
    int n = snprintf(below.folder, sizeof(below.folder), "%s/%s", s->folder, name);
    if (n < 0 || (size_t)n >= sizeof(below.folder))
        return;
    ++*s->folders;
    below.depth++;
    below.parent = name;
    inventory_folder(s->reader, below.folder, FOLDERS_MAX, look_at, &below);
}

static void each_container(struct inventory_reader *r, void *ctx,
                           void (*found)(void *ctx, const char *engine, struct span id))
{
    char line[16];
    size_t folders = 0;
    struct search s = {.reader = r, .parent = "", .folders = &folders, .ctx = ctx, .found = found};
    bool unified =
        inventory_kernel_line(r, "/sys/fs/cgroup/cgroup.controllers", line, sizeof(line));
    snprintf(s.folder, sizeof(s.folder), "/sys/fs/cgroup%s", unified ? "" : "/systemd");
    inventory_folder(r, s.folder, FOLDERS_MAX, look_at, &s);
}

/* ---- what is told ---- */

struct writing {
    struct inventory_reader *reader;
    struct inventory_list *out;
};

static void put_docker(const struct writing *w, struct json_out *j, struct span id)
{
    char path[300];
    struct buf text = BUF_INIT(CONFIG_MAX);
    snprintf(path, sizeof(path), "/var/lib/docker/containers/%.*s/config.v2.json", (int)id.n, id.p);
    if (inventory_file(w->reader, path, &text) == 0) {
        struct json_doc *doc = json_read(buf_span(&text), NULL);
        const struct json_value *root = json_root(doc);
        struct span name = json_get_text(root, "Name");
        if (span_starts(name, SPAN("/")))
            name = (struct span){name.p + 1, name.n - 1};
        inventory_put(j, "name", name, 128);
        inventory_put(j, "image", json_get_text(json_get(root, "Config"), "Image"), 200);
        inventory_put(j, "image_id", json_get_text(root, "Image"), 80);
        json_free(doc);
    }
    buf_release(&text);
}

/* One file for all containers of root; an element names its image in a string that is JSON. */
static void put_podman(const struct writing *w, struct json_out *j, struct span id)
{
    static const char path[] = "/var/lib/containers/storage/overlay-containers/containers.json";
    struct buf text = BUF_INIT(CONFIG_MAX);
    struct json_doc *doc =
        inventory_file(w->reader, path, &text) == 0 ? json_read(buf_span(&text), NULL) : NULL;
    const struct json_value *list = json_root(doc);
    for (size_t i = 0; i < json_count(list); i++) {
        const struct json_value *c = json_at(list, i);
        if (!span_equal(json_get_text(c, "id"), id))
            continue;
        struct json_doc *more = json_read(json_get_text(c, "metadata"), NULL);
        inventory_put(j, "name", json_as_text(json_at(json_get(c, "names"), 0)), 128);
        inventory_put(j, "image", json_get_text(json_root(more), "image-name"), 200);
        inventory_put(j, "image_id", json_get_text(c, "image"), 80);
        json_free(more);
        break;
    }
    json_free(doc);
    buf_release(&text);
}

static void put_container(void *ctx, const char *engine, struct span id)
{
    const struct writing *w = ctx;
    char key[NAME_SIZE + 32];
    snprintf(key, sizeof(key), "%s %.*s", engine, (int)id.n, id.p);
    struct json_out *j = inventory_begin(w->out, span_of(key));
    json_text(j, "engine", engine);
    if (strcmp(engine, "docker") == 0 && is_id(id))
        put_docker(w, j, id);
    else if (strcmp(engine, "podman") == 0)
        put_podman(w, j, id);
    inventory_end(w->out);
}

static int read_part(struct inventory_reader *r, struct inventory_list *out)
{
    struct writing w = {r, out};
    each_container(r, &w, put_container);
    return 0;
}

static void stamp_container(void *ctx, const char *engine, struct span id)
{
    sha256_update(ctx, engine, strlen(engine) + 1);
    sha256_update(ctx, id.p, id.n);
}

static void stamp(struct inventory_reader *r, struct sha256 *s)
{
    each_container(r, s, stamp_container);
}

static enum event_severity severity(const struct inventory_change *c)
{
    return c->kind == INVENTORY_ADDED ? SEVERITY_LOW : SEVERITY_INFORMATIONAL;
}

const struct inventory_part inventory_containers = {
    .name = "containers",
    .one = "container",
    .many = "containers",
    .stamp = stamp,
    .read = read_part,
    .severity = severity,
};

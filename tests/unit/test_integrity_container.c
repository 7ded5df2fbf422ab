/* Whose container a path lies in, over a made-up Docker, Podman and containerd. */
#include "platform/file.h"
#include "source/integrity/container.h"
#include "unit/cmocka_all.h"
#include "unit/scratch.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define D8(c)    c c c c c c c c
#define ID(c)    D8(c) D8(c) D8(c) D8(c) D8(c) D8(c) D8(c) D8(c)
#define SHOP     ID("a") /* containers */
#define DATABASE ID("b")
#define TASK     ID("c")
#define VOLATILE ID("d")
#define LAYER    ID("1") /* their layers */
#define LAYER2   ID("2")
#define LAYER3   ID("3")
#define NOBODYS  ID("9")

static struct integrity_containers *containers;
static int64_t now_ms;

static const char *at(const char *path)
{
    static char paths[4][1000];
    static unsigned next;
    char *out = paths[next++ % 4];
    snprintf(out, sizeof(paths[0]), "%s%s", scratch_path(), path);
    return out;
}

static void put(const char *folder, const char *name, const char *text)
{
    char path[900];
    assert_int_equal(folder_make(at(folder), 0755), 0);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    unlink(at(path));
    scratch_append(at(path), text, strlen(text));
}

static int set_up(void **state)
{
    (void)state;
    scratch_open();
    put("/docker/image/overlay2/layerdb/mounts/" SHOP, "mount-id", LAYER);
    put("/docker/image/overlay2/layerdb/mounts/" DATABASE, "mount-id", LAYER2 "\n");
    put("/docker/image/overlay2/layerdb/mounts/odd", "mount-id", NOBODYS);
    put("/podman/overlay-containers", "containers.json",
        "[{\"id\":\"short\",\"layer\":\"" LAYER3 "\"},{\"layer\":\"" LAYER3 "\"},7,"
        "{\"id\":\"" DATABASE "\",\"names\":[\"db\"],\"layer\":\"" LAYER "\"}]");
    put("/podman/overlay-containers", "volatile-containers.json",
        "[{\"id\":\"" VOLATILE "\",\"layer\":\"" LAYER2 "\"}]");
    containers = integrity_containers_new();
    now_ms = 1000;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    integrity_containers_free(containers);
    scratch_close();
    return 0;
}

static const char *of(const char *path, const char *overlay)
{
    const char *id = integrity_container_of(containers, at(path), overlay, now_ms);
    return id ? id : "";
}

static void need_root(void)
{
    if (geteuid() != 0)
        skip(); /* only what is root's is believed */
}

static void layers_lead_to_containers(void **state)
{
    (void)state;
    need_root();
    assert_string_equal(of("/docker/overlay2/" LAYER "/diff/etc/passwd", NULL), SHOP);
    assert_string_equal(of("/docker/overlay2/" LAYER2 "/diff", NULL), DATABASE);
    assert_string_equal(of("/docker/overlay2/" LAYER "/merged/etc", NULL), SHOP);
    assert_string_equal(of("/podman/overlay/" LAYER "/diff/etc/passwd", NULL), DATABASE);
    assert_string_equal(of("/podman/overlay/" LAYER2 "/diff/a", NULL), VOLATILE);
    assert_string_equal(of("/podman/overlay/" LAYER3 "/diff/a", NULL), "");
}

/* A layer's id is no container's, also where the mount point shows nothing else. */
static void a_layer_of_nobody_names_nobody(void **state)
{
    (void)state;
    const char *merged = "/x/overlay2/" NOBODYS "/merged";
    assert_string_equal(of("/docker/overlay2/" NOBODYS "/diff/a", merged), "");
    assert_string_equal(of("/docker/overlay2/" NOBODYS "/lower/a", NULL), "");
    assert_string_equal(of("/docker/overlay2/" LAYER "0/diff/a", NULL), "");
    assert_string_equal(of("/docker/overlay2/l/diff/a", NULL), "");
    assert_string_equal(of("/etc/passwd", NULL), "");
}

static void a_mount_point_may_name_it(void **state)
{
    (void)state;
    const char *rootfs = "/run/containerd/io.containerd.runtime.v2.task/k8s.io/" TASK "/rootfs";
    assert_string_equal(of("/containerd/snapshots/12/fs/etc/passwd", rootfs), TASK);
    assert_string_equal(of("/containerd/snapshots/12/fs/etc/passwd", "/mnt/x"), "");
}

static void the_outermost_container_counts(void **state)
{
    (void)state;
    need_root();
    assert_string_equal(of("/docker/overlay2/" LAYER "/diff/podman/overlay/" LAYER "/diff/a", NULL),
                        SHOP);
}

/* Whoever may write in a folder could make a store there that names the container of another. */
static void only_what_is_roots_is_believed(void **state)
{
    (void)state;
    need_root();
    put("/home/image/overlay2/layerdb/mounts/" SHOP, "mount-id", LAYER);
    assert_int_equal(chown(at("/home/image/overlay2/layerdb/mounts"), 12345, 12345), 0);
    assert_string_equal(of("/home/overlay2/" LAYER "/diff/a", NULL), "");
    assert_int_equal(folder_make(at("/link"), 0755), 0);
    assert_int_equal(symlink(at("/docker/image"), at("/link/image")), 0);
    assert_string_equal(of("/link/overlay2/" LAYER "/diff/a", NULL), "");
    assert_int_equal(chown(at("/podman/overlay-containers/containers.json"), 12345, 12345), 0);
    assert_string_equal(of("/podman/overlay/" LAYER "/diff/a", NULL), "");
}

static void answers_are_kept_for_a_while(void **state)
{
    (void)state;
    need_root();
    assert_string_equal(of("/docker/overlay2/" LAYER3 "/diff/a", NULL), "");
    put("/docker/image/overlay2/layerdb/mounts/" TASK, "mount-id", LAYER3);
    assert_string_equal(of("/docker/overlay2/" LAYER3 "/diff/b", NULL), "");
    now_ms += 5000;
    assert_string_equal(of("/docker/overlay2/" LAYER3 "/diff/b", NULL), TASK);
}

/* What is too large or no file names nobody, and holds nobody up. */
static void broken_stores_name_nobody(void **state)
{
    (void)state;
    need_root();
    static char large[(1 << 20) + 200];
    int n = snprintf(large, sizeof(large), "[{\"id\":\"" SHOP "\",\"layer\":\"" LAYER "\"}");
    memset(large + n, ' ', sizeof(large) - (size_t)n - 2);
    large[sizeof(large) - 2] = ']';
    put("/large/overlay-containers", "containers.json", large);
    assert_string_equal(of("/large/overlay/" LAYER "/diff/a", NULL), "");
    put("/open/overlay-containers", "containers.json", "[{\"id\":\"" SHOP);
    assert_string_equal(of("/open/overlay/" LAYER "/diff/a", NULL), "");
    assert_int_equal(folder_make(at("/odd/image/overlay2/layerdb/mounts/" SHOP "/mount-id"), 0755),
                     0);
    put("/odd/image/overlay2/layerdb/mounts/" DATABASE, "mount-id", LAYER "x");
    assert_string_equal(of("/odd/overlay2/" LAYER "/diff/a", NULL), "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(layers_lead_to_containers),      TEST(a_layer_of_nobody_names_nobody),
        TEST(a_mount_point_may_name_it),      TEST(the_outermost_container_counts),
        TEST(only_what_is_roots_is_believed), TEST(answers_are_kept_for_a_while),
        TEST(broken_stores_name_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * File systems that others serve, and automount points, are not asked by host checks: they may
 * never answer. The table of mounts is a double here; it says of this host's own folders what they
 * are.
 */
#include "platform/mounts.h"
#include "source/checks/view.h"
#include "unit/cmocka_all.h"

#include <errno.h>

static struct {
    const char *point;
    enum mount_kind kind;
} foreign;

int mounts_read(struct mounts **out)
{
    *out = (struct mounts *)&foreign; /* only handed back */
    return 0;
}

void mounts_free(struct mounts *m)
{
    (void)m;
}

enum mount_kind mounts_of(const struct mounts *m, const char *path)
{
    size_t n = strlen(foreign.point);
    (void)m;
    return strncmp(path, foreign.point, n) == 0 && (path[n] == '\0' || path[n] == '/')
               ? foreign.kind
               : MOUNT_LOCAL;
}

enum mount_kind mounts_at(const struct mounts *m, const char *path)
{
    return strcmp(path, foreign.point) == 0 ? mounts_of(m, path) : MOUNT_NONE;
}

void mounts_below(const struct mounts *m, const char *path,
                  bool (*each)(void *ctx, const char *point, enum mount_kind kind), void *ctx)
{
    (void)m, (void)path, (void)each, (void)ctx;
}

/* Only linked, never asked here: the opener by path, and the watch. */
enum mount_kind mounts_now_of_id(int id)
{
    (void)id;
    return MOUNT_LOCAL;
}

int mounts_id_of(const struct mounts *m, const char *path)
{
    (void)m, (void)path;
    return -1;
}

const char *mounts_point_of(const struct mounts *m, const char *path)
{
    (void)m, (void)path;
    return "/";
}

const char *mounts_overlay_of(const struct mounts *m, const char *path)
{
    (void)m, (void)path;
    return NULL;
}

static void what_is_foreign_is_not_asked(void **state)
{
    (void)state;
    static const struct {
        const char *point;
        enum mount_kind kind;
        bool asked;
    } rows[] = {
        {"/nowhere", MOUNT_REMOTE, true},     {"/etc", MOUNT_REMOTE, false},
        {"/etc", MOUNT_PSEUDO, false}, /* an automounter */
        {"/etc/passwd", MOUNT_REMOTE, false}, {"/etc/pass", MOUNT_REMOTE, true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct checks_view view;
        struct file_info info;
        struct buf text = BUF_INIT(VIEW_FILE_MAX);
        struct view_paths paths = {0};
        foreign.point = rows[i].point;
        foreign.kind = rows[i].kind;
        checks_view_open(&view, "");
        int wanted = rows[i].asked ? 0 : -EXDEV;
        assert_int_equal(view_look(&view, "/etc/passwd", &info), wanted);
        assert_int_equal(view_look_through(&view, "/etc/passwd", &info), wanted);
        assert_int_equal(view_read(&view, "/etc/passwd", &text), wanted);
        view_glob(&view, "/e*/passw?", &paths);
        assert_int_equal(paths.n, rows[i].asked);
        view_paths_release(&paths);
        buf_release(&text);
        checks_view_close(&view);
    }
}

static void the_kernel_is_asked_by_name(void **state)
{
    (void)state;
    struct checks_view view;
    struct buf text = BUF_INIT(VIEW_FILE_MAX);
    foreign.point = "/proc";
    foreign.kind = MOUNT_PSEUDO;
    checks_view_open(&view, "");
    assert_int_equal(view_read(&view, "/proc/sys/kernel/osrelease", &text), 0);
    assert_true(text.n > 0);
    buf_release(&text);
    checks_view_close(&view);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_foreign_is_not_asked),
        cmocka_unit_test(the_kernel_is_asked_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

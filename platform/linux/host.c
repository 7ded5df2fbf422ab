#include "platform/host.h"

#include "platform/file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define TEXT_MAX      8192 /* of one file */
#define OS_TYPE_LINUX 200

/* dpkg's name of what this program was built for: the kernel may be another one's (i386 on amd64).
 */
#if defined(__x86_64__) && defined(__ILP32__)
#define ARCH "x32"
#elif defined(__x86_64__)
#define ARCH "amd64"
#elif defined(__i386__)
#define ARCH "i386"
#elif defined(__aarch64__)
#define ARCH "arm64"
#elif defined(__ARM_PCS_VFP)
#define ARCH "armhf"
#elif defined(__arm__)
#define ARCH "armel"
#elif defined(__powerpc64__) && defined(__LITTLE_ENDIAN__)
#define ARCH "ppc64el"
#elif defined(__s390x__)
#define ARCH "s390x"
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH "riscv64"
#elif defined(__loongarch64)
#define ARCH "loong64"
#elif defined(__mips64) && defined(__MIPSEL__)
#define ARCH "mips64el"
#else
#define ARCH ""
#endif

/* The file's beginning as a text; empty if it cannot be read. */
static void read_text(const char *root, const char *path, char *out, size_t size)
{
    char full[PATH_MAX];
    file_t f;
    out[0] = '\0';
    int n = snprintf(full, sizeof(full), "%s%s", root, path);
    if (n < 0 || (size_t)n >= sizeof(full) || file_open_trusted_path(full, &f, NULL) != 0)
        return;
    int64_t got = file_read_at(f, 0, out, size - 1);
    file_close(f);
    out[got > 0 ? got : 0] = '\0';
}

/* The first line without blanks around it. */
static void read_line(const char *root, const char *path, char *out, size_t size)
{
    char text[512];
    read_text(root, path, text, sizeof(text));
    const char *from = text + strspn(text, " \t");
    size_t n = strcspn(from, "\r\n");
    while (n > 0 && (from[n - 1] == ' ' || from[n - 1] == '\t'))
        n--;
    snprintf(out, size, "%.*s", (int)n, from);
}

/* A value of os-release: the shell's quotes around it, the shell's backslashes in it. */
static void unquote(const char *from, size_t n, char *out, size_t size)
{
    char quote = '\0';
    size_t length = 0;
    for (size_t i = 0; i < n && length + 1 < size; i++) {
        char c = from[i];
        if (quote == '\0' && (c == '"' || c == '\'')) {
            quote = c;
            continue;
        }
        if (c == quote) {
            quote = '\0';
            continue;
        }
        if (c == '\\' && quote != '\'' && i + 1 < n)
            c = from[++i];
        out[length++] = c;
    }
    out[length] = '\0';
}

static void take_release_line(const char *line, size_t n, struct host_info *h)
{
    const struct {
        const char *key;
        char *out;
        size_t size;
    } wanted[] = {
        {"NAME", h->os_name, sizeof(h->os_name)},
        {"ID", h->os_id, sizeof(h->os_id)},
        {"VERSION_ID", h->os_version, sizeof(h->os_version)},
        {"VERSION_CODENAME", h->os_codename, sizeof(h->os_codename)},
    };
    for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
        size_t key = strlen(wanted[i].key);
        if (n > key && line[key] == '=' && strncmp(line, wanted[i].key, key) == 0)
            unquote(line + key + 1, n - key - 1, wanted[i].out, wanted[i].size);
    }
}

static void read_release(const char *root, struct host_info *h)
{
    char text[TEXT_MAX];
    read_text(root, "/etc/os-release", text, sizeof(text)); /* mostly a link to the next */
    if (text[0] == '\0')
        read_text(root, "/usr/lib/os-release", text, sizeof(text));
    for (const char *line = text; *line;) {
        size_t n = strcspn(line, "\n");
        take_release_line(line, n > 0 && line[n - 1] == '\r' ? n - 1 : n, h);
        line += n + (line[n] == '\n');
    }
}

/* os-release says "12"; which point release it is only stands here. Others that come from Debian
 * have the file too, and it is not theirs that it names. */
static void read_debian_version(const char *root, struct host_info *h)
{
    char version[sizeof(h->os_version)];
    if (strcmp(h->os_id, "debian") != 0)
        return;
    read_line(root, "/etc/debian_version", version, sizeof(version));
    if (version[0] >= '0' && version[0] <= '9')
        memcpy(h->os_version, version, sizeof(version));
}

static void read_machine_id(const char *root, struct host_info *h)
{
    static const char *const paths[] = {"/etc/machine-id", "/var/lib/dbus/machine-id"};
    for (size_t i = 0; i < 2 && h->machine_id[0] == '\0'; i++) {
        read_line(root, paths[i], h->machine_id, sizeof(h->machine_id));
        /* "uninitialized" stands there before the first boot is over */
        if (strlen(h->machine_id) != 32 || strspn(h->machine_id, "0123456789abcdef") != 32)
            h->machine_id[0] = '\0';
    }
}

/* Of another root nobody knows what runs there, but its files may say it. */
static void read_kernel(const char *root, struct host_info *h)
{
    struct utsname u;
    if (root[0] == '\0' && uname(&u) == 0) {
        snprintf(h->hostname, sizeof(h->hostname), "%s", u.nodename);
        snprintf(h->kernel, sizeof(h->kernel), "%s", u.release);
        return;
    }
    read_line(root, "/proc/sys/kernel/osrelease", h->kernel, sizeof(h->kernel));
    read_line(root, "/etc/hostname", h->hostname, sizeof(h->hostname));
}

void host_read(const char *root, struct host_info *out)
{
    memset(out, 0, sizeof(*out));
    out->os_type_id = OS_TYPE_LINUX;
    snprintf(out->arch, sizeof(out->arch), "%s", ARCH);
    read_kernel(root, out);
    read_release(root, out);
    read_debian_version(root, out);
    read_machine_id(root, out);
    read_line(root, "/proc/sys/kernel/random/boot_id", out->boot_id, sizeof(out->boot_id));
}

/*
 * Whether the kernel that runs is the newest one of its kind that is installed, and whether the
 * host asks to be restarted: what is installed but does not run protects nobody.
 */
#ifndef SOURCE_PATCH_KERNEL_H
#define SOURCE_PATCH_KERNEL_H

#include "source/patch/packages.h"

enum kernel_state {
    KERNEL_UNKNOWN, /* no package holds it (containers, kernels of one's own) */
    KERNEL_CURRENT,
    KERNEL_OLD_RELEASE, /* another one of its flavour is newer */
    KERNEL_OLD_BUILD    /* its package was upgraded since it started */
};
extern const char *const kernel_state_names[];

struct patch_kernel {
    enum kernel_state state;
    char running[96], running_version[96]; /* "6.1.0-37-amd64", "6.1.140-1"; "" if not known */
    char newest[96], newest_version[96];   /* the same of the newest installed one */
    bool reboot_required;
    char reason[512]; /* packages that asked for it, apart by blanks */
};

/* release: of the running kernel. */
void patch_kernel_read(const char *host_root, const char *release, const struct packages *p,
                       struct patch_kernel *out);
/* Pure. build: the package's version by what the kernel says of itself, "" if it does not. */
void patch_kernel_judge(struct patch_kernel *k, const struct packages *p);
/* "... Debian 6.1.140-1 (2025-05-22)" of /proc/sys/kernel/version, "Ubuntu 5.15.0-100.110-generic
 * 5.15.143" of /proc/version_signature: the package's version, "" if it is none of these. */
void patch_kernel_version(struct span text, char *out, size_t size);

#endif

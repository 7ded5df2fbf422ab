/* What machine this is. Strings are NUL-terminated and cut to fit; unknown ones are empty. */
#ifndef PLATFORM_HOST_H
#define PLATFORM_HOST_H

#include <stdint.h>

struct host_info {
    char hostname[256];
    char machine_id[40];  /* /etc/machine-id; MachineGuid */
    char boot_id[40];     /* changes at every boot */
    char os_name[64];     /* "Debian GNU/Linux" */
    char os_id[32];       /* os-release ID: "debian" */
    char os_version[32];  /* "12.11", else VERSION_ID */
    char os_codename[32]; /* "bookworm" */
    char kernel[96];      /* running kernel's release */
    char arch[16];        /* dpkg's name: "amd64", "arm64", ... */
    int os_type_id;       /* OCSF os.type_id: 100 Windows, 200 Linux */
};

/* root: "" for the host itself, or a folder that holds another one's files (tests). */
void host_read(const char *root, struct host_info *out);

#endif

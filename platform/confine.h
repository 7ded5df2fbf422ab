/*
 * Rights that a role gives up by itself, for good, once what it needs is open: for what only starts
 * to be true after the start, and so cannot stand in the service manager's unit. Whoever gets to
 * run code of their own in the role is left with what the role still needs.
 *
 * What is refused fails with EPERM (EACCES where it is about files and ports), and the system's log
 * tells it where it can. A later reload works: the other services of platform/ keep open what they
 * would have to open again.
 *
 * Windows: mitigation policies (no programs, no libraries from a share or of low integrity).
 * Linux: seccomp (4.14 for its log) for all threads, Landlock (5.13; ports: 6.7) for the calling
 * thread and those that it starts. Their numbers are in seccomp(2) and landlock(7).
 */
#ifndef PLATFORM_CONFINE_H
#define PLATFORM_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum confine_never {
    CONFINE_SOCKETS = 1,  /* makes no socket; sends only through those that are connected */
    CONFINE_PROGRAMS = 2, /* starts no program and no process; threads it may */
    CONFINE_OTHERS = 4,   /* other processes: traces none, reads no memory, signals none */
    CONFINE_SYSTEM =
        8, /* mounts, name spaces, modules, bpf, clocks, keys, users, ports of devices */
    CONFINE_WATCHES = 16 /* opens no file by handle, watches no whole file system */
};

struct confine_path {
    const char *path; /* a folder means all below; not there yet: the nearest folder above */
    bool write;       /* also make, rename, remove; else only read */
};

struct confine {
    unsigned never; /* of confine_never */
    /* No other files than these and what the system's libraries read to resolve names and tell the
     * time; NULL: all files as before. */
    const struct confine_path *paths;
    size_t paths_n;
};

struct confine_result { /* in words */
    char in_force[256];
    char missing[256]; /* what the system has and refused, with its reason; empty if all is well */
};

/* What fails is told and the rest is still given up. What this system has no means for is missing
 * from in_force. */
void confine_self(const struct confine *c, struct confine_result *out);

/* From now on TCP is connected to these ports only, and none is listened at; adds that to *r.
 * Called once: ports that it takes away do not come back. Whether it is in force. */
bool confine_ports(const uint16_t *ports, size_t n, struct confine_result *r);

#endif

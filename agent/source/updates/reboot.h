/*
 * Whether Windows waits to be restarted: what is installed but does not run protects nobody. There
 * is no one place that says so; each part of the system that wants a restart leaves its own mark in
 * the registry.
 */
#ifndef SOURCE_UPDATES_REBOOT_H
#define SOURCE_UPDATES_REBOOT_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

#define REBOOT_MARKS_MAX 16

struct updates_reboot {
    size_t n; /* marks that are there */
    struct reboot_mark {
        const char *name; /* "CBS RebootPending" */
        bool of_updates;  /* left by the installation of an update, not by some program */
        size_t count;     /* files that wait to be renamed or removed; else 0 */
        char detail[200]; /* the first of them, or what a name will be; "" if there is none */
    } mark[REBOOT_MARKS_MAX];
};

void updates_reboot_read(struct updates_reboot *out);

/* "a, b": the names of the marks, cut to fit. */
void updates_reboot_names(const struct updates_reboot *r, char *out, size_t size);

#endif

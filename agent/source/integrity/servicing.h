/*
 * When Windows was serviced: the records of component based servicing (CBS), which the module
 * installer alone writes as long as nobody takes its keys over. Each update is a package,
 * HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\Packages\Package_for_*,
 * whose record is written last when all of its files are in place: at the end of an installation,
 * or after the restart that it asked for. A package that is not installed (staged, waiting for a
 * restart, superseded, removed) says nothing.
 *
 * Files are put in place before that. How long before it depends on the restart: some are at
 * shutdown, and the machine may stay off over a weekend.
 */
#ifndef SOURCE_INTEGRITY_SERVICING_H
#define SOURCE_INTEGRITY_SERVICING_H

#include "base/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SERVICING_PACKAGES_MAX 64               /* the last ones */
#define SERVICING_BEFORE_MS    (72 * 3600000ll) /* a record completes changes that old ... */
#define SERVICING_AFTER_MS     (10 * 60000)     /* ... and what is still tidied up after it */
#define SERVICING_GAP_MS       (15 * 60000)     /* packages that close together are one update */

struct servicing_package {
    char name[64];      /* "KB5012170", "RollupFix", "DotNetRollup" */
    char version[40];   /* "20348.2227.1.14"; "" if there is none */
    int64_t written_ms; /* wall clock: its record */
};

struct servicing {
    size_t n;
    struct servicing_package package[SERVICING_PACKAGES_MAX]; /* the oldest first */
};

/* Of a name, "Package_for_RollupFix~31bf3856ad364e35~amd64~~20348.2227.1.14"; what is too long is
 * cut. False: it is no update's. */
bool servicing_package_parse(struct span name, struct servicing_package *out);
void servicing_read(struct servicing *out);

/* Which packages completed a change of a moment (wall clock): a range of indices, first included,
 * end not. False: none. */
struct servicing_run {
    size_t first, end;
};
bool servicing_run_of(const struct servicing *s, int64_t changed_ms, struct servicing_run *out);

#endif

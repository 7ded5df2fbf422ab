/*
 * Asks dpkg's files which package a path belongs to and what it says of the content: for all
 * changes that are held, in one pass over the packages, a bounded piece at a time.
 *
 * A system whose /bin, /sbin and /lib are links into /usr has lists with either spelling: a list's
 * /bin/x also stands for /usr/bin/x.
 */
#ifndef SOURCE_INTEGRITY_OWNER_H
#define SOURCE_INTEGRITY_OWNER_H

#include "source/integrity/held.h"

struct owner_pass;
struct owner_pass *owner_pass_new(const char *host_root);
void owner_pass_free(struct owner_pass *p);

/* Begins a pass for what is in the table and waits. Only packages whose list was written since
 * since_ms (wall clock) are asked. */
void owner_pass_begin(struct owner_pass *p, struct helds *helds, int64_t since_ms, int64_t now_ms);
/* Goes on for about budget_ms; true when the pass is complete. */
bool owner_pass_run(struct owner_pass *p, int64_t budget_ms);
/* Monotonic: when the pass under way (or the last one) began; INT64_MIN: none ever did. */
int64_t owner_pass_began(const struct owner_pass *p);
bool owner_pass_under_way(const struct owner_pass *p);

/* One path, now, for at most budget_ms: which package lists it. */
enum owner_answer { OWNER_FOUND, OWNER_NONE, OWNER_TOOK_LONG };
enum owner_answer owner_of(const char *host_root, const char *path, int64_t budget_ms,
                           struct held_owner *out);
/* Whether it is a conffile; then out says of which package and with what content it came. */
bool owner_of_conffile(const char *host_root, const char *path, struct held_owner *out);

#endif

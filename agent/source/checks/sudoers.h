/*
 * sudoers(5) taken apart as far as checks ask: Defaults one by one, includes, and the lines that
 * grant something. Pure. Lines may go on behind a backslash; a line is cut at 16 KiB.
 */
#ifndef SOURCE_CHECKS_SUDOERS_H
#define SOURCE_CHECKS_SUDOERS_H

#include "base/span.h"

enum sudoers_kind { SUDOERS_DEFAULT, SUDOERS_INCLUDE, SUDOERS_INCLUDE_FOLDER, SUDOERS_GRANT };

struct sudoers_line {
    enum sudoers_kind kind;
    struct span name;  /* of a default, without "!"; path of an include; the whole grant */
    struct span value; /* of a default: behind =, += or -=; p == NULL: a flag */
    bool off;          /* !name */
    bool limited;      /* Defaults:user, @host, !command, >runas: not for everybody */
    int line;
};

typedef bool sudoers_fn(void *ctx, const struct sudoers_line *l);
void sudoers_parse(struct span text, sudoers_fn *each, void *ctx);
/* Does the grant carry the tag (NOPASSWD:)? */
bool sudoers_has_tag(struct span grant, struct span tag);

#endif

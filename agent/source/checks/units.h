/* What systemd's unit folders say of a unit; nobody is asked. */
#ifndef SOURCE_CHECKS_UNITS_H
#define SOURCE_CHECKS_UNITS_H

#include "source/checks/view.h"

struct unit_state {
    bool there; /* a unit file, or an init script of that name */
    bool masked;
    bool enabled;   /* something starts it at boot or on demand */
    char link[256]; /* why: the link that starts it, or the mask */
};

void unit_look(const struct checks_view *h, const char *name, struct unit_state *out);

#endif

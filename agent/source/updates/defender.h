/* How Microsoft Defender's antivirus is, from HKLM\SOFTWARE\Microsoft\Windows Defender. */
#ifndef SOURCE_UPDATES_DEFENDER_H
#define SOURCE_UPDATES_DEFENDER_H

#include <stdint.h>

enum defender_state {
    DEFENDER_ABSENT,
    DEFENDER_OFF,
    DEFENDER_PASSIVE,     /* another antivirus has its place */
    DEFENDER_NO_REALTIME, /* on, but it looks at nothing by itself */
    DEFENDER_ON
};
extern const char *const defender_state_names[];

struct updates_defender {
    enum defender_state state;
    char why[64];        /* the value that switches it off, or "" */
    char signatures[32]; /* version: "1.417.412.0" */
    char engine[32];
    int64_t updated_ms; /* signatures; 0: never, or not known */
};

void updates_defender_read(struct updates_defender *out);

#endif

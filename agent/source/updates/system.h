/* Which Windows this is, from HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion. */
#ifndef SOURCE_UPDATES_SYSTEM_H
#define SOURCE_UPDATES_SYSTEM_H

#include <stdint.h>

struct updates_system {
    char product[96];      /* "Windows 10 Pro", also on 11: Microsoft never changed it */
    char edition[48];      /* EditionID: "Professional", "EnterpriseS", "ServerStandard" */
    char release[24];      /* "22H2", of old ones "1809"; "" if there is none */
    char installation[24]; /* "Client", "Server", "Server Core" */
    uint32_t build;        /* 19045; 0: not known */
    uint32_t revision;     /* the update of it that runs (UBR): 3803 */
    int64_t installed_ms;  /* or upgraded to this build; 0: not known */
};

void updates_system_read(struct updates_system *out);

/* Which section of conf/support.ini its build stands in: releases of one build end at several
 * times. */
const char *updates_system_kind(const struct updates_system *s);

#endif

#include "source/integrity_severity.h"

#include "base/text.h"
#include "source/integrity_state.h"

#define CONTENT                                                                                    \
    (INTEGRITY_CREATED | INTEGRITY_DELETED | INTEGRITY_RENAMED | INTEGRITY_TYPE | INTEGRITY_CONTENT)
#define SECURITY (INTEGRITY_MODE | INTEGRITY_OWNER | INTEGRITY_SETUID)
#define ANY      (CONTENT | SECURITY)

static const struct {
    const char *pattern;
    unsigned change; /* any of these */
    enum event_severity severity;
} rows[] = {
    {"**", INTEGRITY_SETUID, SEVERITY_HIGH},
    {"/etc/ld.so.preload", ANY, SEVERITY_HIGH},
    {"/etc/passwd", ANY, SEVERITY_HIGH},
    {"/etc/shadow", ANY, SEVERITY_HIGH},
    {"/etc/group", ANY, SEVERITY_HIGH},
    {"/etc/gshadow", ANY, SEVERITY_HIGH},
    {"/etc/sudoers", ANY, SEVERITY_HIGH},
    {"/etc/sudoers.d/**", ANY, SEVERITY_HIGH},
    {"/etc/cron*", ANY, SEVERITY_HIGH},
    {"/etc/cron*/**", ANY, SEVERITY_HIGH},
    {"/etc/anacrontab", ANY, SEVERITY_HIGH},
    {"/var/spool/cron/**", ANY, SEVERITY_HIGH},
    {"/etc/pam.d/**", ANY, SEVERITY_HIGH},
    {"**/.ssh/authorized_keys*", ANY, SEVERITY_HIGH},
    {"**", ANY, SEVERITY_MEDIUM},
};

enum event_severity integrity_severity(const char *path, unsigned change)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].change & change && text_glob(rows[i].pattern, path))
            return rows[i].severity;
    return SEVERITY_LOW;
}

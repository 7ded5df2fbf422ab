#include "platform/login.h"

#include "platform/account.h"
#include "platform/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The audit login user: set at login and inherited, whoever the process becomes. */
static int login_uid(uint32_t *uid)
{
    char text[16] = "", *end;
    file_t f;
    if (file_open_read("/proc/self/loginuid", &f) != 0)
        return -1;
    int64_t got = file_read_at(f, 0, text, sizeof(text) - 1);
    file_close(f);
    unsigned long value = strtoul(text, &end, 10);
    if (got <= 0 || end == text || value >= UINT32_MAX) /* all ones: nobody logged in */
        return -1;
    *uid = (uint32_t)value;
    return 0;
}

void login_name(char *out, size_t size)
{
    uint32_t uid;
    const char *sudo = getenv("SUDO_USER");
    if (login_uid(&uid) == 0)
        account_user_name(uid, out, size);
    else if (sudo && sudo[0] && getuid() == 0)
        snprintf(out, size, "%s", sudo);
    else
        account_user_name(getuid(), out, size);
}

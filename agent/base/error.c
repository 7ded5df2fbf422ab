#include "base/error.h"

#include "platform/file.h"

#include <errno.h>
#include <stdarg.h>

int error_set(struct error *e, const char *format, ...)
{
    if (e) {
        va_list args;
        va_start(args, format);
        vsnprintf(e->text, sizeof(e->text), format, args);
        va_end(args);
    }
    return -1;
}

const char *error_text(int negative_errno)
{
    if (negative_errno == -EREMOTE)
        return "it lies on a network or FUSE file system, which may never answer";
    if (negative_errno == -EMLINK)
        return "it is a hard link that others than root could have made";
    /* glibc and the Windows run time both return text that stays valid for known numbers */
    return strerror(negative_errno < 0 ? -negative_errno : negative_errno);
}

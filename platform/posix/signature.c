#include "platform/signature.h"

#include <errno.h>

bool signature_is_known(void)
{
    return false;
}

int signature_of(const char *path, struct signature *out)
{
    (void)path;
    *out = (struct signature){.state = SIGNATURE_UNKNOWN};
    return -ENOSYS;
}

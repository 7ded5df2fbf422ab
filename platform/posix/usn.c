#include "platform/usn.h"

#include <errno.h>

int usn_volume(const char *path, char *out, size_t size)
{
    (void)path, (void)out, (void)size;
    return -ENOSYS;
}

int usn_open(const char *volume, struct usn **out)
{
    (void)volume;
    *out = NULL;
    return -ENOSYS;
}

void usn_close(struct usn *j)
{
    (void)j;
}

int usn_end(struct usn *j, struct usn_position *out)
{
    (void)j, (void)out;
    return -ENOSYS;
}

int usn_seek(struct usn *j, const struct usn_position *from)
{
    (void)j, (void)from;
    return -ENOSYS;
}

int usn_next(struct usn *j, struct usn_change *out)
{
    (void)j, (void)out;
    return 0;
}

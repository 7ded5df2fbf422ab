#include "platform/sockets.h"

#include <errno.h>

/* Not read yet: GetExtendedTcpTable and GetExtendedUdpTable have them. */
int sockets_open_to_others(struct open_socket *out, size_t max)
{
    (void)out;
    (void)max;
    return -ENOSYS;
}

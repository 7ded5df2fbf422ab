#include "platform/posix/background.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NICE 10 /* a tenth of what a process at 0 gets */

/* ioprio_set(2); the kernel's header that has these is younger than Debian 11's. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE        (3 << 13) /* the class, above the 13 bits of the level */

void background_enter(void)
{
    /* On Linux 0 means the calling thread in all three calls. */
    if (getpriority(PRIO_PROCESS, 0) < NICE)
        setpriority(PRIO_PROCESS, 0, NICE);
    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

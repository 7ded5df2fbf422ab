#include "platform/posix/background.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ioprio_set(2); the kernel's header that has these is younger than Debian 11's. */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE        (3 << 13) /* the class, above the 13 bits of the level */

void background_enter(void)
{
    /* On Linux 0 means the calling thread in all three calls. */
    struct sched_param none = {0};
    if (sched_setscheduler(0, SCHED_IDLE, &none) != 0)
        setpriority(PRIO_PROCESS, 0, 19);
    syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

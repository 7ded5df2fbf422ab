/*
 * A shared object for LD_PRELOAD that gives a program a wall clock of its own, which a test can
 * make jump while the program runs. CLOCK_REALTIME, time() and gettimeofday() are moved; monotonic
 * clocks and the times of files are the kernel's. From the environment:
 *
 *   VIGIA_CLOCK_FILE   a file whose first eight bytes are the offset in seconds (a signed number in
 * the machine's byte order). It is mapped at the start, so that a program that gives up opening
 * files sees each change at once; without it, or if it is shorter, the clock is the kernel's
 *
 * Calls go to the kernel directly: this costs more than the vDSO, and is right in all programs.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset; /* NULL: none */

__attribute__((constructor)) static void map_offset(void)
{
    const char *path = getenv("VIGIA_CLOCK_FILE");
    struct stat info;
    int fd = path ? (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    if (fstat(fd, &info) == 0 && info.st_size >= (off_t)sizeof(*offset)) {
        void *map = mmap(NULL, sizeof(*offset), PROT_READ, MAP_SHARED, fd, 0);
        offset = map == MAP_FAILED ? NULL : map;
    }
    close(fd);
}

static time_t seconds_ahead(void)
{
    return offset ? (time_t)*offset : 0;
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
    long rc = syscall(SYS_clock_gettime, clock, t);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        t->tv_sec += seconds_ahead();
    return (int)rc;
}

int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *t = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out)
        *out = now.tv_sec;
    return now.tv_sec;
}

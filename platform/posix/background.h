/* What each Unix does differently for a background thread. */
#ifndef PLATFORM_POSIX_BACKGROUND_H
#define PLATFORM_POSIX_BACKGROUND_H

/* Gives the calling thread the lowest CPU and I/O priority that it is allowed to take. */
void background_enter(void);

#endif

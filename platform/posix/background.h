/* What each Unix does differently for a background thread. */
#ifndef PLATFORM_POSIX_BACKGROUND_H
#define PLATFORM_POSIX_BACKGROUND_H

/* Gives the calling thread idle I/O priority and a low one for the CPU. Not the lowest: a thread
 * that runs only when nobody else wants to is stopped by whoever keeps the processors busy. */
void background_enter(void);

#endif

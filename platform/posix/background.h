/* What each Unix does differently for a background thread. */
#ifndef PLATFORM_POSIX_BACKGROUND_H
#define PLATFORM_POSIX_BACKGROUND_H

/* Gives the calling thread a low CPU and I/O priority. Not the lowest: a thread that runs only when
 * nobody else wants to is stopped by anybody who keeps the processors busy. */
void background_enter(void);

#endif

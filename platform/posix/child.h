/* What each Unix does differently when a role is started. */
#ifndef PLATFORM_POSIX_CHILD_H
#define PLATFORM_POSIX_CHILD_H

#include <stdbool.h>

/* Called in the new process before exec: from now on it dies with its parent. False if the parent
 * is gone already. On Linux it is the thread that started it whose end counts. */
bool child_bind_to_parent(int parent);

#endif

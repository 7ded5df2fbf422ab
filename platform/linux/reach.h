/*
 * Opening by path without ever waiting for a file system that others serve (network, FUSE): one
 * that does not answer would hold whoever so much as looks at a file in it. Linux only.
 */
#ifndef PLATFORM_LINUX_REACH_H
#define PLATFORM_LINUX_REACH_H

#include <stdbool.h>

enum reach_how {                          /* bits. Links on the way are -ELOOP, unless: */
                 REACH_TRUSTED_LINKS = 1, /* followed where nobody but root can have made them */
                 REACH_ANY_LINKS = 2,
                 REACH_ANYWHERE = 4 /* whatever file system it is */
};

/*
 * A descriptor of what path names, or a negative errno value; flags as of open(2), O_CLOEXEC is
 * added; with O_NOFOLLOW a link in the last part is not followed. -EREMOTE: that file system is not
 * asked anything. The one that holds the root folder is always entered, whatever it is. With O_PATH
 * nothing is opened, only looked at.
 */
int reach(const char *path, int flags, unsigned how);
/* An entry of an open folder, never through a link. remote: enter what is mounted there anyhow. */
int reach_in(int folder, const char *name, int flags, bool remote);
/* What an O_PATH descriptor stands for, now to be read. */
int reach_again(int fd, int flags);
/* Whether an open file (O_PATH will do) lies on a network or FUSE file system. Asks nothing of it.
 */
bool reach_is_remote(int fd);

#endif

/*
 * Opens files and folders so that nothing on the way leads elsewhere: part by part, each relative
 * to the handle of the one before, and no reparse point (link, junction, mount point) followed. A
 * link to a share, which would make this host log on to somebody's server, is never touched.
 *
 * Handles come with the right to share everything: nobody else is kept from reading, writing,
 * renaming or deleting.
 */
#ifndef PLATFORM_WINDOWS_REACH_H
#define PLATFORM_WINDOWS_REACH_H

#include "platform/windows/handle.h"

enum reach_kind {
    REACH_ANY,    /* whatever it is; a reparse point itself */
    REACH_FILE,   /* -EISDIR for a folder, -ELOOP for a reparse point */
    REACH_FOLDER, /* -ENOTDIR for a file, -ELOOP for a reparse point */
};

enum reach_flags {
    REACH_REMOTE = 1, /* network drives and shares too, else -EREMOTE */
    REACH_BESIDE = 2, /* what is read goes on beside the program: OVERLAPPED */
};

/* path as path_wide() gives it. access: FILE_READ_ATTRIBUTES and the like. */
int reach(const wchar_t *path, enum reach_kind kind, ACCESS_MASK access, unsigned flags,
          HANDLE *out);
int reach_path(const char *path, enum reach_kind kind, ACCESS_MASK access, unsigned flags,
               HANDLE *out);
/* One name below an open folder; -EINVAL if it is more than a name. */
int reach_in(HANDLE folder, const wchar_t *name, enum reach_kind kind, ACCESS_MASK access,
             unsigned flags, HANDLE *out);

#endif

/*
 * Opens files and folders so that nothing on the way leads elsewhere: part by part, each relative
 * to the handle of the one before, and no reparse point (link, junction, mount point) followed.
 *
 * Handles come with the right to share everything: nobody else is kept from reading, writing,
 * renaming or deleting.
 */
#ifndef PLATFORM_WINDOWS_REACH_H
#define PLATFORM_WINDOWS_REACH_H

#include "platform/file.h"

#include <windows.h>

enum reach_kind {
    REACH_ANY,    /* whatever it is; a reparse point itself */
    REACH_FILE,   /* -EISDIR for a folder, -ELOOP for a reparse point */
    REACH_FOLDER, /* -ENOTDIR for a file, -ELOOP for a reparse point */
};

enum { REACH_REMOTE = 1 }; /* network drives too, else -EREMOTE */

/* path as wide.h takes them. access: FILE_READ_ATTRIBUTES and the like. */
int reach(const char *path, enum reach_kind kind, ACCESS_MASK access, int flags, HANDLE *out);
/* One name below an open folder. */
int reach_in(HANDLE folder, const wchar_t *name, enum reach_kind kind, ACCESS_MASK access,
             HANDLE *out);

/* A folder for ReadDirectoryChangesW, and what it is. */
int reach_for_news(const char *path, HANDLE *out, struct file_info *info);
/* Ends the read that goes on, and closes the folder (INVALID_HANDLE_VALUE: nothing). */
void end_news(HANDLE folder, OVERLAPPED *read);

int info_of_handle(HANDLE h, struct file_info *info);

#endif

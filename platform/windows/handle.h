/* What is known of an open file or folder; for platform/windows only. */
#ifndef PLATFORM_WINDOWS_HANDLE_H
#define PLATFORM_WINDOWS_HANDLE_H

#include "platform/file.h"
#include "platform/windows/path.h"

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* Windows has no owner numbers: 0. The mode is made up: what others may do stands there for group
 * and others, the attribute "read-only" as the owner's missing w. The handle should have been
 * opened with READ_CONTROL. */
int handle_info(HANDLE h, struct file_info *info);
enum file_type type_of_attributes(DWORD attributes, DWORD reparse_tag);
/* A link's target as the agent writes paths; length, or a negative errno value. */
int handle_link(HANDLE h, char *out, size_t size);
/* The path that the handle really leads to, all links followed. */
int handle_path(HANDLE h, wchar_t out[PATH_WIDE_MAX]);

#endif

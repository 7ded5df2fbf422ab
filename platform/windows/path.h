/*
 * Paths and errors between the agent and Windows; for platform/windows only. How a path is written
 * stands in platform/file.h. Names are UTF-16 that need not be well-formed: a lone surrogate is
 * kept as its three bytes (WTF-8), so every name that Windows has comes and goes unchanged.
 */
#ifndef PLATFORM_WINDOWS_PATH_H
#define PLATFORM_WINDOWS_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <windows.h>

#define PATH_WIDE_MAX 5120 /* wchar_t: 4096 of the path, the root in front, the prefix */
#define PATH_DRIVE_N  7    /* of "\\\\?\\C:\\" */

/* The path as the system takes it, with the prefix that lifts the limit of 260 and leaves names as
 * they are; 0, or a negative errno value. */
int path_wide(const char *path, wchar_t out[PATH_WIDE_MAX]);
/* A text of n bytes; length, NUL-terminated, or a negative errno value. */
int wide_of_text(const char *text, size_t n, wchar_t *out, size_t max);
/* The way back; length, NUL-terminated, or a negative errno value. */
int text_of_wide(const wchar_t *w, size_t n, char *out, size_t size);
/* Whether it is "\\?\UNC\server\share"; of what path_wide() gave. */
bool path_is_share(const wchar_t *path);
bool path_is_remote(const wchar_t *path); /* a share or a network drive */
/* A path of the system's (with or without its prefix) as the agent writes it; as text_of_wide. */
int text_of_path(const wchar_t *w, char *out, size_t size);
int path_of_text(char *path); /* the same of one that is UTF-8 already, in its place; length */

/* Of GetLastError(); negative. */
int errno_of_error(DWORD error);
int errno_of_last(void);
int errno_of_status(LONG status); /* of a call of the kernel, NTSTATUS */

#endif

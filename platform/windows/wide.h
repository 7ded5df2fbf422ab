/*
 * Between this program's texts (UTF-8, folders divided by '/') and those of Windows (UTF-16, "\\?\"
 * paths without a limit of 260). A name that is no valid UTF-16 keeps its lone halves of pairs,
 * each in three bytes (WTF-8), so that every file can be named and opened again.
 *
 * Paths, as the rest of the program writes them:
 *   /C:/Windows/x, C:/Windows/x, C:\Windows\x   a drive
 *   /etc/vigia/vigia.ini                        below %ProgramData%\Vigia: what belongs to the
 * program rules.d/x                                   below the current folder
 * "." and empty parts go, ".." is refused (-EINVAL): nothing may lead out of where it was said to
 * be.
 */
#ifndef PLATFORM_WINDOWS_WIDE_H
#define PLATFORM_WINDOWS_WIDE_H

#include <stddef.h>
#include <wchar.h>

#define WIDE_MAX 4300 /* characters of a path, with what comes before it */

/* Length, NUL-terminated; -ENAMETOOLONG, or -EILSEQ for what is no UTF-8. */
int wide_of_text(const char *text, wchar_t *out, size_t size);
/* Length, NUL-terminated; -ENAMETOOLONG. n: characters of from. */
int text_of_wide(const wchar_t *from, size_t n, char *out, size_t size);

/* "\\?\C:\Windows\x", length. */
int wide_path(const char *path, wchar_t out[WIDE_MAX]);

/* What GetLastError() gave, as a negative errno value. */
int windows_error(unsigned long code);

#endif

/*
 * One folder whose changes the system tells (ReadDirectoryChangesW), for notify.c and watch.c. Many
 * share one event, which is set when there may be something to take. Who shares it clears it before
 * asking all of them, and never otherwise. One thread opens and takes.
 */
#ifndef PLATFORM_WINDOWS_CHANGES_H
#define PLATFORM_WINDOWS_CHANGES_H

#include "platform/windows/handle.h"

struct changes;
int changes_open(const wchar_t *folder, bool tree, HANDLE event, struct changes **out);
/* The next record: 1; 0: none now; -EOVERFLOW: some were lost; else the folder is gone, for good.
 */
int changes_take(struct changes *c, const FILE_NOTIFY_INFORMATION **out);
bool changes_is_same_folder(const struct changes *c, const wchar_t *folder);
void changes_close(struct changes *c);

#endif

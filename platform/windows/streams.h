/* Alternate data streams of an open file or folder; for platform/windows only. */
#ifndef PLATFORM_WINDOWS_STREAMS_H
#define PLATFORM_WINDOWS_STREAMS_H

#include "platform/walk.h"

#include <windows.h>

/* Hands each on as walk_attributes says; a file system without streams has none. */
void streams_each(HANDLE h, walk_attribute_fn *each, void *ctx);

#endif

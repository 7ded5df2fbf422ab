/* What the files of platform/registry.h share; for platform/windows only. */
#ifndef PLATFORM_WINDOWS_REGISTRY_H
#define PLATFORM_WINDOWS_REGISTRY_H

#include "platform/registry.h"

#include <windows.h>

/* The hive that a path begins with, and what follows it (maybe nothing). */
bool registry_hive(const char *path, HKEY *hive, const char **rest);
REGSAM registry_sam(enum registry_view view);

#endif

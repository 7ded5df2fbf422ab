#include "platform/library.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <string.h>
#include <windows.h>

int library_load(const char *file, const struct library_symbol *symbols)
{
    wchar_t name[MAX_PATH];
    HMODULE handle = wide_of_text(file, strlen(file), name, MAX_PATH) > 0
                         ? LoadLibraryExW(name, NULL, LOAD_LIBRARY_SEARCH_SYSTEM32)
                         : NULL;
    if (!handle)
        return -ENOSYS;
    for (const struct library_symbol *s = symbols; s->name; s++) {
        if (!GetProcAddress(handle, s->name)) {
            FreeLibrary(handle);
            return -ENOSYS;
        }
    }
    for (const struct library_symbol *s = symbols; s->name; s++) {
        FARPROC found = GetProcAddress(handle, s->name);
        memcpy(s->at, &found, sizeof(found));
    }
    return 0;
}

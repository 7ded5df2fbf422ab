#include "platform/library.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

int library_load(const char *file, const struct library_symbol *symbols)
{
    void *handle = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (!handle)
        return -ENOSYS;
    for (const struct library_symbol *s = symbols; s->name; s++) {
        if (!dlsym(handle, s->name)) {
            dlclose(handle);
            return -ENOSYS;
        }
    }
    for (const struct library_symbol *s = symbols; s->name; s++) {
        void *found = dlsym(handle, s->name);
        memcpy(s->at, &found, sizeof(found));
    }
    return 0;
}

#include "source/integrity/program.h"

#include "platform/signature.h"

static bool ends_in(struct span path, const char *end)
{
    size_t n = strlen(end);
    for (size_t i = 0; i < n; i++) {
        char c = path.n > n ? path.p[path.n - n + i] : '\0';
        if (c != end[i] && !(c >= 'A' && c <= 'Z' && c - 'A' + 'a' == end[i]))
            return false;
    }
    return true;
}

bool integrity_is_signable(struct span path)
{
    static const char *const ends[] = {".exe", ".dll", ".sys", ".ocx", ".cpl",
                                       ".scr", ".drv", ".efi", ".com"};
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]) && signature_is_known(); i++)
        if (ends_in(path, ends[i]))
            return true;
    return false;
}

#include "platform/login.h"

#include "platform/windows/path.h"

#include <windows.h>

void login_name(char *out, size_t size)
{
    wchar_t name[257];
    DWORD n = 257;
    out[0] = '\0';
    if (GetUserNameW(name, &n) && n > 0)
        text_of_wide(name, n - 1, out, size);
}

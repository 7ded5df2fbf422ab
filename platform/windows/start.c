/* Before main: words in UTF-8, output as it is written, libraries from the system's folder only. */
#include "platform/windows/path.h"

#include <stdio.h>
#include <stdlib.h>

/* of fcntl.h and io.h, which use what is banned */
#define BINARY 0x8000
_CRTIMP int __cdecl _setmode(int file, int mode);
int main(int argc, char **argv);
int wmain(int argc, wchar_t **words);

static char *word_of(const wchar_t *wide)
{
    size_t size = wcslen(wide) * 3 + 5;
    char *word = calloc(1, size);
    if (!word || text_of_wide(wide, wcslen(wide), word, size) < 0)
        abort();
    return word;
}

int wmain(int argc, wchar_t **words)
{
    SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32);
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    SetConsoleOutputCP(CP_UTF8);
    _setmode(1, BINARY);
    _setmode(2, BINARY);
    char **argv = calloc((size_t)argc + 1, sizeof(*argv));
    if (!argv)
        abort();
    for (int i = 0; i < argc; i++)
        argv[i] = word_of(words[i]);
    return main(argc, argv);
}

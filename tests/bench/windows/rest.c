/*
 * The floor for what a program at rest costs: loads the libraries that are named, tells the number
 * of its process, and waits for ever in the way of a service, with a second thread for the service
 * control manager.
 */
#include <stdio.h>
#include <windows.h>

static DWORD WINAPI wait_too(void *event)
{
    WaitForSingleObject(event, INFINITE);
    return 0;
}

int wmain(int argc, wchar_t **argv);

int wmain(int argc, wchar_t **argv)
{
    HANDLE events[2] = {CreateEventW(NULL, TRUE, FALSE, NULL),
                        CreateEventW(NULL, TRUE, FALSE, NULL)};
    for (int i = 1; i < argc; i++)
        LoadLibraryW(argv[i]);
    CloseHandle(CreateThread(NULL, 0, wait_too, events[0], 0, NULL));
    printf("%lu\n", GetCurrentProcessId());
    fflush(stdout);
    WaitForMultipleObjects(2, events, FALSE, INFINITE);
    return 0;
}

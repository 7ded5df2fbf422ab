/* GetVersionEx says what a program's manifest claims to know; RtlGetVersion says what there is. */
#include "platform/host.h"

#include "platform/windows/path.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

#define OS_TYPE_WINDOWS 100   /* OCSF os.type_id */
#define FIRST_OF_11     22000 /* its build; the registry still calls it 10 */
#define VERSION_KEY     L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"

NTSYSAPI LONG NTAPI RtlGetVersion(OSVERSIONINFOW *out);

/* Of the 64-bit view, whatever this program is. */
static void read_text(const wchar_t *key, const wchar_t *name, char *out, size_t size)
{
    wchar_t value[256];
    DWORD n = sizeof(value);
    if (RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL,
                     value, &n) != ERROR_SUCCESS ||
        text_of_wide(value, wcslen(value), out, size) < 0)
        out[0] = '\0';
}

static unsigned read_number(const wchar_t *key, const wchar_t *name)
{
    DWORD value = 0, n = sizeof(value);
    RegGetValueW(HKEY_LOCAL_MACHINE, key, name, RRF_RT_REG_DWORD | RRF_SUBKEY_WOW6464KEY, NULL,
                 &value, &n);
    return (unsigned)value;
}

/* Nothing names a boot; the moment of it, to ten seconds, does. */
static void name_boot(char *out, size_t size)
{
    FILETIME now;
    GetSystemTimeAsFileTime(&now);
    uint64_t ms = ((uint64_t)now.dwHighDateTime << 32 | now.dwLowDateTime) / 10000;
    snprintf(out, size, "%llu", (unsigned long long)((ms - GetTickCount64() + 5000) / 10000));
}

void host_read(const char *root, struct host_info *out)
{
    wchar_t name[256];
    DWORD n = 256;
    OSVERSIONINFOW version = {.dwOSVersionInfoSize = sizeof(version)};
    *out = (struct host_info){.os_type_id = OS_TYPE_WINDOWS, .os_id = "windows", .arch = "amd64"};
    if (root[0])
        return; /* a folder says nothing of the system that it was copied from */
    if (GetComputerNameExW(ComputerNamePhysicalDnsHostname, name, &n))
        text_of_wide(name, n, out->hostname, sizeof(out->hostname));
    read_text(L"SOFTWARE\\Microsoft\\Cryptography", L"MachineGuid", out->machine_id,
              sizeof(out->machine_id));
    name_boot(out->boot_id, sizeof(out->boot_id));
    read_text(VERSION_KEY, L"ProductName", out->os_name, sizeof(out->os_name));
    read_text(VERSION_KEY, L"DisplayVersion", out->os_codename, sizeof(out->os_codename));
    RtlGetVersion(&version);
    if (version.dwBuildNumber >= FIRST_OF_11 && strncmp(out->os_name, "Windows 10", 10) == 0)
        out->os_name[9] = '1';
    snprintf(out->os_version, sizeof(out->os_version), "%lu.%lu.%lu.%u", version.dwMajorVersion,
             version.dwMinorVersion, version.dwBuildNumber, read_number(VERSION_KEY, L"UBR"));
    snprintf(out->kernel, sizeof(out->kernel), "%s", out->os_version);
}

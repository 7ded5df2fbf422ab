#include "platform/machine.h"

#include "platform/windows/path.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PROVIDER 0x52534d42 /* 'RSMB' */
#define HEAD     8          /* RawSMBIOSData before the table; its last four bytes: its length */

int machine_smbios(uint8_t *out, size_t max)
{
    UINT size = GetSystemFirmwareTable(PROVIDER, 0, NULL, 0);
    uint32_t n;
    if (size < HEAD || size - HEAD > max)
        return size == 0 ? errno_of_last() : -EINVAL;
    uint8_t *raw = calloc(1, size);
    UINT got = raw ? GetSystemFirmwareTable(PROVIDER, 0, raw, size) : 0;
    int rc = -EIO;
    if (got >= HEAD && got <= size) {
        memcpy(&n, raw + HEAD - sizeof(n), sizeof(n));
        n = n < got - HEAD ? n : got - HEAD;
        memcpy(out, raw + HEAD, n);
        rc = (int)n;
    }
    free(raw);
    return rc;
}

uint64_t machine_memory(void)
{
    MEMORYSTATUSEX status = {.dwLength = sizeof(status)};
    return GlobalMemoryStatusEx(&status) ? status.ullTotalPhys : 0;
}

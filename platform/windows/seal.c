#include "platform/seal.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <windows.h>

#include <dpapi.h>

/* The machine's key, since enrolling and delivering are two accounts; and nobody is asked anything.
 */
#define FLAGS (CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN)

static DATA_BLOB blob_of(const void *p, size_t n)
{
    return (DATA_BLOB){(DWORD)n, (BYTE *)(uintptr_t)p};
}

/* Takes what Windows has allocated. */
static int hand_over(DATA_BLOB *from, void *out, size_t size)
{
    int n = from->cbData <= size && from->cbData <= INT_MAX ? (int)from->cbData : -ENOSPC;
    if (n > 0)
        memcpy(out, from->pbData, from->cbData);
    SecureZeroMemory(from->pbData, from->cbData);
    LocalFree(from->pbData);
    return n;
}

int seal_wrap(const void *secret, size_t n, void *out, size_t size)
{
    DATA_BLOB from = blob_of(secret, n), to = {0};
    if (n > INT_MAX || !CryptProtectData(&from, L"Vigia", NULL, NULL, NULL, FLAGS, &to))
        return -ENOTSUP;
    return hand_over(&to, out, size);
}

int seal_unwrap(const void *wrapped, size_t n, void *out, size_t size)
{
    DATA_BLOB from = blob_of(wrapped, n), to = {0};
    if (n > INT_MAX || !CryptUnprotectData(&from, NULL, NULL, NULL, NULL, FLAGS, &to))
        return -EBADMSG;
    return hand_over(&to, out, size);
}

#include "platform/windows/rights.h"

#include "platform/windows/path.h"

#include <sddl.h>
#include <string.h>

#define DESCRIPTOR_MAX 8192
#define READS          (FILE_READ_DATA | GENERIC_READ | GENERIC_ALL)
#define CHANGES                                                                                    \
    (FILE_WRITE_DATA | FILE_APPEND_DATA | WRITE_DAC | WRITE_OWNER | GENERIC_WRITE | GENERIC_ALL)

/* P: nothing comes from the folder above. OICI: what is made in the folder gets the same. */
#define ONLY_FOLDER L"D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;OW)"
#define ONLY_FILE   L"D:P(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)"
/* Not P: beside these, who has a right to the folder's files. */
#define SHARED_FILE L"D:(A;;FA;;;SY)(A;;FA;;;BA)(A;;FA;;;OW)"

int rights_of_mode(uint32_t mode, bool folder, struct rights *out)
{
    *out = (struct rights){.attributes.nLength = sizeof(out->attributes)};
    if (mode & (folder ? 04 : 044))
        return 0;
    if (!ConvertStringSecurityDescriptorToSecurityDescriptorW(
            folder                 ? ONLY_FOLDER
            : mode & RIGHTS_SHARED ? SHARED_FILE
                                   : ONLY_FILE,
            SDDL_REVISION_1, &out->attributes.lpSecurityDescriptor, NULL))
        return errno_of_last();
    return 0;
}

SECURITY_ATTRIBUTES *rights_attributes(struct rights *r)
{
    return r->attributes.lpSecurityDescriptor ? &r->attributes : NULL;
}

void rights_release(struct rights *r)
{
    LocalFree(r->attributes.lpSecurityDescriptor);
}

/* Accounts of services, S-1-5-80-...: TrustedInstaller, whose the system's own files are, and
 * VigiaShip. */
static bool is_trusted_service(PSID sid)
{
    static const DWORD known[][6] = {
        {80, 956008885, 3418522649, 1831038044, 1853292631, 2271478464},
        {80, 2595160, 1220915176, 2712209952, 2358965347, 1014765419},
    };
    const SID_IDENTIFIER_AUTHORITY nt = SECURITY_NT_AUTHORITY;
    if (*GetSidSubAuthorityCount(sid) != 6 ||
        memcmp(GetSidIdentifierAuthority(sid), &nt, sizeof(nt)) != 0)
        return false;
    for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++) {
        DWORD same = 0;
        while (same < 6 && *GetSidSubAuthority(sid, same) == known[k][same])
            same++;
        if (same == 6)
            return true;
    }
    return false;
}

static bool is_privileged(PSID sid, PSID owner)
{
    return IsWellKnownSid(sid, WinLocalSystemSid) ||
           IsWellKnownSid(sid, WinBuiltinAdministratorsSid) ||
           IsWellKnownSid(sid, WinCreatorOwnerRightsSid) || (owner && EqualSid(sid, owner)) ||
           is_trusted_service(sid);
}

static uint32_t allowed_by(PACL list, PSID owner)
{
    uint32_t bits = 0;
    for (DWORD i = 0; i < list->AceCount; i++) {
        void *entry;
        if (!GetAce(list, i, &entry))
            return 04;
        ACCESS_ALLOWED_ACE *ace = entry;
        if (ace->Header.AceFlags & INHERIT_ONLY_ACE ||
            (ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE &&
             ace->Header.AceType != ACCESS_ALLOWED_CALLBACK_ACE_TYPE) ||
            is_privileged(&ace->SidStart, owner))
            continue;
        bits |= (ace->Mask & READS ? 04u : 0) | (ace->Mask & CHANGES ? 02u : 0);
    }
    return bits;
}

uint32_t rights_of_others(HANDLE h)
{
    _Alignas(8) unsigned char descriptor[DESCRIPTOR_MAX];
    DWORD n;
    PSID owner = NULL;
    PACL list = NULL;
    BOOL present = FALSE, by_default;
    if (!GetKernelObjectSecurity(h, OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION,
                                 descriptor, sizeof(descriptor), &n) ||
        !GetSecurityDescriptorOwner(descriptor, &owner, &by_default) ||
        !GetSecurityDescriptorDacl(descriptor, &present, &list, &by_default))
        return 04;
    return present && list ? allowed_by(list, owner) : 06; /* no list: everybody may do all */
}

static bool is_self(PSID sid)
{
    _Alignas(8) unsigned char user[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
    HANDLE token;
    DWORD n;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token))
        return false;
    bool same = GetTokenInformation(token, TokenUser, user, sizeof(user), &n) &&
                EqualSid(sid, ((TOKEN_USER *)user)->User.Sid);
    CloseHandle(token);
    return same;
}

bool rights_owner_is_trusted(HANDLE h)
{
    _Alignas(8) unsigned char descriptor[DESCRIPTOR_MAX];
    DWORD n;
    PSID owner = NULL;
    BOOL by_default;
    return GetKernelObjectSecurity(h, OWNER_SECURITY_INFORMATION, descriptor, sizeof(descriptor),
                                   &n) &&
           GetSecurityDescriptorOwner(descriptor, &owner, &by_default) && owner &&
           (is_privileged(owner, NULL) || is_self(owner));
}

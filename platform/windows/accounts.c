/* By NetQueryDisplayInformation and its kin (lmaccess.h). Members are asked for as SIDs alone:
 * their names may stand with a domain that does not answer. */
#include "platform/accounts.h"

#include "platform/library.h"
#include "platform/windows/path.h"

#include <errno.h>
#include <lm.h>
#include <ntsecapi.h>
#include <sddl.h>
#include <stdio.h>
#include <string.h>

#define PIECE      100 /* users a call, as many as there are in one at most */
#define PIECES_MAX 256
#define ROOM       (64 * 1024)

static struct {
    NET_API_STATUS(WINAPI *users)
    (LPCWSTR server, DWORD level, DWORD index, DWORD n, DWORD room, LPDWORD got, PVOID *out);
    NET_API_STATUS(WINAPI *user)(LPCWSTR server, LPCWSTR name, DWORD level, LPBYTE *out);
    NET_API_STATUS(WINAPI *groups)
    (LPCWSTR server, DWORD level, LPBYTE *out, DWORD room, LPDWORD got, LPDWORD all, PDWORD_PTR at);
    NET_API_STATUS(WINAPI *members)
    (LPCWSTR server, LPCWSTR group, DWORD level, LPBYTE *out, DWORD room, LPDWORD got, LPDWORD all,
     PDWORD_PTR at);
    NET_API_STATUS(WINAPI *release)(LPVOID buffer);
} net;

static int load(void)
{
    static const struct library_symbol symbols[] = {
        {"NetQueryDisplayInformation", &net.users}, {"NetUserGetInfo", &net.user},
        {"NetLocalGroupEnum", &net.groups},         {"NetLocalGroupGetMembers", &net.members},
        {"NetApiBufferFree", &net.release},         {NULL, NULL}};
    return net.release ? 0 : library_load("netapi32.dll", symbols);
}

static bool take_name(const wchar_t *wide, char out[ACCOUNT_NAME_MAX])
{
    return wide && text_of_wide(wide, wcslen(wide), out, ACCOUNT_NAME_MAX) > 0;
}

/* ---- users ---- */

static unsigned flags_of(DWORD flags)
{
    static const struct {
        DWORD theirs;
        unsigned ours;
    } rows[] = {{UF_ACCOUNTDISABLE, ACCOUNT_DISABLED},
                {UF_LOCKOUT, ACCOUNT_LOCKED},
                {UF_PASSWD_NOTREQD, ACCOUNT_NO_PASSWORD},
                {UF_DONT_EXPIRE_PASSWD, ACCOUNT_PASSWORD_STAYS}};
    unsigned out = 0;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        out |= flags & rows[i].theirs ? rows[i].ours : 0;
    return out;
}

static int64_t last_logon_of(const wchar_t *name)
{
    BYTE *info = NULL;
    int64_t at = 0;
    if (net.user(NULL, name, 3, &info) == NERR_Success && info)
        at = ((const USER_INFO_3 *)(const void *)info)->usri3_last_logon;
    if (info)
        net.release(info);
    return at;
}

int accounts_users(bool (*each)(void *ctx, const struct local_user *u), void *ctx)
{
    DWORD from = 0, asked = 0, rc = load() == 0 ? ERROR_MORE_DATA : ERROR_NOT_SUPPORTED;
    for (int piece = 0; piece < PIECES_MAX && rc == ERROR_MORE_DATA; piece++) {
        NET_DISPLAY_USER *all = NULL;
        DWORD n = 0;
        rc = net.users(NULL, 1, from, PIECE, ROOM, &n, (void **)&all);
        for (DWORD i = 0; all && i < n; i++) {
            struct local_user u = {.rid = all[i].usri1_user_id,
                                   .flags = flags_of(all[i].usri1_flags)};
            from = all[i].usri1_next_index;
            if (!take_name(all[i].usri1_name, u.name))
                continue;
            u.last_logon_s = asked++ < ACCOUNT_DETAILS ? last_logon_of(all[i].usri1_name) : 0;
            if (!each(ctx, &u)) {
                rc = NERR_Success;
                break;
            }
        }
        if (all)
            net.release(all);
        if (n == 0 && rc == ERROR_MORE_DATA)
            rc = ERROR_INVALID_DATA;
    }
    return rc == NERR_Success || rc == ERROR_MORE_DATA ? 0 : errno_of_error(rc);
}

/* ---- groups ---- */

/* Those whose members may do what administrators may, or near to it. */
static const DWORD builtins[] = {DOMAIN_ALIAS_RID_ADMINS,
                                 DOMAIN_ALIAS_RID_POWER_USERS,
                                 DOMAIN_ALIAS_RID_ACCOUNT_OPS,
                                 DOMAIN_ALIAS_RID_SYSTEM_OPS,
                                 DOMAIN_ALIAS_RID_PRINT_OPS,
                                 DOMAIN_ALIAS_RID_BACKUP_OPS,
                                 DOMAIN_ALIAS_RID_REMOTE_DESKTOP_USERS,
                                 578 /* Hyper-V */,
                                 580 /* WinRM */};
#define BUILTINS (sizeof(builtins) / sizeof(builtins[0]))

/* What a group is called depends on the language. */
static void name_builtins(wchar_t names[BUILTINS][257])
{
    SID_IDENTIFIER_AUTHORITY authority = SECURITY_NT_AUTHORITY;
    for (size_t i = 0; i < BUILTINS; i++) {
        wchar_t domain[257];
        DWORD n = 257, domain_n = 257;
        SID_NAME_USE use;
        PSID sid = NULL;
        if (!AllocateAndInitializeSid(&authority, 2, SECURITY_BUILTIN_DOMAIN_RID, builtins[i], 0, 0,
                                      0, 0, 0, 0, &sid))
            continue;
        if (!LookupAccountSidW(NULL, sid, names[i], &n, domain, &domain_n, &use))
            names[i][0] = L'\0';
        FreeSid(sid);
    }
}

static uint32_t builtin_of(wchar_t names[BUILTINS][257], const wchar_t *name)
{
    for (size_t i = 0; name && i < BUILTINS; i++)
        if (names[i][0] && wcscmp(names[i], name) == 0)
            return builtins[i];
    return 0;
}

int accounts_groups(bool (*each)(void *ctx, const struct local_group *g), void *ctx)
{
    wchar_t names[BUILTINS][257] = {{0}};
    DWORD_PTR at = 0;
    DWORD rc = load() == 0 ? ERROR_MORE_DATA : ERROR_NOT_SUPPORTED;
    if (rc == ERROR_MORE_DATA)
        name_builtins(names);
    for (int piece = 0; piece < PIECES_MAX && rc == ERROR_MORE_DATA; piece++) {
        BYTE *buffer = NULL;
        DWORD n = 0, all = 0;
        rc = net.groups(NULL, 0, &buffer, ROOM, &n, &all, &at);
        const LOCALGROUP_INFO_0 *rows = (const void *)buffer;
        for (DWORD i = 0; rows && i < n; i++) {
            struct local_group g = {.builtin = builtin_of(names, rows[i].lgrpi0_name)};
            if (take_name(rows[i].lgrpi0_name, g.name) && !each(ctx, &g)) {
                rc = NERR_Success;
                break;
            }
        }
        if (buffer)
            net.release(buffer);
        if (n == 0 && rc == ERROR_MORE_DATA)
            rc = ERROR_INVALID_DATA;
    }
    return rc == NERR_Success || rc == ERROR_MORE_DATA ? 0 : errno_of_error(rc);
}

static bool take_sid(PSID sid, char *out, size_t size)
{
    char *text = NULL;
    if (!sid || !ConvertSidToStringSidA(sid, &text))
        return false;
    snprintf(out, size, "%s", text);
    LocalFree(text);
    return true;
}

int accounts_members(const char *group, bool (*each)(void *ctx, const char *sid), void *ctx)
{
    wchar_t name[ACCOUNT_NAME_MAX];
    DWORD_PTR at = 0;
    DWORD rc = load() == 0 ? ERROR_MORE_DATA : ERROR_NOT_SUPPORTED;
    int length = wide_of_text(group, strlen(group), name, ACCOUNT_NAME_MAX);
    if (length < 0)
        return length;
    for (int piece = 0; piece < PIECES_MAX && rc == ERROR_MORE_DATA; piece++) {
        BYTE *buffer = NULL;
        DWORD n = 0, all = 0;
        rc = net.members(NULL, name, 0, &buffer, ROOM, &n, &all, &at);
        const LOCALGROUP_MEMBERS_INFO_0 *rows = (const void *)buffer;
        for (DWORD i = 0; rows && i < n; i++) {
            char sid[ACCOUNT_SID_MAX];
            if (take_sid(rows[i].lgrmi0_sid, sid, sizeof(sid)) && !each(ctx, sid)) {
                rc = NERR_Success;
                break;
            }
        }
        if (buffer)
            net.release(buffer);
        if (n == 0 && rc == ERROR_MORE_DATA)
            rc = ERROR_INVALID_DATA;
    }
    return rc == NERR_Success || rc == ERROR_MORE_DATA ? 0 : errno_of_error(rc);
}

void accounts_machine_sid(char *out, size_t size)
{
    LSA_OBJECT_ATTRIBUTES attributes = {0};
    POLICY_ACCOUNT_DOMAIN_INFO *domain = NULL;
    LSA_HANDLE policy;
    out[0] = '\0';
    if (LsaOpenPolicy(NULL, &attributes, POLICY_VIEW_LOCAL_INFORMATION, &policy) != 0)
        return;
    if (LsaQueryInformationPolicy(policy, PolicyAccountDomainInformation, (void **)&domain) == 0 &&
        domain) {
        take_sid(domain->DomainSid, out, size);
        LsaFreeMemory(domain);
    }
    LsaClose(policy);
}

#include "platform/signature.h"

#include "platform/library.h"
#include "platform/windows/reach.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <wincrypt.h>
#include <wintrust.h>

#include <mscat.h>
#include <softpub.h>

#define HASH_MAX 64
/* never a network: neither for certificates on the way to the root nor for revocation */
#define HOW (WTD_CACHE_ONLY_URL_RETRIEVAL | WTD_REVOCATION_CHECK_NONE)

static LONG(WINAPI *verify_trust)(HWND, GUID *, void *);
static CRYPT_PROVIDER_DATA *(WINAPI *provider_of)(HANDLE);
static CRYPT_PROVIDER_SGNR *(WINAPI *signer_of)(CRYPT_PROVIDER_DATA *, DWORD, WINBOOL, DWORD);
static CRYPT_PROVIDER_CERT *(WINAPI *cert_of)(CRYPT_PROVIDER_SGNR *, DWORD);
static DWORD(WINAPI *cert_name)(PCCERT_CONTEXT, DWORD, DWORD, void *, LPWSTR, DWORD);
static WINBOOL(WINAPI *cert_property)(PCCERT_CONTEXT, DWORD, void *, DWORD *);
static WINBOOL(WINAPI *chain_policy)(LPCSTR, PCCERT_CHAIN_CONTEXT, CERT_CHAIN_POLICY_PARA *,
                                     CERT_CHAIN_POLICY_STATUS *);

static WINBOOL(WINAPI *catalogs_open)(HCATADMIN *, const GUID *, const WCHAR *,
                                      const CERT_STRONG_SIGN_PARA *, DWORD);
static WINBOOL(WINAPI *catalogs_hash)(HCATADMIN, HANDLE, DWORD *, BYTE *, DWORD);
static HCATINFO(WINAPI *catalogs_find)(HCATADMIN, BYTE *, DWORD, DWORD, HCATINFO *);
static WINBOOL(WINAPI *catalog_info)(HCATINFO, CATALOG_INFO *, DWORD);
static WINBOOL(WINAPI *catalog_drop)(HCATADMIN, HCATINFO, DWORD);
static WINBOOL(WINAPI *catalogs_close)(HCATADMIN, DWORD);

/* ---- the libraries ---- */

static bool loaded, loads_catalogs;

static bool load(void)
{
    static const struct library_symbol trust[] = {
        {"WinVerifyTrust", &verify_trust},
        {"WTHelperProvDataFromStateData", &provider_of},
        {"WTHelperGetProvSignerFromChain", &signer_of},
        {"WTHelperGetProvCertFromChain", &cert_of},
        {NULL, NULL},
    };
    static const struct library_symbol names[] = {
        {"CertGetNameStringW", &cert_name},
        {"CertGetCertificateContextProperty", &cert_property},
        {"CertVerifyCertificateChainPolicy", &chain_policy},
        {NULL, NULL},
    };
    static const struct library_symbol catalogs[] = {
        {"CryptCATAdminAcquireContext2", &catalogs_open},
        {"CryptCATAdminCalcHashFromFileHandle2", &catalogs_hash},
        {"CryptCATAdminEnumCatalogFromHash", &catalogs_find},
        {"CryptCATCatalogInfoFromContext", &catalog_info},
        {"CryptCATAdminReleaseCatalogContext", &catalog_drop},
        {"CryptCATAdminReleaseContext", &catalogs_close},
        {NULL, NULL},
    };
    if (!loaded) {
        loaded =
            library_load("wintrust.dll", trust) == 0 && library_load("crypt32.dll", names) == 0;
        loads_catalogs = loaded && library_load("wintrust.dll", catalogs) == 0;
    }
    return loaded;
}

bool signature_is_known(void)
{
    return true;
}

/* ---- who signed ---- */

static void put_hex(const BYTE *bytes, size_t n, char *out, size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < n && 2 * i + 2 < size; i++)
        snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

static void put_name(PCCERT_CONTEXT cert, DWORD flags, char *out, size_t size)
{
    wchar_t wide[256];
    DWORD n = cert_name(cert, CERT_NAME_SIMPLE_DISPLAY_TYPE, flags, NULL, wide,
                        sizeof(wide) / sizeof(wide[0]));
    for (; n > 1; n--) /* what does not fit is cut */
        if (text_of_wide(wide, n - 1, out, size) >= 0)
            return;
    out[0] = '\0';
}

static bool is_under_microsoft(PCCERT_CHAIN_CONTEXT chain)
{
    CERT_CHAIN_POLICY_PARA how = {.cbSize = sizeof(how)};
    CERT_CHAIN_POLICY_STATUS status = {.cbSize = sizeof(status)};
    return chain && chain_policy(CERT_CHAIN_POLICY_MICROSOFT_ROOT, chain, &how, &status) &&
           status.dwError == 0;
}

static void put_signer(HANDLE state, struct signature *out)
{
    CRYPT_PROVIDER_DATA *data = state ? provider_of(state) : NULL;
    CRYPT_PROVIDER_SGNR *signer = data ? signer_of(data, 0, FALSE, 0) : NULL;
    CRYPT_PROVIDER_CERT *first = signer ? cert_of(signer, 0) : NULL;
    PCCERT_CONTEXT cert = first ? first->pCert : NULL;
    BYTE serial[32], thumbprint[20];
    DWORD n = sizeof(thumbprint);
    if (!cert)
        return;
    out->under_microsoft =
        out->state == SIGNATURE_VALID && is_under_microsoft(signer->pChainContext);
    put_name(cert, 0, out->subject, sizeof(out->subject));
    put_name(cert, CERT_NAME_ISSUER_FLAG, out->issuer, sizeof(out->issuer));
    const CRYPT_INTEGER_BLOB *number = &cert->pCertInfo->SerialNumber;
    size_t length = number->cbData < sizeof(serial) ? number->cbData : sizeof(serial);
    for (size_t i = 0; i < length; i++) /* kept with the last byte first */
        serial[i] = number->pbData[number->cbData - 1 - i];
    put_hex(serial, length, out->serial, sizeof(out->serial));
    if (cert_property(cert, CERT_SHA1_HASH_PROP_ID, thumbprint, &n))
        put_hex(thumbprint, n, out->thumbprint, sizeof(out->thumbprint));
}

static enum signature_state state_of(LONG result)
{
    static const struct {
        LONG result;
        enum signature_state state;
    } rows[] = {
        {ERROR_SUCCESS, SIGNATURE_VALID},
        {TRUST_E_NOSIGNATURE, SIGNATURE_NONE},
        {TRUST_E_SUBJECT_FORM_UNKNOWN, SIGNATURE_NONE},
        {TRUST_E_PROVIDER_UNKNOWN, SIGNATURE_NONE},
        {CERT_E_EXPIRED, SIGNATURE_EXPIRED},
        {CERT_E_REVOKED, SIGNATURE_REVOKED},
        {TRUST_E_EXPLICIT_DISTRUST, SIGNATURE_DISTRUSTED},
        {CERT_E_UNTRUSTEDROOT, SIGNATURE_UNTRUSTED},
        {CERT_E_CHAINING, SIGNATURE_UNTRUSTED},
        {TRUST_E_SUBJECT_NOT_TRUSTED, SIGNATURE_UNTRUSTED},
        {TRUST_E_BAD_DIGEST, SIGNATURE_BROKEN},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (rows[i].result == result)
            return rows[i].state;
    return SIGNATURE_UNKNOWN;
}

static void verify(WINTRUST_DATA *data, struct signature *out)
{
    GUID action = WINTRUST_ACTION_GENERIC_VERIFY_V2;
    data->cbStruct = sizeof(*data);
    data->dwUIChoice = WTD_UI_NONE;
    data->fdwRevocationChecks = WTD_REVOKE_NONE;
    data->dwProvFlags = HOW;
    data->dwStateAction = WTD_STATEACTION_VERIFY;
    out->state = state_of(verify_trust(INVALID_HANDLE_VALUE, &action, data));
    if (out->state != SIGNATURE_NONE)
        put_signer(data->hWVTStateData, out);
    data->dwStateAction = WTD_STATEACTION_CLOSE;
    verify_trust(INVALID_HANDLE_VALUE, &action, data);
}

/* ---- in the file, or in a catalog ---- */

static void verify_file(const wchar_t *path, HANDLE file, struct signature *out)
{
    WINTRUST_FILE_INFO info = {.cbStruct = sizeof(info), .pcwszFilePath = path, .hFile = file};
    WINTRUST_DATA data = {.dwUnionChoice = WTD_CHOICE_FILE, .pFile = &info};
    verify(&data, out);
}

static void put_catalog(const wchar_t *path, struct signature *out)
{
    const wchar_t *name = wcsrchr(path, L'\\');
    name = name ? name + 1 : path;
    out->by_catalog = true;
    if (text_of_wide(name, wcslen(name), out->catalog, sizeof(out->catalog)) < 0)
        out->catalog[0] = '\0';
}

static bool verify_by(HCATADMIN admin, const wchar_t *path, HANDLE file, struct signature *out)
{
    BYTE hash[HASH_MAX];
    DWORD n = sizeof(hash);
    wchar_t tag[2 * HASH_MAX + 1];
    CATALOG_INFO found = {.cbStruct = sizeof(found)};
    if (!catalogs_hash(admin, file, &n, hash, 0))
        return false;
    HCATINFO catalog = catalogs_find(admin, hash, n, 0, NULL);
    if (!catalog)
        return false;
    for (DWORD i = 0; i < n; i++)
        swprintf(tag + 2 * i, 3, L"%02X", hash[i]);
    bool known = catalog_info(catalog, &found, 0);
    if (known) {
        WINTRUST_CATALOG_INFO info = {.cbStruct = sizeof(info),
                                      .pcwszCatalogFilePath = found.wszCatalogFile,
                                      .pcwszMemberTag = tag,
                                      .pcwszMemberFilePath = path,
                                      .hMemberFile = file,
                                      .pbCalculatedFileHash = hash,
                                      .cbCalculatedFileHash = n};
        WINTRUST_DATA data = {.dwUnionChoice = WTD_CHOICE_CATALOG, .pCatalog = &info};
        info.hCatAdmin = admin; /* tells how the hash was made */
        verify(&data, out);
        put_catalog(found.wszCatalogFile, out);
    }
    catalog_drop(admin, catalog, 0);
    return known;
}

static void verify_catalogs(const wchar_t *path, HANDLE file, struct signature *out)
{
    static const wchar_t *const algorithms[] = {L"SHA256", L"SHA1"};
    bool done = false;
    for (size_t i = 0; i < 2 && !done; i++) {
        HCATADMIN admin;
        if (!catalogs_open(&admin, NULL, algorithms[i], NULL, 0))
            continue;
        done = verify_by(admin, path, file, out);
        catalogs_close(admin, 0);
    }
}

int signature_of(const char *path, struct signature *out)
{
    wchar_t wide[PATH_WIDE_MAX];
    HANDLE file;
    *out = (struct signature){.state = SIGNATURE_UNKNOWN};
    int rc = path_wide(path, wide);
    if (rc == 0)
        rc = reach(wide, REACH_FILE, FILE_READ_DATA, 0, &file);
    if (rc != 0)
        return rc;
    if (load()) {
        verify_file(wide, file, out);
        if (out->state == SIGNATURE_NONE && loads_catalogs)
            verify_catalogs(wide, file, out);
    }
    CloseHandle(file);
    return 0;
}

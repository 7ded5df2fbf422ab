/*
 * Windows Update by its objects for scripts, whose names and meaning are documented under "Windows
 * Update Agent API" (wuapi.h), and WMI by its own ("Scripting API for WMI"). The search is offline:
 * it asks no server and takes what the last one found.
 */
#include "platform/updates.h"

#include "platform/windows/automation.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

#define CRITERIA     L"IsInstalled=0"
#define HISTORY_STEP 50
#define PENDING_MAX  5000 /* what says to have more is no service that makes sense */
#define HISTORY_MAX  20000
#define FIXES_MAX    20000
#define KBS_MAX      8 /* of one update */
#define CLASSES_MAX  16

/* ---- errors ---- */

static int errno_of_hresult(HRESULT hr, uint32_t *code)
{
    *code = SUCCEEDED(hr) ? 0 : (uint32_t)hr;
    if (SUCCEEDED(hr))
        return 0;
    if (hr == E_NOTIMPL || hr == REGDB_E_CLASSNOTREG || hr == CO_E_CLASSSTRING)
        return -ENOSYS;
    return hr == E_ACCESSDENIED ? -EACCES : -EIO;
}

/* ---- sessions ---- */

static HRESULT open_searcher(IDispatch **out)
{
    IDispatch *session = NULL;
    VARIANT v;
    HRESULT hr = automation_new(L"Microsoft.Update.Session", &session);
    *out = NULL;
    if (FAILED(hr))
        return hr;
    hr = automation_call(session, L"CreateUpdateSearcher", &v, "");
    if (SUCCEEDED(hr) && v.vt == VT_DISPATCH && v.pdispVal)
        *out = v.pdispVal;
    else if (SUCCEEDED(hr))
        automation_clear(&v);
    automation_release(session);
    return SUCCEEDED(hr) && !*out ? E_NOTIMPL : hr;
}

/* A session, what is done with it, and its end. */
static int with_searcher(HRESULT (*ask)(IDispatch *searcher, void *ctx), void *ctx, uint32_t *code)
{
    IDispatch *searcher = NULL;
    HRESULT hr = automation_open();
    if (FAILED(hr))
        return errno_of_hresult(hr, code);
    hr = open_searcher(&searcher);
    if (SUCCEEDED(hr))
        hr = ask(searcher, ctx);
    automation_release(searcher);
    automation_close();
    return errno_of_hresult(hr, code);
}

/* ---- what is pending ---- */

struct asking {
    bool (*pending)(void *ctx, const struct update *u);
    bool (*past)(void *ctx, const struct update_past *u);
    void *ctx;
};

static void take_kbs(IDispatch *update, struct update *out)
{
    IDispatch *kbs;
    long n;
    char kb[16];
    if (FAILED(automation_object(update, L"KBArticleIDs", &kbs)))
        return;
    automation_number(kbs, L"Count", &n);
    for (long i = 0; i < n && i < KBS_MAX; i++) {
        size_t used = strlen(out->kbs);
        if (SUCCEEDED(automation_item_text(kbs, L"Item", i, kb, sizeof(kb))) && kb[0])
            snprintf(out->kbs + used, sizeof(out->kbs) - used, "%s%s", used > 0 ? " " : "", kb);
    }
    automation_release(kbs);
}

/* Categories have ids, the same in every language; what is no such class is a product. */
static unsigned kind_of(const char *id)
{
    static const struct {
        const char *id;
        unsigned kind;
    } kinds[] = {
        {"0fa1201d-4330-4fa8-8ae9-b877473b6441", UPDATE_SECURITY},
        {"e6cf1350-c01b-414d-a61f-263d14d133b4", UPDATE_CRITICAL},
        {"28bc880e-0592-4cbf-8f95-c79b17911d5f", UPDATE_ROLLUP},
        {"e0789628-ce08-4437-be74-2495b842f43b", UPDATE_DEFINITION},
        {"ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0", UPDATE_DRIVER},
        {"3689bdc8-b205-4af4-8d4a-a63924c5e9d5", UPDATE_UPGRADE},
        {"68c5b0a3-d1a6-4553-ae49-01d3a7827828", UPDATE_SERVICE_PACK},
        {"b54e7d24-7add-428f-8b75-90a396fa584f", UPDATE_FEATURE_PACK},
    };
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (_stricmp(id, kinds[i].id) == 0)
            return kinds[i].kind;
    return 0;
}

static void take_kinds(IDispatch *update, struct update *out)
{
    IDispatch *classes, *class;
    long n;
    char id[48];
    if (FAILED(automation_object(update, L"Categories", &classes)))
        return;
    automation_number(classes, L"Count", &n);
    for (long i = 0; i < n && i < CLASSES_MAX; i++) {
        if (FAILED(automation_item(classes, L"Item", i, &class)))
            continue;
        if (SUCCEEDED(automation_text(class, L"CategoryID", id, sizeof(id))))
            out->kinds |= kind_of(id);
        automation_release(class);
    }
    automation_release(classes);
}

static void take_update(IDispatch *update, struct update *out)
{
    IDispatch *identity;
    memset(out, 0, sizeof(*out));
    if (SUCCEEDED(automation_object(update, L"Identity", &identity))) {
        automation_text(identity, L"UpdateID", out->id, sizeof(out->id));
        automation_release(identity);
    }
    automation_text(update, L"Title", out->title, sizeof(out->title));
    automation_text(update, L"MsrcSeverity", out->severity, sizeof(out->severity));
    automation_time(update, L"LastDeploymentChangeTime", &out->published_ms);
    out->downloaded = automation_bool(update, L"IsDownloaded");
    out->hidden = automation_bool(update, L"IsHidden");
    take_kbs(update, out);
    take_kinds(update, out);
}

static HRESULT search(IDispatch *searcher, void *ctx)
{
    const struct asking *a = ctx;
    IDispatch *result = NULL, *updates = NULL, *update;
    struct update found;
    VARIANT v;
    long n = 0;
    HRESULT hr = automation_put_bool(searcher, L"Online", false);
    if (FAILED(hr))
        return hr;
    hr = automation_call(searcher, L"Search", &v, "s", CRITERIA);
    if (FAILED(hr) || v.vt != VT_DISPATCH || !v.pdispVal)
        return FAILED(hr) ? hr : E_NOTIMPL;
    result = v.pdispVal;
    hr = automation_object(result, L"Updates", &updates);
    if (SUCCEEDED(hr))
        hr = automation_number(updates, L"Count", &n);
    for (long i = 0; SUCCEEDED(hr) && i < n && i < PENDING_MAX; i++) {
        hr = automation_item(updates, L"Item", i, &update);
        if (FAILED(hr))
            break;
        take_update(update, &found);
        automation_release(update);
        if (!a->pending(a->ctx, &found))
            break;
    }
    automation_release(updates);
    automation_release(result);
    return hr;
}

int updates_pending(bool (*each)(void *ctx, const struct update *u), void *ctx, uint32_t *code)
{
    struct asking a = {.pending = each, .ctx = ctx};
    return with_searcher(search, &a, code);
}

/* ---- what was done ---- */

static void take_past(IDispatch *entry, struct update_past *out)
{
    enum { INSTALL = 1, REMOVE = 2 };                        /* UpdateOperation */
    enum { DONE = 2, DONE_WITH_ERRORS = 3, FAILED_ALL = 4 }; /* OperationResultCode */
    long operation, outcome, code;
    memset(out, 0, sizeof(*out));
    automation_text(entry, L"Title", out->title, sizeof(out->title));
    automation_number(entry, L"Operation", &operation);
    automation_number(entry, L"ResultCode", &outcome);
    automation_number(entry, L"HResult", &code);
    automation_time(entry, L"Date", &out->at_ms);
    out->removal = operation == REMOVE;
    out->outcome = outcome == DONE || outcome == DONE_WITH_ERRORS ? UPDATE_DONE
                   : outcome == FAILED_ALL                        ? UPDATE_FAILED
                                                                  : UPDATE_NOT_ENDED;
    out->code = (uint32_t)code;
}

/* False: that is all that is wanted. */
static bool take_entries(IDispatch *entries, const struct asking *a, HRESULT *hr)
{
    struct update_past past;
    IDispatch *entry;
    long n;
    *hr = automation_number(entries, L"Count", &n);
    for (long i = 0; SUCCEEDED(*hr) && i < n && i < HISTORY_STEP; i++) {
        *hr = automation_item(entries, L"Item", i, &entry);
        if (FAILED(*hr))
            return false;
        take_past(entry, &past);
        automation_release(entry);
        if (!a->past(a->ctx, &past))
            return false;
    }
    return SUCCEEDED(*hr) && n > 0;
}

static HRESULT read_history(IDispatch *searcher, void *ctx)
{
    const struct asking *a = ctx;
    long total;
    HRESULT hr = automation_number(searcher, L"GetTotalHistoryCount", &total);
    bool more = SUCCEEDED(hr);
    for (long at = 0; more && at < total && at < HISTORY_MAX; at += HISTORY_STEP) {
        VARIANT v;
        hr = automation_call(searcher, L"QueryHistory", &v, "nn", at, (long)HISTORY_STEP);
        if (FAILED(hr) || v.vt != VT_DISPATCH || !v.pdispVal)
            return FAILED(hr) ? hr : E_NOTIMPL;
        more = take_entries(v.pdispVal, a, &hr);
        automation_release(v.pdispVal);
    }
    return hr;
}

int updates_history(bool (*each)(void *ctx, const struct update_past *u), void *ctx, uint32_t *code)
{
    struct asking a = {.past = each, .ctx = ctx};
    return with_searcher(read_history, &a, code);
}

/* ---- WMI's list ---- */

static HRESULT query(const wchar_t *text, IDispatch **out)
{
    IDispatch *locator = NULL;
    VARIANT services, set;
    *out = NULL;
    HRESULT hr = automation_new(L"WbemScripting.SWbemLocator", &locator);
    if (FAILED(hr))
        return hr;
    hr = automation_call(locator, L"ConnectServer", &services, "ss", L".", L"root\\cimv2");
    automation_release(locator);
    if (FAILED(hr) || services.vt != VT_DISPATCH || !services.pdispVal)
        return FAILED(hr) ? hr : E_NOTIMPL;
    hr = automation_call(services.pdispVal, L"ExecQuery", &set, "s", text);
    automation_release(services.pdispVal);
    if (FAILED(hr) || set.vt != VT_DISPATCH || !set.pdispVal)
        return FAILED(hr) ? hr : E_NOTIMPL;
    *out = set.pdispVal;
    return S_OK;
}

static HRESULT each_of(IDispatch *set, IEnumVARIANT **out)
{
    static const IID id_enum = {0x00020404, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};
    VARIANT v;
    *out = NULL;
    HRESULT hr = automation_call(set, L"_NewEnum", &v, "");
    if (FAILED(hr))
        return hr;
    if (v.vt == VT_UNKNOWN && v.punkVal)
        hr = v.punkVal->lpVtbl->QueryInterface(v.punkVal, &id_enum, (void **)out);
    else
        hr = E_NOTIMPL;
    automation_clear(&v);
    return hr;
}

static HRESULT read_fixes(bool (*each)(void *ctx, const char *name), void *ctx)
{
    IDispatch *set = NULL;
    IEnumVARIANT *rows = NULL;
    bool more = true;
    HRESULT hr = query(L"SELECT HotFixID FROM Win32_QuickFixEngineering", &set);
    if (SUCCEEDED(hr))
        hr = each_of(set, &rows);
    for (int i = 0; SUCCEEDED(hr) && more && i < FIXES_MAX; i++) {
        VARIANT v = {.vt = VT_EMPTY};
        char name[64] = "";
        ULONG got = 0;
        hr = rows->lpVtbl->Next(rows, 1, &v, &got);
        if (hr != S_OK || got == 0)
            break;
        if (v.vt == VT_DISPATCH && v.pdispVal &&
            SUCCEEDED(automation_text(v.pdispVal, L"HotFixID", name, sizeof(name))))
            more = each(ctx, name);
        automation_clear(&v);
    }
    if (rows)
        rows->lpVtbl->Release(rows);
    automation_release(set);
    return hr;
}

int updates_fixes(bool (*each)(void *ctx, const char *name), void *ctx, uint32_t *code)
{
    HRESULT hr = automation_open();
    if (SUCCEEDED(hr)) {
        hr = read_fixes(each, ctx);
        automation_close();
    }
    return errno_of_hresult(hr, code);
}

/* ---- automatic updates ---- */

static HRESULT read_times(struct updates_times *out)
{
    IDispatch *automatic = NULL, *results = NULL;
    HRESULT hr = automation_new(L"Microsoft.Update.AutoUpdate", &automatic);
    if (SUCCEEDED(hr))
        hr = automation_object(automatic, L"Results", &results);
    if (SUCCEEDED(hr))
        hr = automation_time(results, L"LastSearchSuccessDate", &out->searched_ms);
    if (SUCCEEDED(hr))
        hr = automation_time(results, L"LastInstallationSuccessDate", &out->installed_ms);
    automation_release(results);
    automation_release(automatic);
    return hr;
}

int updates_times(struct updates_times *out, uint32_t *code)
{
    *out = (struct updates_times){0};
    HRESULT hr = automation_open();
    if (SUCCEEDED(hr)) {
        hr = read_times(out);
        automation_close();
    }
    return errno_of_hresult(hr, code);
}

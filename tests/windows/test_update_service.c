/* platform/updates.h against a Windows Update that the test plays itself: objects that scripts use,
 * registered for this process alone. WMI is wine's own, with one fix in its list. */
#include "platform/library.h"
#include "platform/updates.h"
#include "unit/cmocka_all.h"

#include <errno.h>
#include <oaidl.h>
#include <objbase.h>
#include <string.h>
#include <windows.h>

#define NO_ARGUMENT (-1)

/* ---- of the system, loaded as the program does ---- */

static HRESULT(WINAPI *initialize)(void *reserved, DWORD how);
static void(WINAPI *uninitialize)(void);
static HRESULT(WINAPI *class_of)(const wchar_t *name, CLSID *out);
static HRESULT(WINAPI *register_class)(const CLSID *id, IUnknown *class, DWORD where, DWORD how,
                                       DWORD *cookie);
static HRESULT(WINAPI *revoke_class)(DWORD cookie);
static BSTR(WINAPI *text_new)(const wchar_t *text);

static const struct library_symbol ole[] = {
    {"CoInitializeEx", &initialize},        {"CoUninitialize", &uninitialize},
    {"CLSIDFromProgID", &class_of},         {"CoRegisterClassObject", &register_class},
    {"CoRevokeClassObject", &revoke_class}, {NULL, NULL},
};
static const struct library_symbol texts[] = {{"SysAllocString", &text_new}, {NULL, NULL}};

/* ---- the objects: what each of them answers ---- */

static struct row {
    const char *object, *name;
    int argument;
    VARTYPE type; /* VT_DISPATCH: text names the object */
    const char *text;
    double number;
} rows[] = {
    {"session", "CreateUpdateSearcher", NO_ARGUMENT, VT_DISPATCH, "searcher", 0},
    {"searcher", "Online", NO_ARGUMENT, VT_BOOL, "", 1},
    {"searcher", "Search", NO_ARGUMENT, VT_DISPATCH, "result", 0},
    {"result", "Updates", NO_ARGUMENT, VT_DISPATCH, "updates", 0},
    {"updates", "Count", NO_ARGUMENT, VT_I4, "", 2},
    {"updates", "Item", 0, VT_DISPATCH, "first", 0},
    {"updates", "Item", 1, VT_DISPATCH, "second", 0},
    {"first", "Title", NO_ARGUMENT, VT_BSTR, "2024-01 Acumulativa (KB5034122)", 0},
    {"first", "MsrcSeverity", NO_ARGUMENT, VT_BSTR, "Critical", 0},
    {"first", "LastDeploymentChangeTime", NO_ARGUMENT, VT_DATE, "", 45300.5}, /* 2024-01-09 12:00 */
    {"first", "IsDownloaded", NO_ARGUMENT, VT_BOOL, "", 1},
    {"first", "IsHidden", NO_ARGUMENT, VT_BOOL, "", 0},
    {"first", "KBArticleIDs", NO_ARGUMENT, VT_DISPATCH, "articles", 0},
    {"first", "Categories", NO_ARGUMENT, VT_DISPATCH, "categories", 0},
    {"first", "Identity", NO_ARGUMENT, VT_DISPATCH, "identity", 0},
    {"articles", "Count", NO_ARGUMENT, VT_I4, "", 2},
    {"articles", "Item", 0, VT_BSTR, "5034122", 0},
    {"articles", "Item", 1, VT_BSTR, "5034441", 0},
    {"categories", "Count", NO_ARGUMENT, VT_I4, "", 2},
    {"categories", "Item", 0, VT_DISPATCH, "product", 0},
    {"categories", "Item", 1, VT_DISPATCH, "security", 0},
    {"product", "CategoryID", NO_ARGUMENT, VT_BSTR, "a3c2375d-0c8a-42f9-bce0-28333e198407", 0},
    {"security", "CategoryID", NO_ARGUMENT, VT_BSTR, "0FA1201D-4330-4FA8-8AE9-B877473B6441", 0},
    {"identity", "UpdateID", NO_ARGUMENT, VT_BSTR, "2d7a2c4d-0000-4000-8000-000000000000", 0},
    {"second", "Title", NO_ARGUMENT, VT_NULL, "", 0},
    {"second", "LastDeploymentChangeTime", NO_ARGUMENT, VT_DATE, "", -1e300},
    {"second", "KBArticleIDs", NO_ARGUMENT, VT_I4, "", 7}, /* which is none of its kind */
    {"searcher", "GetTotalHistoryCount", NO_ARGUMENT, VT_I4, "", 52},
    {"searcher", "QueryHistory", 0, VT_DISPATCH, "page", 0},
    {"searcher", "QueryHistory", 50, VT_DISPATCH, "page", 0},
    {"page", "Count", NO_ARGUMENT, VT_I4, "", 1},
    {"page", "Item", 0, VT_DISPATCH, "past", 0},
    {"past", "Title", NO_ARGUMENT, VT_BSTR, "An update (KB5034441)", 0},
    {"past", "Operation", NO_ARGUMENT, VT_I4, "", 2},
    {"past", "ResultCode", NO_ARGUMENT, VT_I4, "", 4},
    {"past", "HResult", NO_ARGUMENT, VT_I4, "", -2145124339}, /* 0x8024000d */
    {"past", "Date", NO_ARGUMENT, VT_DATE, "", 45300.0},
    {"automatic", "Results", NO_ARGUMENT, VT_DISPATCH, "results", 0},
    {"results", "LastSearchSuccessDate", NO_ARGUMENT, VT_DATE, "", 45300.0},
    {"results", "LastInstallationSuccessDate", NO_ARGUMENT, VT_EMPTY, "", 0},
};

static HRESULT answer = S_OK; /* of Search */
static bool online = true;
static long living;

struct object {
    IDispatch is;
    LONG references;
    const char *name;
};

static IDispatch *object_new(const char *name);

static HRESULT STDMETHODCALLTYPE query(IDispatch *o, REFIID iid, void **out)
{
    (void)iid;
    *out = o;
    o->lpVtbl->AddRef(o);
    return S_OK;
}

static ULONG STDMETHODCALLTYPE add_reference(IDispatch *o)
{
    return (ULONG)InterlockedIncrement(&((struct object *)o)->references);
}

static ULONG STDMETHODCALLTYPE release(IDispatch *o)
{
    LONG left = InterlockedDecrement(&((struct object *)o)->references);
    if (left == 0) {
        free(o);
        living--;
    }
    return (ULONG)left;
}

static HRESULT STDMETHODCALLTYPE count_types(IDispatch *o, UINT *out)
{
    (void)o;
    *out = 0;
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE get_type(IDispatch *o, UINT i, LCID lcid, ITypeInfo **out)
{
    (void)o, (void)i, (void)lcid;
    *out = NULL;
    return E_NOTIMPL;
}

static const struct row *find(const char *object, const char *name, int argument)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (strcmp(rows[i].object, object) == 0 && strcmp(rows[i].name, name) == 0 &&
            (argument == NO_ARGUMENT || rows[i].argument == argument ||
             rows[i].argument == NO_ARGUMENT))
            return &rows[i];
    return NULL;
}

static HRESULT STDMETHODCALLTYPE get_id(IDispatch *o, REFIID iid, LPOLESTR *names, UINT n,
                                        LCID lcid, DISPID *out)
{
    char name[80];
    (void)iid, (void)lcid;
    assert_int_equal(n, 1);
    WideCharToMultiByte(CP_UTF8, 0, names[0], -1, name, sizeof(name), NULL, NULL);
    const struct row *row = find(((struct object *)o)->name, name, NO_ARGUMENT);
    *out = row ? (DISPID)(row - rows) : DISPID_UNKNOWN;
    return row ? S_OK : DISP_E_UNKNOWNNAME;
}

static void fill(VARIANT *out, const struct row *row)
{
    wchar_t wide[200];
    *out = (VARIANT){.vt = row->type};
    if (row->type == VT_DISPATCH) {
        out->pdispVal = object_new(row->text);
    } else if (row->type == VT_BSTR) {
        MultiByteToWideChar(CP_UTF8, 0, row->text, -1, wide, 200);
        out->bstrVal = text_new(wide);
    } else if (row->type == VT_DATE) {
        out->date = row->number;
    } else if (row->type == VT_BOOL) {
        out->boolVal = row->number != 0 ? VARIANT_TRUE : VARIANT_FALSE;
    } else {
        out->lVal = (LONG)row->number;
    }
}

static HRESULT STDMETHODCALLTYPE invoke(IDispatch *o, DISPID id, REFIID iid, LCID lcid, WORD how,
                                        DISPPARAMS *with, VARIANT *out, EXCEPINFO *said, UINT *bad)
{
    (void)iid, (void)lcid, (void)bad;
    if (how == DISPATCH_PROPERTYPUT) {
        online = with->rgvarg[0].boolVal != VARIANT_FALSE;
        return S_OK;
    }
    bool numbered = with->cArgs > 0 && with->rgvarg[with->cArgs - 1].vt == VT_I4;
    const struct row *row = find(((struct object *)o)->name, rows[id].name,
                                 numbered ? (int)with->rgvarg[with->cArgs - 1].lVal : NO_ARGUMENT);
    if (!row)
        return DISP_E_BADINDEX;
    if (strcmp(row->name, "Search") == 0 && FAILED(answer)) {
        said->scode = answer;
        said->bstrDescription = text_new(L"no");
        return DISP_E_EXCEPTION;
    }
    fill(out, row);
    return S_OK;
}

static IDispatchVtbl methods = {query,    add_reference, release, count_types,
                                get_type, get_id,        invoke};

static IDispatch *object_new(const char *name)
{
    struct object *o = malloc(sizeof(*o));
    assert_non_null(o);
    *o = (struct object){{&methods}, 1, name};
    living++;
    return &o->is;
}

/* ---- the classes ---- */

struct class
{
    IClassFactory is;
    const char *object;
};

static HRESULT STDMETHODCALLTYPE class_query(IClassFactory *c, REFIID iid, void **out)
{
    (void)iid;
    *out = c;
    return S_OK;
}

static ULONG STDMETHODCALLTYPE class_reference(IClassFactory *c)
{
    (void)c;
    return 2;
}

static HRESULT STDMETHODCALLTYPE class_new(IClassFactory *c, IUnknown *outer, REFIID iid,
                                           void **out)
{
    (void)outer, (void)iid;
    *out = object_new(((struct class *)c)->object);
    return S_OK;
}

static HRESULT STDMETHODCALLTYPE class_lock(IClassFactory *c, BOOL lock)
{
    (void)c, (void)lock;
    return S_OK;
}

static IClassFactoryVtbl class_methods = {class_query, class_reference, class_reference, class_new,
                                          class_lock};
static struct class session = {{&class_methods}, "session"},
                    automatic = {{&class_methods}, "automatic"};
static DWORD cookies[2];

static void play(const wchar_t *name, struct class *as, DWORD *cookie)
{
    CLSID id;
    assert_int_equal(class_of(name, &id), S_OK);
    assert_int_equal(
        register_class(&id, (IUnknown *)&as->is, CLSCTX_INPROC_SERVER, REGCLS_MULTIPLEUSE, cookie),
        S_OK);
}

static int set_up(void **state)
{
    (void)state;
    assert_int_equal(library_load("ole32.dll", ole), 0);
    assert_int_equal(library_load("oleaut32.dll", texts), 0);
    assert_true(SUCCEEDED(initialize(NULL, 0 /* multithreaded */)));
    play(L"Microsoft.Update.Session", &session, &cookies[0]);
    play(L"Microsoft.Update.AutoUpdate", &automatic, &cookies[1]);
    answer = S_OK;
    online = true;
    living = 0;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++)
        revoke_class(cookies[i]);
    uninitialize();
    return 0;
}

/* ---- tests ---- */

static struct update seen[4];
static struct update_past past[100];
static size_t seen_n;
static char fix[64];

static bool take(void *ctx, const struct update *u)
{
    (void)ctx;
    if (seen_n < 4)
        seen[seen_n] = *u;
    seen_n++;
    return true;
}

static bool take_past(void *ctx, const struct update_past *u)
{
    (void)ctx;
    if (seen_n < 100)
        past[seen_n] = *u;
    seen_n++;
    return true;
}

static bool take_fix(void *ctx, const char *name)
{
    (void)ctx;
    snprintf(fix, sizeof(fix), "%s", name);
    seen_n++;
    return true;
}

static void pending_updates_are_read(void **state)
{
    uint32_t code;
    (void)state;
    seen_n = 0;
    assert_int_equal(updates_pending(take, NULL, &code), 0);
    assert_int_equal(seen_n, 2);
    assert_false(online); /* no server was asked */
    assert_string_equal(seen[0].id, "2d7a2c4d-0000-4000-8000-000000000000");
    assert_string_equal(seen[0].title, "2024-01 Acumulativa (KB5034122)");
    assert_string_equal(seen[0].kbs, "5034122 5034441");
    assert_string_equal(seen[0].severity, "Critical");
    assert_int_equal(seen[0].kinds, UPDATE_SECURITY);
    assert_int_equal(seen[0].published_ms / 3600000, 1704801600 / 3600);
    assert_true(seen[0].downloaded);
    assert_false(seen[0].hidden);
    /* what makes no sense is not there */
    assert_string_equal(seen[1].title, "");
    assert_string_equal(seen[1].kbs, "");
    assert_int_equal(seen[1].published_ms, 0);
    assert_int_equal(living, 0); /* all of it was released */
}

static void a_refusal_has_its_number(void **state)
{
    uint32_t code;
    (void)state;
    answer = (HRESULT)0x80070422;
    assert_int_equal(updates_pending(take, NULL, &code), -EIO);
    assert_int_equal(code, 0x80070422);
    answer = E_NOTIMPL;
    assert_int_equal(updates_pending(take, NULL, &code), -ENOSYS);
    assert_int_equal(living, 0);
}

static void history_is_read_page_by_page(void **state)
{
    uint32_t code;
    (void)state;
    seen_n = 0;
    assert_int_equal(updates_history(take_past, NULL, &code), 0);
    assert_int_equal(seen_n, 2);
    assert_string_equal(past[0].title, "An update (KB5034441)");
    assert_true(past[0].removal);
    assert_int_equal(past[0].outcome, UPDATE_FAILED);
    assert_int_equal(past[0].code, 0x8024000d);
    assert_int_equal(past[0].at_ms, 1704758400000);
    assert_int_equal(living, 0);
}

static void times_are_read(void **state)
{
    struct updates_times times;
    uint32_t code;
    (void)state;
    assert_int_equal(updates_times(&times, &code), 0);
    assert_int_equal(times.searched_ms, 1704758400000);
    assert_int_equal(times.installed_ms, 0);
    assert_int_equal(living, 0);
}

static void fixes_are_read_from_wmi(void **state)
{
    uint32_t code;
    (void)state;
    seen_n = 0;
    int rc = updates_fixes(take_fix, NULL, &code);
    assert_int_equal(code, 0);
    assert_int_equal(rc, 0);
    assert_true(seen_n > 0);
    assert_memory_equal(fix, "KB", 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pending_updates_are_read),     cmocka_unit_test(a_refusal_has_its_number),
        cmocka_unit_test(history_is_read_page_by_page), cmocka_unit_test(times_are_read),
        cmocka_unit_test(fixes_are_read_from_wmi),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

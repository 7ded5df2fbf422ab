#include "platform/windows/automation.h"

#include "platform/library.h"
#include "platform/windows/path.h"

#include <stdarg.h>
#include <string.h>
#include <windows.h>

#define ARGUMENTS_MAX 4
#define DAY_MS        86400000.0
#define DAYS_TO_1970  25569.0   /* from the end of 1899, where VT_DATE begins */
#define DAYS_MAX      2958466.0 /* the year 10000 */

static struct {
    HRESULT(WINAPI *initialize)(void *reserved, DWORD how);
    void(WINAPI *uninitialize)(void);
    HRESULT(WINAPI *class_of)(const wchar_t *name, CLSID *out);
    HRESULT(WINAPI *create)
    (const CLSID *class, IUnknown *outer, DWORD where, const IID *iid, void **out);
    HRESULT(WINAPI *clear)(VARIANT *v);
    HRESULT(WINAPI *change)(VARIANT *to, const VARIANT *from, USHORT flags, VARTYPE type);
    BSTR(WINAPI *text_new)(const wchar_t *text);
} ole;

static const struct library_symbol ole_symbols[] = {
    {"CoInitializeEx", &ole.initialize},
    {"CoUninitialize", &ole.uninitialize},
    {"CLSIDFromProgID", &ole.class_of},
    {"CoCreateInstance", &ole.create},
    {NULL, NULL},
};
static const struct library_symbol variant_symbols[] = {
    {"VariantClear", &ole.clear},
    {"VariantChangeType", &ole.change},
    {"SysAllocString", &ole.text_new},
    {NULL, NULL},
};

static const IID id_null;
static const IID id_dispatch = {0x00020400, 0, 0, {0xc0, 0, 0, 0, 0, 0, 0, 0x46}};

HRESULT automation_open(void)
{
    if (library_load("ole32.dll", ole_symbols) != 0 ||
        library_load("oleaut32.dll", variant_symbols) != 0)
        return E_NOTIMPL;
    return ole.initialize(NULL, 0 /* COINIT_MULTITHREADED */);
}

void automation_close(void)
{
    ole.uninitialize();
}

HRESULT automation_new(const wchar_t *class, IDispatch **out)
{
    CLSID id;
    *out = NULL;
    HRESULT hr = ole.class_of(class, &id);
    if (FAILED(hr))
        return hr;
    return ole.create(&id, NULL, CLSCTX_INPROC_SERVER | CLSCTX_LOCAL_SERVER, &id_dispatch,
                      (void **)out);
}

void automation_release(IDispatch *o)
{
    if (o)
        o->lpVtbl->Release(o);
}

void automation_clear(VARIANT *v)
{
    ole.clear(v);
}

/* ---- calls ---- */

static HRESULT invoke(IDispatch *o, const wchar_t *name, WORD how, DISPPARAMS *with, VARIANT *out)
{
    wchar_t copy[64];
    wchar_t *names[] = {copy};
    DISPID id;
    EXCEPINFO said = {0};
    size_t n = wcslen(name) + 1;
    if (n > sizeof(copy) / sizeof(copy[0]))
        return E_INVALIDARG;
    memcpy(copy, name, n * sizeof(*copy));
    HRESULT hr = o->lpVtbl->GetIDsOfNames(o, &id_null, names, 1, LOCALE_USER_DEFAULT, &id);
    if (FAILED(hr))
        return hr;
    hr = o->lpVtbl->Invoke(o, id, &id_null, LOCALE_USER_DEFAULT, how, with, out, &said, NULL);
    /* an exception: its number is what people know */
    HRESULT number = hr == DISP_E_EXCEPTION && FAILED(said.scode) ? said.scode : hr;
    BSTR texts[] = {said.bstrSource, said.bstrDescription, said.bstrHelpFile};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        VARIANT v = {.vt = VT_BSTR, .bstrVal = texts[i]};
        ole.clear(&v);
    }
    return number;
}

HRESULT automation_call(IDispatch *o, const wchar_t *name, VARIANT *out, const char *kinds, ...)
{
    VARIANT with[ARGUMENTS_MAX];
    UINT n = (UINT)strlen(kinds);
    DISPPARAMS params = {.rgvarg = with, .cArgs = n};
    va_list args;
    *out = (VARIANT){.vt = VT_EMPTY};
    if (n > ARGUMENTS_MAX)
        return E_INVALIDARG;
    va_start(args, kinds);
    for (UINT i = 0; i < n; i++) { /* the last one comes first */
        VARIANT *v = &with[n - 1 - i];
        if (kinds[i] == 's')
            *v = (VARIANT){.vt = VT_BSTR, .bstrVal = ole.text_new(va_arg(args, const wchar_t *))};
        else if (kinds[i] == 'n')
            *v = (VARIANT){.vt = VT_I4, .lVal = va_arg(args, long)};
        else
            *v = (VARIANT){.vt = VT_BOOL,
                           .boolVal = va_arg(args, int) ? VARIANT_TRUE : VARIANT_FALSE};
    }
    va_end(args);
    HRESULT hr = invoke(o, name, DISPATCH_METHOD | DISPATCH_PROPERTYGET, &params, out);
    for (UINT i = 0; i < n; i++)
        ole.clear(&with[i]);
    return hr;
}

HRESULT automation_put_bool(IDispatch *o, const wchar_t *name, bool value)
{
    VARIANT v = {.vt = VT_BOOL, .boolVal = value ? VARIANT_TRUE : VARIANT_FALSE};
    DISPID put = DISPID_PROPERTYPUT;
    DISPPARAMS params = {&v, &put, 1, 1};
    return invoke(o, name, DISPATCH_PROPERTYPUT, &params, NULL);
}

/* ---- values ---- */

static HRESULT take_object(HRESULT hr, VARIANT *v, IDispatch **out)
{
    *out = NULL;
    if (FAILED(hr))
        return hr;
    if (v->vt == VT_DISPATCH && v->pdispVal) {
        *out = v->pdispVal; /* with its reference */
        return S_OK;
    }
    ole.clear(v);
    return DISP_E_TYPEMISMATCH;
}

HRESULT automation_object(IDispatch *o, const wchar_t *name, IDispatch **out)
{
    VARIANT v;
    HRESULT hr = automation_call(o, name, &v, "");
    return take_object(hr, &v, out);
}

HRESULT automation_item(IDispatch *o, const wchar_t *name, long i, IDispatch **out)
{
    VARIANT v;
    HRESULT hr = automation_call(o, name, &v, "n", i);
    return take_object(hr, &v, out);
}

/* In place; what cannot become the type is cleared. */
static HRESULT change(HRESULT hr, VARIANT *v, VARTYPE type)
{
    if (FAILED(hr))
        return hr;
    hr = v->vt == VT_EMPTY || v->vt == VT_NULL ? DISP_E_TYPEMISMATCH : ole.change(v, v, 0, type);
    if (FAILED(hr))
        ole.clear(v);
    return hr;
}

HRESULT automation_number(IDispatch *o, const wchar_t *name, long *out)
{
    VARIANT v;
    HRESULT hr = automation_call(o, name, &v, "");
    hr = change(hr, &v, VT_I4);
    *out = SUCCEEDED(hr) ? v.lVal : 0;
    return hr;
}

static HRESULT take_text(HRESULT hr, VARIANT *v, char *out, size_t size)
{
    out[0] = '\0';
    hr = change(hr, v, VT_BSTR);
    if (FAILED(hr) || !v->bstrVal)
        return hr;
    size_t n = wcslen(v->bstrVal);
    /* three bytes a character always fit */
    if (text_of_wide(v->bstrVal, n, out, size) < 0 &&
        text_of_wide(v->bstrVal, n < (size - 1) / 3 ? n : (size - 1) / 3, out, size) < 0)
        out[0] = '\0';
    ole.clear(v);
    return hr;
}

HRESULT automation_text(IDispatch *o, const wchar_t *name, char *out, size_t size)
{
    VARIANT v;
    HRESULT hr = automation_call(o, name, &v, "");
    return take_text(hr, &v, out, size);
}

HRESULT automation_item_text(IDispatch *o, const wchar_t *name, long i, char *out, size_t size)
{
    VARIANT v;
    HRESULT hr = automation_call(o, name, &v, "n", i);
    return take_text(hr, &v, out, size);
}

HRESULT automation_time(IDispatch *o, const wchar_t *name, int64_t *out)
{
    VARIANT v;
    HRESULT hr = automation_call(o, name, &v, "");
    *out = 0;
    if (FAILED(hr))
        return hr;
    if (v.vt == VT_DATE && v.date > DAYS_TO_1970 && v.date < DAYS_MAX)
        *out = (int64_t)((v.date - DAYS_TO_1970) * DAY_MS + 0.5);
    ole.clear(&v);
    return S_OK;
}

bool automation_bool(IDispatch *o, const wchar_t *name)
{
    VARIANT v;
    HRESULT hr = automation_call(o, name, &v, "");
    hr = change(hr, &v, VT_BOOL);
    return SUCCEEDED(hr) && v.boolVal != VARIANT_FALSE;
}

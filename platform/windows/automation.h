/*
 * Objects of the system that scripts use (COM's IDispatch), by the names that Microsoft documents
 * for scripts. In the thread that opened it, and in no other. What is got is released by the
 * caller. The libraries are loaded when they are first needed. Functions return an HRESULT;
 * FAILED() says that nothing was got.
 */
#ifndef PLATFORM_WINDOWS_AUTOMATION_H
#define PLATFORM_WINDOWS_AUTOMATION_H

#include <oaidl.h>
#include <stdbool.h>
#include <stdint.h>

HRESULT automation_open(void);
void automation_close(void);
/* By the name of its class: "Microsoft.Update.Session". */
HRESULT automation_new(const wchar_t *class, IDispatch **out);
void automation_release(IDispatch *o); /* NULL does nothing */

/* Arguments: at most four, a letter for each in `kinds`: s wide text, n a long, b a bool. The value
 * is whatever comes back; it is the caller's to clear. */
HRESULT automation_call(IDispatch *o, const wchar_t *name, VARIANT *out, const char *kinds, ...);
HRESULT automation_put_bool(IDispatch *o, const wchar_t *name, bool value);
void automation_clear(VARIANT *v);

/* A property; an object also of a function with one long, such as Item. */
HRESULT automation_object(IDispatch *o, const wchar_t *name, IDispatch **out);
HRESULT automation_item(IDispatch *o, const wchar_t *name, long i, IDispatch **out);
HRESULT automation_number(IDispatch *o, const wchar_t *name, long *out);
/* UTF-8, cut to fit, "" if there is none. */
HRESULT automation_text(IDispatch *o, const wchar_t *name, char *out, size_t size);
HRESULT automation_item_text(IDispatch *o, const wchar_t *name, long i, char *out, size_t size);
/* UTC, ms since 1970; 0 if there is none. */
HRESULT automation_time(IDispatch *o, const wchar_t *name, int64_t *out);
bool automation_bool(IDispatch *o, const wchar_t *name);

#endif

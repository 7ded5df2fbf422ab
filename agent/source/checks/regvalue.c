#include "source/checks/regvalue.h"

#include "base/hex.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HEX_BYTES 64 /* of binary data; more says nobody anything */

static void put_number(uint64_t number, const struct regvalue_form *form, char *out)
{
    snprintf(out, REGVALUE_TEXT_MAX, "%llu",
             (unsigned long long)(form->bits ? number & form->bits : number));
}

static int put_bytes(const struct registry_value *v, const struct regvalue_form *form, char *out)
{
    uint64_t number = 0;
    if (form->bytes == 0) {
        hex_encode(v->data, v->n < HEX_BYTES ? v->n : HEX_BYTES, out);
        return 0;
    }
    if (v->n < form->from + form->bytes)
        return -EMSGSIZE;
    for (size_t i = form->bytes; i > 0; i--)
        number = number << 8 | v->data[form->from + i - 1];
    put_number(number, form, out);
    return 0;
}

static void put_text(const char *text, char *out)
{
    struct span all = span_of(text);
    if (all.n >= REGVALUE_TEXT_MAX)
        all.n = REGVALUE_TEXT_MAX - 1;
    span_copy(all, out, REGVALUE_TEXT_MAX);
    size_t n = strlen(out);
    if (n > 0 && out[n - 1] == '\n')
        out[n - 1] = '\0';
    for (char *c = out; *c; c++)
        if (*c == '\n')
            *c = ',';
}

static int put_value(const struct registry_value *v, const struct regvalue_form *form, char *out)
{
    switch (v->type) {
    case REGISTRY_DWORD:
    case REGISTRY_DWORD_BIG_ENDIAN:
    case REGISTRY_QWORD:
        put_number(v->number, form, out);
        return 0;
    case REGISTRY_SZ:
    case REGISTRY_EXPAND_SZ:
    case REGISTRY_LINK:
    case REGISTRY_MULTI_SZ:
        put_text(v->text, out);
        return 0;
    default:
        return put_bytes(v, form, out);
    }
}

struct span regvalue_name(struct span place)
{
    size_t n = span_find(place, ':');
    return n < place.n ? span_make(place.p + n + 1, place.n - n - 1) : SPAN("");
}

int regvalue_read(struct span place, const struct regvalue_form *form, char *out)
{
    char path[REGISTRY_PATH_MAX], name[REGISTRY_NAME_MAX];
    struct registry_key *key;
    struct registry_value value;
    out[0] = '\0';
    if (!span_copy(span_make(place.p, span_find(place, ':')), path, sizeof(path)) ||
        !span_copy(regvalue_name(place), name, sizeof(name)))
        return -ENAMETOOLONG;
    int rc = registry_open(path, form->view, &key);
    if (rc != 0)
        return rc;
    rc = registry_get(key, name, &value);
    if (rc == 0)
        rc = put_value(&value, form, out);
    registry_close(key);
    return rc;
}

#include "base/json_read.h"

#include "base/buf.h"
#include "base/mem.h"

#include <yyjson.h>

#define TEXT_MAX   (1024 * 1024)
#define DEPTH_MAX  16
#define VALUES_MAX 65536

struct json_doc {
    yyjson_doc *doc;
};

static const struct json_value *out_of(yyjson_val *v)
{
    return (const struct json_value *)v;
}

static yyjson_val *in_of(const struct json_value *v)
{
    return (yyjson_val *)(uintptr_t)v;
}

/* Depth by a look at brackets outside strings, before the parser spends anything on it. */
static bool too_deep(struct span text)
{
    int depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > DEPTH_MAX)
                return true;
        } else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return false;
}

struct json_doc *json_read(struct span text, struct error *e)
{
    if (text.n > TEXT_MAX || too_deep(text)) {
        error_set(e, "JSON is larger than 1 MiB or deeper than %d levels", DEPTH_MAX);
        return NULL;
    }
    yyjson_read_err err = {0};
    yyjson_doc *doc =
        yyjson_read_opts((char *)(uintptr_t)text.p, text.n, YYJSON_READ_NOFLAG, NULL, &err);
    if (!doc) {
        error_set(e, "invalid JSON at byte %zu: %s", err.pos, err.msg ? err.msg : "empty");
        return NULL;
    }
    if (yyjson_doc_get_val_count(doc) > VALUES_MAX) {
        yyjson_doc_free(doc);
        error_set(e, "JSON holds more than %d values", VALUES_MAX);
        return NULL;
    }
    struct json_doc *d = mem_new(1, sizeof(*d));
    d->doc = doc;
    return d;
}

void json_free(struct json_doc *d)
{
    if (!d)
        return;
    yyjson_doc_free(d->doc);
    free(d);
}

const struct json_value *json_root(const struct json_doc *d)
{
    return d ? out_of(yyjson_doc_get_root(d->doc)) : NULL;
}

const struct json_value *json_get(const struct json_value *object, const char *key)
{
    return out_of(yyjson_obj_get(in_of(object), key));
}

const struct json_value *json_at(const struct json_value *array, size_t i)
{
    return out_of(yyjson_arr_get(in_of(array), i));
}

size_t json_count(const struct json_value *v)
{
    return yyjson_is_obj(in_of(v)) ? yyjson_obj_size(in_of(v)) : yyjson_arr_size(in_of(v));
}

struct span json_as_text(const struct json_value *v)
{
    return yyjson_is_str(in_of(v)) ? span_make(yyjson_get_str(in_of(v)), yyjson_get_len(in_of(v)))
                                   : (struct span){"", 0};
}

int64_t json_as_int(const struct json_value *v, int64_t otherwise)
{
    yyjson_val *val = in_of(v);
    if (yyjson_is_sint(val))
        return yyjson_get_sint(val);
    if (yyjson_is_uint(val) && yyjson_get_uint(val) <= INT64_MAX)
        return (int64_t)yyjson_get_uint(val);
    return otherwise;
}

struct span json_get_text(const struct json_value *object, const char *key)
{
    return json_as_text(json_get(object, key));
}

int64_t json_get_int(const struct json_value *object, const char *key, int64_t otherwise)
{
    return json_as_int(json_get(object, key), otherwise);
}

bool json_get_bool(const struct json_value *object, const char *key, bool otherwise)
{
    yyjson_val *val = in_of(json_get(object, key));
    return yyjson_is_bool(val) ? yyjson_get_bool(val) : otherwise;
}

bool json_is_object(const struct json_value *v)
{
    return yyjson_is_obj(in_of(v));
}

const struct json_value *json_member(const struct json_value *object, size_t i, struct span *key)
{
    yyjson_obj_iter iter = yyjson_obj_iter_with(in_of(object));
    yyjson_val *k = yyjson_obj_iter_next(&iter);
    while (k && i-- > 0)
        k = yyjson_obj_iter_next(&iter);
    if (!k)
        return NULL;
    *key = span_make(yyjson_get_str(k), yyjson_get_len(k));
    return out_of(yyjson_obj_iter_get_val(k));
}

void json_copy(const struct json_value *v, struct buf *out)
{
    size_t n;
    char *text = yyjson_val_write(in_of(v), YYJSON_WRITE_NOFLAG, &n);
    if (!text) {
        out->failed = true;
        return;
    }
    buf_put(out, text, n);
    free(text);
}

bool json_put_plain(const struct json_value *v, struct buf *out)
{
    yyjson_val *val = in_of(v);
    if (yyjson_is_str(val))
        buf_put_span(out, json_as_text(v));
    else if (yyjson_is_num(val) || yyjson_is_bool(val))
        json_copy(v, out);
    else
        return false;
    return true;
}

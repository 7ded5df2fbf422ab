#include "source/registry/data.h"

#include "base/text.h"
#include "event/mask.h"

#define HEX_MAX (REGISTRY_TEXT_MAX / 2)

static bool holds_nocase(struct span text, struct span word)
{
    for (size_t i = 0; i + word.n <= text.n; i++)
        if (span_equal_nocase((struct span){text.p + i, word.n}, word))
            return true;
    return false;
}

bool registry_data_is_secret(struct span name)
{
    static const char *const words[] = {"password",   "passwd",     "passphrase", "pwd",
                                        "secret",     "token",      "apikey",     "api_key",
                                        "credential", "privatekey", "psk",        "pincode"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (holds_nocase(name, span_of(words[i])))
            return true;
    return false;
}

/* Cut before it is masked would show half a secret; cut behind it, half a character. */
static void put_text(struct buf *out, struct span text)
{
    struct buf masked = BUF_INIT(4 * REGISTRY_TEXT_MAX + 64);
    struct span some = {text.p, text.n < 2 * REGISTRY_TEXT_MAX ? text.n : 2 * REGISTRY_TEXT_MAX};
    mask_put(&masked, some);
    size_t n = masked.n < REGISTRY_TEXT_MAX ? masked.n : REGISTRY_TEXT_MAX;
    while (n < masked.n && n > 0 && (masked.p[n] & 0xc0) == 0x80)
        n--;
    buf_put(out, masked.p, n);
    buf_release(&masked);
}

void registry_data_put(struct buf *out, const struct registry_value *v)
{
    if (registry_data_is_secret(span_of(v->name)))
        buf_put_text(out, v->size > 0 ? "***" : "");
    else if (v->type == REGISTRY_DWORD || v->type == REGISTRY_DWORD_BIG_ENDIAN ||
             v->type == REGISTRY_QWORD)
        buf_printf(out, "%llu", (unsigned long long)v->number);
    else if (v->text[0])
        put_text(out, span_of(v->text));
    else if (v->type != REGISTRY_SZ && v->type != REGISTRY_EXPAND_SZ &&
             v->type != REGISTRY_MULTI_SZ)
        buf_put_hex(out, v->data, v->n < HEX_MAX ? v->n : HEX_MAX);
}

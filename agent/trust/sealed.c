#include "trust/sealed.h"

#include "base/slurp.h"
#include "platform/seal.h"
#include "trust/identity.h"

#include <errno.h>
#include <mbedtls/pem.h>
#include <mbedtls/platform_util.h>

#define BEGIN     "-----BEGIN SEALED PRIVATE KEY-----"
#define END       "-----END SEALED PRIVATE KEY-----"
#define PLAIN_MAX 4096
#define PEM_MAX   8192

static void put_plain(struct buf *out, struct span key)
{
    buf_put_span(out, key);
    buf_put_byte(out, '\n');
}

void sealed_put(struct buf *out, struct span key)
{
    unsigned char wrapped[PLAIN_MAX], pem[PEM_MAX];
    size_t pem_n;
    int n = seal_wrap(key.p, key.n, wrapped, sizeof(wrapped));
    /* What cannot be wrapped is kept as it is: the file's rights are the boundary. */
    if (n < 0 || mbedtls_pem_write_buffer(BEGIN "\n", END "\n", wrapped, (size_t)n, pem,
                                          sizeof(pem), &pem_n) != 0)
        put_plain(out, key);
    else
        buf_put_text(out, (const char *)pem);
}

/* The text with key instead of the block, which stands at `from` and is `n` bytes long. */
static int replace(struct buf *text, size_t from, size_t n, struct span key)
{
    struct buf plain = BUF_INIT(text->limit);
    buf_put(&plain, text->p, from);
    put_plain(&plain, key);
    buf_put(&plain, text->p + from + n, text->n - from - n);
    if (plain.failed) {
        trust_wipe(&plain);
        return -EFBIG;
    }
    trust_wipe(text);
    *text = plain;
    return 0;
}

int sealed_open(struct buf *text)
{
    unsigned char key[PLAIN_MAX];
    size_t used;
    mbedtls_pem_context pem;
    size_t from = span_find_span(buf_span(text), SPAN(BEGIN));
    if (from >= text->n)
        return 0;
    mbedtls_pem_init(&pem);
    int n = -EBADMSG;
    if (mbedtls_pem_read_buffer(&pem, BEGIN, END, (const unsigned char *)text->p + from, NULL, 0,
                                &used) == 0) {
        size_t wrapped_n;
        const unsigned char *wrapped = mbedtls_pem_get_buffer(&pem, &wrapped_n);
        n = seal_unwrap(wrapped, wrapped_n, key, sizeof(key));
    }
    mbedtls_pem_free(&pem);
    if (n < 0)
        return -EBADMSG;
    int rc = replace(text, from, used, (struct span){(const char *)key, (size_t)n});
    mbedtls_platform_zeroize(key, sizeof(key));
    return rc;
}

int sealed_read(const char *path, struct buf *out)
{
    int rc = slurp(path, out);
    return rc == 0 ? sealed_open(out) : rc;
}

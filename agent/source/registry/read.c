#include "source/registry/read.h"

#include "source/registry/data.h"

#include <errno.h>

#define SDDL_MAX 16384
#define TEXT_ROOM                                                                                  \
    (REGISTRY_RECORD_MAX / 2) /* of a record; what comes behind it is kept without                 \
                               */

int registry_read_header(const struct registry_key *key, struct registry_header *out)
{
    char sddl[SDDL_MAX];
    uint8_t digest[SHA256_SIZE];
    struct registry_info info;
    int rc = registry_info(key, &info);
    if (rc != 0)
        return rc;
    rc = registry_security(key, sddl, sizeof(sddl));
    if (rc == -ENOENT)
        return rc;
    sha256_of(sddl, rc == 0 ? strlen(sddl) : 0, digest);
    out->written_ms = info.written_ms;
    memcpy(out->security, digest, REGISTRY_SECURITY);
    return 0;
}

static bool add(struct buf *record, const struct registry_value *v, struct buf *text)
{
    uint8_t digest[SHA256_SIZE];
    buf_clear(text);
    if (record->n < TEXT_ROOM)
        registry_data_put(text, v);
    sha256_of(v->data, v->n, digest);
    struct registry_entry e = {v->type, v->size, digest, span_of(v->name), buf_span(text)};
    if (record->n + 60 + e.name.n + e.text.n > REGISTRY_RECORD_MAX)
        return false;
    registry_state_add(record, &e);
    return true;
}

int registry_read(struct registry_key *key, const char *path, const struct registry_keys *keys,
                  const struct registry_header *header, struct buf *record, uint64_t *cut)
{
    struct registry_value v;
    struct buf text = BUF_INIT(REGISTRY_TEXT_MAX + 8);
    int rc = 0;
    registry_state_begin(record, path, header->written_ms, header->security);
    for (uint32_t i = 0; (rc = registry_value(key, i, &v)) == 1; i++) {
        if (i == REGISTRY_VALUES_MAX) {
            *cut += 1;
            rc = 0;
            break;
        }
        if (!registry_keys_excluded(keys, path, v.name) && !add(record, &v, &text))
            *cut += 1;
    }
    buf_release(&text);
    return rc == 0 && record->failed ? -ENOMEM : rc;
}

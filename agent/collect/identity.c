#include "collect/identity.h"

#include "base/hex.h"
#include "base/log.h"
#include "base/sha256.h"
#include "platform/host.h"
#include "trust/identity.h"

/* The machine's own id is not to leave the host as it is (machine-id(5)): a hash of it does. */
static void make_device_uid(const char *machine_id, char out[33])
{
    uint8_t digest[SHA256_SIZE];
    struct sha256 s;
    sha256_init(&s);
    sha256_update(&s, "vigia device", 12);
    sha256_update(&s, machine_id, strlen(machine_id));
    sha256_final(&s, digest);
    hex_encode(digest, 16, out);
}

static void copy(const char *text, char *out, size_t size)
{
    span_copy(span_of(text), out, size);
}

void identity_read(const struct config *c, struct identity *out)
{
    struct host_info host;
    struct certificate_facts certificate;
    struct error e;
    host_read(c->host_root, &host);
    *out = (struct identity){.os_type_id = host.os_type_id};
    copy(host.hostname, out->hostname, sizeof(out->hostname));
    copy(host.os_name, out->os_name, sizeof(out->os_name));
    copy(host.os_version[0] ? host.os_version : host.kernel, out->os_version,
         sizeof(out->os_version));
    make_device_uid(host.machine_id[0] ? host.machine_id : host.hostname, out->device_uid);
    copy(c->institution, out->institution, sizeof(out->institution));
    copy(c->name[0] ? c->name : host.hostname, out->endpoint, sizeof(out->endpoint));
    switch (trust_read_facts(c->pki_dir, &certificate, &e)) {
    case TRUST_READY:
        copy(certificate.cn, out->endpoint, sizeof(out->endpoint));
        copy(certificate.institution, out->institution, sizeof(out->institution));
        break;
    case TRUST_NOT_ENROLLED:
        log_info("not enrolled yet: events name this endpoint %s of %s", out->endpoint,
                 out->institution);
        break;
    case TRUST_BROKEN:
        log_warning("%s", e.text);
        break;
    }
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
    return a->os_type_id == b->os_type_id && strcmp(a->institution, b->institution) == 0 &&
           strcmp(a->endpoint, b->endpoint) == 0 && strcmp(a->hostname, b->hostname) == 0 &&
           strcmp(a->device_uid, b->device_uid) == 0 && strcmp(a->os_name, b->os_name) == 0 &&
           strcmp(a->os_version, b->os_version) == 0;
}

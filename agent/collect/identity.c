#include "collect/identity.h"

#include "base/hex.h"
#include "base/log.h"
#include "base/sha256.h"
#include "base/slurp.h"
#include "platform/file.h"
#include "platform/host.h"
#include "trust/identity.h"

#define REMEMBERED_MAX 256

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

/* ---- what the last good certificate said: "<endpoint>\n<institution>\n" ---- */

static void remember(const char *state_dir, const struct identity *who)
{
    struct buf text = BUF_INIT(REMEMBERED_MAX);
    buf_printf(&text, "%s\n%s\n", who->endpoint, who->institution);
    int rc = file_replace(state_dir, "identity", text.p, text.n, 0600);
    if (rc != 0)
        log_warning("%s/identity cannot be written: %s", state_dir, error_text(rc));
    buf_release(&text);
}

static bool recall(const char *state_dir, struct identity *out)
{
    char path[4400];
    struct buf text = BUF_INIT(REMEMBERED_MAX);
    struct span rest, endpoint, institution;
    snprintf(path, sizeof(path), "%s/identity", state_dir);
    int rc = slurp(path, &text);
    rest = buf_span(&text);
    bool good = rc == 0 && span_take_line(&rest, &endpoint) &&
                span_take_line(&rest, &institution) && certificate_cn_is_valid(endpoint) &&
                certificate_institution_is_valid(institution);
    if (good) {
        span_copy(endpoint, out->endpoint, sizeof(out->endpoint));
        span_copy(institution, out->institution, sizeof(out->institution));
    }
    buf_release(&text);
    return good;
}

/* ---- all of it ---- */

static void take_certificate(const struct config *c, struct identity *out)
{
    struct certificate_facts certificate;
    struct identity before = {0};
    struct error e;
    bool known = recall(c->state_dir, &before);
    enum trust_state state = trust_read_facts(c->pki_dir, &certificate, &e);
    if (state == TRUST_READY) {
        copy(certificate.cn, out->endpoint, sizeof(out->endpoint));
        copy(certificate.institution, out->institution, sizeof(out->institution));
        if (strcmp(before.endpoint, out->endpoint) != 0 ||
            strcmp(before.institution, out->institution) != 0)
            remember(c->state_dir, out);
        return;
    }
    if (known) {
        copy(before.endpoint, out->endpoint, sizeof(out->endpoint));
        copy(before.institution, out->institution, sizeof(out->institution));
    }
    log_warning("%s; events name this endpoint %s of %s", e.text, out->endpoint, out->institution);
}

void identity_read(const struct config *c, struct identity *out)
{
    struct host_info host;
    host_read(c->host_root, &host);
    *out = (struct identity){.os_type_id = host.os_type_id};
    copy(host.hostname, out->hostname, sizeof(out->hostname));
    copy(host.os_name, out->os_name, sizeof(out->os_name));
    copy(host.os_version[0] ? host.os_version : host.kernel, out->os_version,
         sizeof(out->os_version));
    make_device_uid(host.machine_id[0] ? host.machine_id : host.hostname, out->device_uid);
    copy(c->institution, out->institution, sizeof(out->institution));
    copy(c->name[0] ? c->name : host.hostname, out->endpoint, sizeof(out->endpoint));
    take_certificate(c, out);
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
    return a->os_type_id == b->os_type_id && strcmp(a->institution, b->institution) == 0 &&
           strcmp(a->endpoint, b->endpoint) == 0 && strcmp(a->hostname, b->hostname) == 0 &&
           strcmp(a->device_uid, b->device_uid) == 0 && strcmp(a->os_name, b->os_name) == 0 &&
           strcmp(a->os_version, b->os_version) == 0;
}

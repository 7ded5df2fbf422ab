#include "unit/ocsf_required.h"

#include "event/ocsf.h"

static const char *const everywhere[] = {"metadata/version",      "metadata/product/name",
                                         "metadata/uid",          "metadata/tenant_uid",
                                         "metadata/reporter/uid", NULL};

static const struct {
    int64_t class_uid;
    int64_t activities; /* bit set of the enumeration, 99 aside */
    const char *paths[6];
} classes[] = {
    {EVENT_FILE, 0x7fff, {"actor/user", "device/uid", "file/name", "file/path", NULL}},
    {EVENT_LOG_ACTIVITY, 0x7ff, {"log_name", NULL}},
    {EVENT_COMPLIANCE,
     0xf,
     {"finding_info/uid", "finding_info/title", "compliance/status_id", "compliance/control",
      "remediation/desc", NULL}},
    {EVENT_DETECTION,
     0xf,
     {"finding_info/uid", "finding_info/title", "finding_info/analytic/uid", NULL}},
    {EVENT_INVENTORY,
     0x7,
     {"device/uid", "device/hostname", "device/os/name", "device/org/uid", NULL}},
    {EVENT_PATCH_STATE, 0x7, {"device/os/version", NULL}},
    {EVENT_SOFTWARE,
     0x7,
     {"device/uid", "sbom/package/name", "sbom/package/version", "sbom/software_components", NULL}},
    {EVENT_APPLICATION, 0x1ff, {"app/name", NULL}},
    {EVENT_SCAN, 0x7ff, {"scan", NULL}},
    {EVENT_REGISTRY_KEY, 0x3ff, {"actor/user", "device/uid", "reg_key/path", NULL}},
    {EVENT_REGISTRY_VALUE,
     0x1f,
     {"actor/user", "device/uid", "reg_value/path", "reg_value/name", NULL}},
    {EVENT_SERVICE, 0xff, {"actor/user", "device/uid", "win_service/name", NULL}},
};

static const struct json_value *at_path(const struct json_value *v, const char *path)
{
    struct span rest = span_of(path), part;
    char key[64];
    while (v && span_take_until(&rest, '/', &part)) {
        span_copy(part, key, sizeof(key));
        v = json_get(v, key);
    }
    return v;
}

static int check_paths(const struct json_value *event, const char *const *paths, struct error *e)
{
    for (; *paths; paths++)
        if (!at_path(event, *paths))
            return error_set(e, "%s is missing", *paths);
    return 0;
}

int ocsf_required_check(const struct json_value *event, struct error *e)
{
    int64_t class_uid = json_get_int(event, "class_uid", -1);
    int64_t activity = json_get_int(event, "activity_id", -1);
    int64_t severity = json_get_int(event, "severity_id", -1);
    if (json_get_int(event, "type_uid", -1) != class_uid * 100 + activity)
        return error_set(e, "type_uid is not class_uid * 100 + activity_id");
    if (json_get_int(event, "category_uid", -1) != class_uid % 100000 / 1000)
        return error_set(e, "category_uid does not fit class_uid");
    if (severity < 0 || (severity > 6 && severity != 99) || json_get_int(event, "time", -1) < 0)
        return error_set(e, "severity_id or time is missing");
    if (check_paths(event, everywhere, e) != 0)
        return -1;
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (classes[i].class_uid != class_uid)
            continue;
        if (activity != 99 && (activity < 0 || !(classes[i].activities >> activity & 1)))
            return error_set(e, "activity_id %d is not of this class", (int)activity);
        return check_paths(event, classes[i].paths, e);
    }
    return error_set(e, "class_uid %d is not told by Vigia", (int)class_uid);
}

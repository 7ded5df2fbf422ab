/*
 * An event: something that is told to the SOC. A producer (source, detector, heartbeat) fills the
 * common part and the part of its class; ocsf.h turns it into one line of OCSF 1.8.0 JSON.
 * Everything a pointer names is borrowed until the emit call returns. NULL, 0 and empty spans mean
 * "not known" and are left out.
 */
#ifndef EVENT_EVENT_H
#define EVENT_EVENT_H

#include "base/span.h"
#include "event/record.h"

#include <stdbool.h>
#include <stdint.h>

enum event_class { /* OCSF class_uid */
                   EVENT_FILE = 1001,
                   EVENT_LOG_ACTIVITY = 1008,
                   EVENT_COMPLIANCE = 2003,
                   EVENT_DETECTION = 2004,
                   EVENT_INVENTORY = 5001,
                   EVENT_PATCH_STATE = 5004,
                   EVENT_SOFTWARE = 5020,
                   EVENT_APPLICATION = 6002,
                   EVENT_SCAN = 6007,
                   EVENT_REGISTRY_KEY = 201001,
                   EVENT_REGISTRY_VALUE = 201002,
                   EVENT_SERVICE = 201004
};

enum event_severity { /* OCSF severity_id */
                      SEVERITY_INFORMATIONAL = 1,
                      SEVERITY_LOW = 2,
                      SEVERITY_MEDIUM = 3,
                      SEVERITY_HIGH = 4, /* from here on a batch is urgent */
                      SEVERITY_CRITICAL = 5
};

/* activity_id by class; 99 is "other" everywhere and takes activity_name */
enum {
    FILE_ACTIVITY_CREATE = 1,
    FILE_ACTIVITY_UPDATE = 3,
    FILE_ACTIVITY_DELETE = 4,
    FILE_ACTIVITY_RENAME = 5,
    FILE_ACTIVITY_SET_ATTRIBUTES = 6,
    FILE_ACTIVITY_SET_SECURITY = 7
};
enum {
    LOG_ACTIVITY_CLEAR = 1,
    LOG_ACTIVITY_DELETE = 2,
    LOG_ACTIVITY_ROTATE = 4,
    LOG_ACTIVITY_STOP = 8
};
enum { FINDING_CREATE = 1, FINDING_UPDATE = 2, FINDING_CLOSE = 3 };
enum { INVENTORY_LOG = 1, INVENTORY_COLLECT = 2 };
enum { APPLICATION_START = 3, APPLICATION_STOP = 4, APPLICATION_OTHER = 99 };
enum {
    REGISTRY_KEY_CREATE = 1,
    REGISTRY_KEY_MODIFY = 3,
    REGISTRY_KEY_DELETE = 4,
    REGISTRY_KEY_SET_SECURITY = 6
};
enum { REGISTRY_VALUE_SET = 2, REGISTRY_VALUE_MODIFY = 3, REGISTRY_VALUE_DELETE = 4 };
enum { SERVICE_CREATE = 1, SERVICE_RECONFIGURE = 2, SERVICE_DELETE = 7 };
enum { SCAN_STARTED = 1, SCAN_COMPLETED = 2, SCAN_CANCELLED = 3 };

struct event_parent {
    int pid;
    struct span exe;
};

struct event_actor {
    bool known; /* false: user "unknown", and the pid if it is known */
    int pid;    /* 0 if not known */
    int ppid;
    struct span exe;        /* path of the executable */
    struct span command;    /* command line, secrets still in it: the encoder masks */
    struct span user;       /* effective user's name */
    int64_t uid;            /* -1 if not known */
    struct span login_user; /* who logged in (audit login user), empty if none */
    struct span tty;
    struct span container, runtime; /* id of the container it runs in, and "docker", "podman" ... */
    size_t parents_n;
    struct event_parent parent[4];
};

struct event_signature { /* of a program */
    int state_id;      /* OCSF digital_signature.state_id: 0 unknown, 1 valid, 99 not signed ... */
    struct span state; /* in a word */
    struct span subject, issuer, serial, thumbprint; /* of the certificate; or empty */
    struct span catalog; /* file name of the catalog that signs it, or empty */
};

struct event_file_state { /* one side of a change */
    bool present;
    int type_id; /* OCSF file.type_id: 1 regular, 2 folder, 3 char dev, 4 block dev, 5 pipe, 6
                    socket, 7 link */
    uint64_t size;
    uint32_t mode; /* 07777 */
    uint32_t uid, gid;
    struct span owner, group;
    int64_t mtime_ms, ctime_ms;
    bool has_sha256;
    uint8_t sha256[32];
    struct span link_target;
    struct span xattributes; /* JSON object: extended attributes of security, readable; or empty */
    bool immutable, append_only;
    bool hidden, of_system, encrypted;       /* of Windows, as the next two */
    struct span owner_sid;                   /* instead of uid; or empty */
    struct span security_descriptor;         /* SDDL, or empty */
    const struct event_signature *signature; /* NULL: not looked for */
};

struct event_file {
    struct span path;
    struct span new_path; /* of a rename */
    struct event_file_state before, after;
    struct event_actor actor;
    struct span package;   /* package that the file belongs to, if known */
    struct span overlay;   /* where a container sees it, when it lies in a container's layer */
    struct span container; /* id of that container, if the mount point tells it */
    uint64_t count;        /* of a folder: changes in it that this stands for; 0: one file's */
    int64_t first_ms, last_ms;
};

#define EVENT_ATTACHMENTS_MAX 16

struct event_attachment { /* a file that belongs to a report; its content stays where it is */
    struct span name;
    uint64_t size;
    uint8_t sha256[32];
};

struct event_detection {
    struct span rule_id; /* Sigma rule's id */
    struct span rule_title;
    int analytic_type_id; /* OCSF: 1 rule, 3 statistical, 5 fingerprint */
    size_t attacks_n;
    struct span attacks[8]; /* ATT&CK technique ids: "T1110.001" */
    size_t tactics_n;
    struct span tactics[8]; /* ATT&CK tactics: "credential-access" */
    size_t tags_n, references_n;
    const struct span *tags;       /* the rule's other tags: "cve.2021-44228" */
    const struct span *references; /* where the rule says more can be read */
    size_t fields_n;               /* what the rule asked for and got; the encoder masks values */
    const struct record_field *fields;
    int confidence_id;        /* 1 low, 2 medium, 3 high; 0 left out */
    struct span log_name;     /* source of the evidence */
    struct span evidence;     /* the log line; the encoder masks secrets and cuts it */
    struct span user, src_ip; /* what the rule's fields say, if any */
    uint64_t count;           /* how many records it stands for (0: one) */
    int64_t first_ms, last_ms;
    struct span type;        /* kind of finding, of a report by hand */
    struct span description; /* what a person says; the encoder masks secrets */
    size_t files_n;
    const struct event_attachment *files;
    /* Findings with the same bytes here are one that repeats; zeros: each is one of its own. */
    uint8_t same[EVENT_UID_SIZE];
    const uint8_t *finding_uid; /* of the first one, when this tells more of it; NULL: it is this */
    /* A field of what was found, for suppressions; NULL: there is none. False: no such field. */
    bool (*field)(void *ctx, struct span name, struct span *value);
    void *field_ctx;
};

enum { COMPLIANCE_UNKNOWN = 0, COMPLIANCE_PASS = 1, COMPLIANCE_FAIL = 3, COMPLIANCE_OTHER = 99 };

struct event_compliance {   /* outcome of one check of the host */
    struct span id, title;  /* of the check; its finding keeps one uid for ever */
    struct span topic;      /* "ssh" */
    struct span reason;     /* why it is asked */
    struct span remedy;     /* what to do when it fails */
    int status_id;          /* OCSF compliance.status_id */
    const char *status;     /* its name; of 99 our own: "Not Applicable" */
    int check_severity;     /* of the check, whatever its outcome */
    struct span references; /* "standard: requirement", one a line */
    struct span place;      /* file, with a line where there is one: "/etc/x:3" */
    struct span path;       /* the file alone */
    struct span found;      /* the encoder masks secrets and cuts it */
    struct span expected;
};

struct event_log_activity {
    struct span log_name; /* path or channel */
    int log_type_id;      /* OCSF: 1 Security, 2 Application, 3 System, 99 other; 0 unknown */
    struct event_actor actor;
};

struct event_software { /* a part of the inventory of packages; components[] borrowed */
    size_t n;
    const struct event_component {
        struct span name, version, arch;
        struct span purl, author;
    } * components;
};

struct event_patch_state {
    struct span articles; /* OCSF's kb_article_list as a JSON array, or empty */
};

struct event_inventory {
    int device_type;    /* OCSF device.type_id, 0 unknown */
    struct span device; /* more members of `device` as a JSON object, or empty */
    struct span kernel; /* release of the running one */
};

struct event_application {
    const char *activity_name; /* "Heartbeat" with activity 99, else NULL */
};

struct event_scan {
    struct span uid, name;
    int type_id; /* 1 manual, 2 scheduled, 3 updated content, 4 quarantined, 5 attached media, 6
                    user logon, 7 ELAM, 99 */
    uint64_t files, detections, skipped;
    uint64_t registry_items; /* 0: left out */
    int64_t duration_ms;
};

struct event_registry_data { /* of a value, on one side of a change */
    bool present;
    uint32_t type; /* as Windows numbers them: 1 REG_SZ, 4 REG_DWORD ... */
    uint64_t size; /* bytes */
    struct span
        text; /* what people read: text, digits, hexadecimal; masked and cut by the source */
    struct span sha256; /* 32 bytes, or empty */
};

struct event_registry {
    struct span path;                         /* of the key: "HKLM\\SOFTWARE\\..." */
    struct span name;                         /* of the value, empty: the default one */
    int64_t written_ms;                       /* of the key; 0 not known */
    struct event_registry_data before, after; /* of the value */
    uint64_t count; /* of a key: changes below it that this stands for; 0: one */
    int64_t first_ms, last_ms;
};

struct event_service { /* a service of Windows as its registry key has it */
    struct span name, command, account, group, dependencies;
    int64_t start, type, error_control; /* as Windows numbers them; -1 not known */
};

struct event {
    enum event_class class_uid;
    int activity;
    enum event_severity severity;
    bool urgent;                 /* goes at once although its severity does not ask for it */
    int64_t time_ms;             /* when it happened, UTC */
    uint8_t uid[EVENT_UID_SIZE]; /* deterministic: the same thing found again has the same */
    const char *message;         /* one sentence, may be NULL */
    const char *status_detail;   /* may be NULL */
    struct span vigia;           /* members of unmapped.vigia as a JSON object, or empty */
    union {
        struct event_file file;
        struct event_log_activity log;
        struct event_compliance compliance;
        struct event_detection detection;
        struct event_software software;
        struct event_patch_state patch_state;
        struct event_inventory inventory;
        struct event_application application;
        struct event_scan scan;
        struct event_registry registry; /* of EVENT_REGISTRY_KEY and EVENT_REGISTRY_VALUE */
        struct event_service service;
    } u;
};

/* uid = first 16 bytes of SHA-256 over the parts, each with its length before it. */
void event_uid_make(uint8_t out[EVENT_UID_SIZE], const struct span *parts, size_t n);

#endif

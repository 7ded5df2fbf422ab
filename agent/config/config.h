/*
 * The configuration: an INI file read once into a struct that never changes afterwards. A reload
 * makes a new struct, and only if the whole file is good. Every key stands in one table
 * (config/keys.c) with section, type, range, default and help; conf/vigia.ini is checked against
 * it.
 *
 * Paths below are complete: the key `root` (for trials and tests) is already in front of them.
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONFIG_LIST_MAX 256
#define CONFIG_LOGS_MAX 64

struct config_list { /* of one key that may stand several times */
    size_t n;
    char **items;
};

struct config_log { /* one section [log NAME] */
    char *name;
    char *path;    /* may hold a glob in any part; "" if it is a channel */
    char *channel; /* of Windows' event log, "" if it is a file */
    char *service; /* Sigma logsource.service, "" if none */
    char *format;  /* "syslog", "plain", "audit" */
};

struct config {
    char *file; /* where it was read from */

    /* [agent] */
    char *root;        /* "" for the real host */
    char *institution; /* until the certificate says it */
    char *name;        /* endpoint name until the certificate says it; default: host name */
    char *criticality; /* low, medium, high, critical, "" */
    struct config_list tags;
    int log_level; /* enum log_level */

    /* [center] */
    char *center_url;    /* "" until enrolled: the bundle's */
    int64_t timeout_s;   /* one request */
    int64_t retry_max_s; /* longest pause between tries */
    uint64_t rate_bytes; /* upload cap a second, 0: none */

    /* [spool] */
    uint64_t spool_cap;
    uint64_t seal_bytes;
    int64_t seal_age_s;
    int64_t heartbeat_s;

    /* [integrity] */
    bool integrity;
    struct config_list paths;    /* files, folders, globs to watch */
    struct config_list excludes; /* globs */
    bool realtime;
    int64_t scan_every_s;   /* re-check */
    int64_t rehash_every_s; /* every file hashed again at least this often */
    uint64_t scan_rate;     /* bytes read a second by scans, 0: no limit */
    uint64_t hash_max;      /* larger files are watched without content hash */
    bool remote_filesystems;

    /* [log NAME] */
    size_t logs_n;
    struct config_log logs[CONFIG_LOGS_MAX];

    /* [journal] */
    char *journal; /* "auto", "yes", "no" */

    /* [eventlog] */
    bool eventlog;

    /* [detect] */
    bool detect;
    int64_t repeat_window_s; /* 0: every finding is told */
    uint64_t budget;         /* findings of a detector and severity told in an hour, 0: no limit */
    int64_t learn_s;         /* nothing is new on this host, and no log silent, before that */
    int64_t silence_s;       /* a shorter silence of a log is none */

    /* [patch] */
    bool patch;
    int64_t patch_every_s;

    /* [checks] */
    bool checks;
    int64_t checks_every_s;

    /* [inventory] */
    bool inventory;
    int64_t inventory_every_s; /* all of it is told again */
    int64_t inventory_look_s;  /* time between two looks for changes */

    /* [registry], of Windows alone */
    bool registry;
    struct config_list registry_keys;
    struct config_list registry_excludes;
    bool registry_realtime;
    int64_t registry_scan_s; /* everything is read again */

    /* where everything lies, from root */
    char *rules_dir;             /* <root>/etc/vigia/rules */
    char *sigma_dir;             /* <root>/etc/vigia/sigma */
    char *severity_file;         /* <root>/etc/vigia/severity */
    char *suppress_file;         /* <root>/etc/vigia/suppressions.ini */
    char *support_file;          /* <root>/etc/vigia/support.ini */
    char *checks_dir;            /* <root>/etc/vigia/checks */
    char *pki_dir;               /* <root>/etc/vigia/pki */
    char *state_dir;             /* <root>/var/lib/vigia/state */
    char *outbox_dir;            /* <root>/var/lib/vigia/outbox */
    char *inbox_dir;             /* <root>/var/lib/vigia/inbox */
    char *requests_dir;          /* <root>/var/lib/vigia/requests */
    char *run_dir;               /* <root>/run/vigia */
    struct config_list drop_ins; /* the files of <file>.d that were read, in their order */
    char *host_root; /* what integrity, logs and patch state read as "/": "" or a folder (tests) */
};

/* The file, and after it every .ini file of the folder <file>.d in the order of their names, 64 at
 * most: what a later one says of a key replaces what was said before, lists as a whole. NULL and e
 * ("file:line: what is wrong, what is allowed") on failure. Refuses a file that others may write.
 */
struct config *config_read(const char *file, struct error *e);
/* For tests and fuzzing: the same from memory, no check of permissions. */
struct config *config_parse(const char *name, const char *text, size_t n, struct error *e);
void config_free(struct config *c);

#endif

#include "config/keys.h"

#include "config/defaults.h"

#define KEY(section, name, type, field, low, high, choices, otherwise, help)                       \
    {                                                                                              \
        section, name, type, offsetof(struct config, field), low, high, choices, otherwise, help   \
    }
#define LOG_KEY(name, type, field, choices, otherwise, help)                                       \
    {                                                                                              \
        "log", name, type, offsetof(struct config_log, field), 0, 0, choices, otherwise, help      \
    }

#define DAY 86400u
#define KIB 1024u
#define GIB (1024u * 1024u * 1024u)

const struct config_key config_keys[] = {
    KEY("agent", "root", KEY_PATH, root, 0, 0, NULL, "",
        "Puts this folder in front of every path of Vigía's own (trials and tests)."),
    KEY("agent", "host_root", KEY_PATH, host_root, 0, 0, NULL, "",
        "Reads the host's files below this folder instead of / (tests)."),
    KEY("agent", "name", KEY_TEXT, name, 0, 0, NULL, "",
        "Endpoint's name until a certificate says it; empty: the host name."),
    KEY("agent", "institution", KEY_TEXT, institution, 0, 0, NULL, "unknown",
        "Institution's code until a certificate says it."),
    KEY("agent", "criticality", KEY_CHOICE, criticality, 0, 0, "low medium high critical", "medium",
        "How much depends on this machine; travels in the heartbeat."),
    KEY("agent", "tag", KEY_LIST, tags, 0, 0, NULL, "",
        "A word that the SOC groups machines by; may stand several times."),
    KEY("agent", "log_level", KEY_LEVEL, log_level, 0, 0, "error warning info debug", "info",
        "Most detailed messages to write to the service's own log."),

    KEY("center", "url", KEY_URL, center_url, 0, 0, NULL, "",
        "Address of the center, https://host:port; empty: what the enrollment bundle says."),
    KEY("center", "timeout", KEY_DURATION, timeout_s, 2, 600, NULL, "60s",
        "Longest time for one delivery."),
    KEY("center", "retry_max", KEY_DURATION, retry_max_s, 1, DAY, NULL, "5m",
        "Longest pause between two tries while the center cannot be reached."),
    KEY("center", "rate", KEY_SIZE, rate_bytes, 0, 10ull * GIB, NULL, "0",
        "Bytes a second that deliveries may use; 0: no limit."),

    KEY("spool", "cap", KEY_SIZE, spool_cap, 1024 * KIB, 1024ull * GIB, NULL, "1G",
        "Most disk space for batches that wait; beyond it the oldest routine ones are given up."),
    KEY("spool", "seal_size", KEY_SIZE, seal_bytes, 4 * KIB, 512 * KIB, NULL, "256k",
        "Compressed size at which a batch is closed."),
    KEY("spool", "seal_age", KEY_DURATION, seal_age_s, 1, 3600, NULL, "60s",
        "Age of its oldest event at which a batch is closed; urgent ones are closed at once."),
    KEY("spool", "heartbeat", KEY_DURATION, heartbeat_s, 5, 3600, NULL, "5m",
        "A batch goes out at least this often, even with nothing to say."),

    KEY("integrity", "enabled", KEY_BOOL, integrity, 0, 0, NULL, "yes",
        "Watch files and folders for changes."),
    KEY("integrity", "path", KEY_PATHS, paths, 0, 0, NULL, config_default_paths,
        "A file, folder or pattern to watch; may stand several times and replaces the defaults."),
    KEY("integrity", "exclude", KEY_PATHS, excludes, 0, 0, NULL, config_default_excludes,
        "A pattern to leave out (** matches across folders); replaces the defaults."),
    KEY("integrity", "realtime", KEY_BOOL, realtime, 0, 0, NULL, "yes",
        "Tell of changes when they happen, not only at the next scan."),
    KEY("integrity", "scan_every", KEY_DURATION, scan_every_s, 60, 30 * DAY, NULL, "6h",
        "Time between two re-checks of everything watched."),
    KEY("integrity", "rehash_every", KEY_DURATION, rehash_every_s, 3600, 365 * DAY, NULL, "7d",
        "Every file is hashed again at least this often, whatever its times say."),
    KEY("integrity", "scan_rate", KEY_SIZE, scan_rate, 0, 10ull * GIB, NULL, "50M",
        "Bytes a second that scans may read; 0: no limit."),
    KEY("integrity", "hash_max", KEY_SIZE, hash_max, 0, 1024ull * GIB, NULL, "512M",
        "Larger files are watched without hashing their content."),
    KEY("integrity", "remote_filesystems", KEY_BOOL, remote_filesystems, 0, 0, NULL, "no",
        "Also enter network and FUSE file systems."),

    LOG_KEY("path", KEY_PATH, path, NULL, "",
            "The log file; a pattern in any of its parts follows every file that fits."),
    LOG_KEY("channel", KEY_TEXT, channel, NULL, "",
            "Instead of a path: a channel of Windows' event log, beside those that are always "
            "followed."),
    LOG_KEY("service", KEY_TEXT, service, NULL, "",
            "Sigma logsource.service of its lines: auth, syslog, cron, ..."),
    LOG_KEY("format", KEY_CHOICE, format, "syslog plain audit", "syslog",
            "How a line is taken apart."),

    KEY("journal", "enabled", KEY_CHOICE, journal, 0, 0, "auto yes no", "auto",
        "Read the system's journal; auto: where none of the syslog files above is there."),

    KEY("eventlog", "enabled", KEY_BOOL, eventlog, 0, 0, NULL, "yes",
        "Follow Windows' event log (on Windows)."),

    KEY("detect", "enabled", KEY_BOOL, detect, 0, 0, NULL, "yes",
        "Apply the rules in the rules folder to the logs, and learn what they usually say."),
    KEY("detect", "repeat_window", KEY_DURATION, repeat_window_s, 0, DAY, NULL, "1h",
        "The same finding again within this time is counted and told once, at its end; 0: each is "
        "told."),
    KEY("detect", "budget", KEY_NUMBER, budget, 0, 1000000, NULL, "500",
        "Findings of a detector, and of a severity, that are told in an hour; the rest is counted, "
        "but the first of each rule is told. 0: no limit."),
    KEY("detect", "learn", KEY_DURATION, learn_s, 1, 90 * DAY, NULL, "7d",
        "How long it is learned what this host usually logs, before what is new is told."),
    KEY("detect", "silence", KEY_DURATION, silence_s, 1, 7 * DAY, NULL, "1h",
        "A log that is silent for three times as long as ever is told, but not before this time."),

    KEY("patch", "enabled", KEY_BOOL, patch, 0, 0, NULL, "yes",
        "Tell installed packages and pending updates."),
    KEY("patch", "every", KEY_DURATION, patch_every_s, 60, 7 * DAY, NULL, "6h",
        "Time between two looks; changes of the package database are seen at once."),

    KEY("checks", "enabled", KEY_BOOL, checks, 0, 0, NULL, "yes",
        "Look at the host's own settings, as the files in the checks folder say."),
    KEY("checks", "every", KEY_DURATION, checks_every_s, 10, 7 * DAY, NULL, "12h",
        "Time between two looks at everything; what is cheap is looked at every 5 minutes."),

    KEY("inventory", "enabled", KEY_BOOL, inventory, 0, 0, NULL, "yes",
        "Tell hardware, addresses, disks, accounts, listening ports, services, modules, "
        "containers."),
    KEY("inventory", "every", KEY_DURATION, inventory_every_s, 3600, 30 * DAY, NULL, "1d",
        "All of it is told again this often."),
    KEY("inventory", "look_every", KEY_DURATION, inventory_look_s, 5, DAY, NULL, "60s",
        "Time between two looks for changes; those of accounts and services are seen at once."),

    KEY("registry", "enabled", KEY_BOOL, registry, 0, 0, NULL, "yes",
        "Windows: watch keys and values of the registry, and its services, for changes."),
    KEY("registry", "key", KEY_LIST, registry_keys, 0, 0, NULL, config_default_registry_keys,
        "A key to watch (* is any one name, \\** at the end all below); replaces the defaults."),
    KEY("registry", "exclude", KEY_LIST, registry_excludes, 0, 0, NULL,
        config_default_registry_excludes,
        "A key, or a key and a value, to leave out (** matches across keys); replaces the "
        "defaults."),
    KEY("registry", "realtime", KEY_BOOL, registry_realtime, 0, 0, NULL, "yes",
        "Tell of changes when they happen, not only at the next scan."),
    KEY("registry", "scan_every", KEY_DURATION, registry_scan_s, 60, 30 * DAY, NULL, "6h",
        "Time between two re-checks of every key watched."),
    {NULL, NULL, KEY_TEXT, 0, 0, 0, NULL, NULL, NULL},
};

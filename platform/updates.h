/*
 * The system's own service for updates: Windows Update's agent, and the list of fixes that WMI
 * keeps. Nothing is fetched: what is pending is what the service found at its last search.
 *
 * Every function may take minutes, and has been seen to never come back when the service is sick:
 * call it from a thread that can be left behind (thread_leave). 0 on success, or a negative errno
 * value: -ENOSYS where there is no such service, -EIO when it refuses; then *code is its own error
 * (an HRESULT) or 0. Texts are UTF-8, cut to fit; what the service says is not checked.
 */
#ifndef PLATFORM_UPDATES_H
#define PLATFORM_UPDATES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define UPDATE_TITLE_MAX 512

enum update_kind { /* bits: categories of Windows Update, whose ids mean the same everywhere */
                   UPDATE_SECURITY = 1,
                   UPDATE_CRITICAL = 2,
                   UPDATE_ROLLUP = 4,
                   UPDATE_DEFINITION = 8, /* of malware */
                   UPDATE_DRIVER = 16,
                   UPDATE_UPGRADE = 32, /* another release of the system */
                   UPDATE_SERVICE_PACK = 64,
                   UPDATE_FEATURE_PACK = 128
};

struct update {
    char id[40]; /* its GUID, without braces */
    char title[UPDATE_TITLE_MAX];
    char kbs[64];         /* numbers of its articles, apart by blanks: "5034441" */
    char severity[16];    /* of Microsoft: "Critical", "Important", "Moderate", "Low"; or "" */
    unsigned kinds;       /* enum update_kind */
    int64_t published_ms; /* 0: not known */
    bool downloaded, hidden;
};

/* What is not installed but applies, also what was hidden from the user; each() returning false
 * ends it. */
int updates_pending(bool (*each)(void *ctx, const struct update *u), void *ctx, uint32_t *code);

enum update_outcome { UPDATE_DONE, UPDATE_FAILED, UPDATE_NOT_ENDED };

struct update_past {
    char title[UPDATE_TITLE_MAX];
    bool removal; /* else an installation */
    enum update_outcome outcome;
    uint32_t code; /* of a failed one */
    int64_t at_ms;
};

/* What was installed and removed, the newest first. */
int updates_history(bool (*each)(void *ctx, const struct update_past *u), void *ctx,
                    uint32_t *code);

/* The names of the fixes that WMI lists (Win32_QuickFixEngineering): "KB5034441". */
int updates_fixes(bool (*each)(void *ctx, const char *name), void *ctx, uint32_t *code);

struct updates_times { /* of automatic updates; 0: never, or not known */
    int64_t searched_ms, installed_ms;
};
int updates_times(struct updates_times *out, uint32_t *code);

#endif

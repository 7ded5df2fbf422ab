/*
 * A record: one entry of a log as a source read it, before anything was decided about it. Field
 * names are those that Sigma rules use. Everything is borrowed from the source and valid until its
 * emit call returns.
 */
#ifndef EVENT_RECORD_H
#define EVENT_RECORD_H

#include "base/span.h"

#include <stdint.h>

#define RECORD_FIELDS_MAX 96
#define EVENT_UID_SIZE    16

struct record_field {
    struct span name; /* "program", "Image", "EventID", ... */
    struct span value;
};

struct record {
    const char *source;   /* the log's path or channel: "/var/log/auth.log" */
    const char *product;  /* Sigma logsource.product: "linux", "windows" */
    const char *category; /* Sigma logsource.category, or NULL */
    const char *service;  /* Sigma logsource.service of the log: "auth", "syslog", or NULL */
    struct span program;  /* who wrote it ("sshd"); also taken as a logsource.service */
    struct span host;     /* host named in the line, may be empty */
    int64_t pid;          /* 0 if not known */
    int64_t time_ms;      /* of the entry itself; of reading if it has none */
    struct span message;  /* what keyword lists of rules are looked for in */
    struct span raw;      /* the entry as read, cut at the reader's limit */
    uint8_t
        uid[EVENT_UID_SIZE]; /* hash of source, file fingerprint and offset: same after a crash */
    size_t fields_n;         /* a name may stand several times: any of its values counts */
    struct record_field fields[RECORD_FIELDS_MAX];
};

/* The value of a field, or an empty span with p == NULL. */
static inline struct span record_field(const struct record *r, struct span name)
{
    for (size_t i = 0; i < r->fields_n; i++)
        if (r->fields[i].name.n == name.n && memcmp(r->fields[i].name.p, name.p, name.n) == 0)
            return r->fields[i].value;
    return (struct span){0, 0};
}

#endif

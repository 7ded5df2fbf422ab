/*
 * An event of Windows' event log as a record, by the field names that Sigma's rules use
 * (event_xml.h), and what it says of the log itself. Pure.
 */
#ifndef SOURCE_LOG_EVENTLOG_RECORD_H
#define SOURCE_LOG_EVENTLOG_RECORD_H

#include "base/buf.h"
#include "event/event.h"
#include "event/record.h"

#include <stdbool.h>

#define EVENTLOG_CHANNEL_MAX 256

struct eventlog_record {
    struct buf fields;
    char channel[EVENTLOG_CHANNEL_MAX];
    struct record record; /* its message is empty: Windows keeps that text elsewhere */
    uint64_t id;          /* EventRecordID; 0: none */
    uint64_t event_id;
    bool of_log; /* written by the event log of this host about itself */
    bool cut;    /* more fields than are kept */
};

void eventlog_record_init(struct eventlog_record *e);
void eventlog_record_release(struct eventlog_record *e);

/* channel: the one that it was read from. An event that was forwarded from elsewhere keeps the name
 * of the channel that it was in there. service: Sigma's logsource.service if the configuration has
 * one, or NULL. Borrows xml. False when it is no event. now_ms stands for a time that it does not
 * have. */
bool eventlog_record_take(struct eventlog_record *e, const char *channel, const char *service,
                          struct span xml, int64_t now_ms);

/* Whether it tells that a channel was cleared (1102, 104) or that logging ended (1100), told by the
 * event log itself: then also as an event. Borrows from e. */
bool eventlog_record_activity(const struct eventlog_record *e, struct event *out);

/* OCSF's log_type_id of a channel. */
int eventlog_type_of(struct span channel);

/* RecordId of a bookmark; 0: none. */
uint64_t eventlog_bookmark_id(struct span bookmark);

#endif

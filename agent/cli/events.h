/*
 * Events out of a file, for trying rules: JSON objects (one a line, one after the other, or in
 * an array), audit.log, or lines of syslog. An object's members are fields; those inside others are
 * named by their path (a.b), those of Windows events by what Sigma calls them: Event.System and
 * Event.EventData are left out of the path, attributes are joined by an underscore (Provider_Name).
 *
 * Its time is that of TimeCreated_SystemTime, @timestamp, EventTime, UtcTime or time (RFC 3339; UTC
 * where no zone is named), else that of the event before it, or now.
 *
 * Bounds: 512 MiB a file, 1 MiB an event, 16 levels, RECORD_FIELDS_MAX fields; what goes beyond is
 * counted and told.
 */
#ifndef CLI_EVENTS_H
#define CLI_EVENTS_H

#include "base/error.h"
#include "event/record.h"

struct events_counts {
    size_t events;
    size_t unread; /* no JSON although the line begins like it, or too large */
    size_t cut;    /* with fewer fields than they have */
};

/* Calls each() with every event and the line it begins at. service: of lines of syslog, or NULL. 0,
 * or -1 and e when the file cannot be read. */
int events_read(const char *path, const char *service,
                void (*each)(void *ctx, const struct record *r, size_t line), void *ctx,
                struct events_counts *counts, struct error *e);

/* The same from memory, for tests and fuzzing. */
void events_parse(struct span text, void (*each)(void *ctx, const struct record *r, size_t line),
                  void *ctx, struct events_counts *counts);

#endif

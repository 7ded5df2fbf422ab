/*
 * An event of Windows' event log as XML (what EvtRender gives, and what Sysmon for Linux writes to
 * syslog) as fields of a record, by the names that Sigma has for them: elements of System by their
 * names, their attributes joined by an underscore (Provider_Name), Data of EventData by the
 * attribute Name, elements of UserData by theirs. Pure; tolerant of anything; never reads on behind
 * the text.
 */
#ifndef SOURCE_LOG_EVENT_XML_H
#define SOURCE_LOG_EVENT_XML_H

#include "base/buf.h"
#include "event/record.h"

#include <stdbool.h>

/* Whether the text begins like one. */
bool event_xml_is(struct span text);

/* Adds its fields behind those that r has; they point into room, which is emptied first, and into
 * text. A name of System that the event's own data has too means the latter. False when not all of
 * them fit. */
bool event_xml_fields(struct span text, struct buf *room, struct record *r);

#endif

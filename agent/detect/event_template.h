/*
 * The template of a structured event, which has named fields and no text that could be mined: one
 * of Windows' event log (and of Sysmon for Linux). Its kind is known: the log it is in, its
 * provider and its number. What varies is in fields; followed are, of a kind, the first
 * MINER_VALUES fields of a table that its first event has: who (TargetUserName, ...), what program,
 * service or command, from or to where. Letters' case makes no other value of them.
 *
 * To the miner such an event is a line of one word, which is its number, and MINER_VALUES values,
 * whatever fields it has: so another version of an event, or of this table, makes no new template.
 * A followed value's place in mined.hash is the hash of its field's name.
 */
#ifndef DETECT_EVENT_TEMPLATE_H
#define DETECT_EVENT_TEMPLATE_H

#include "detect/miner.h"
#include "event/record.h"

#include <stdbool.h>

bool event_template_is(const struct record *r);

/* The template of such an event, as miner_take's: a new one has its text and values already. */
struct mined *event_template_take(struct miner *m, const struct record *r, bool *fresh);

/* Whether a field of the event has another value than this template always had there. Then the
 * field is marked as varying and *field is it; ask again for more. Fields that are missing or
 * empty say nothing. */
bool event_template_differs(const struct record *r, struct mined *t, struct record_field *field);

#endif

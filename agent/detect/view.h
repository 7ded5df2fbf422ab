/*
 * A record with its texts folded and its fields found by number, and room to work in; prepared
 * once, it serves all rules. Kept from record to record: nothing is allocated once its buffer has
 * grown to the longest.
 */
#ifndef DETECT_VIEW_H
#define DETECT_VIEW_H

#include "base/buf.h"
#include "detect/field_names.h"
#include "detect/regex.h"
#include "event/record.h"

#include <stdbool.h>

#define VIEW_TEXTS_MAX (RECORD_FIELDS_MAX + 3) /* its fields; message, program and host */

/* Other names for the fields that rules ask for: of each a list of those that the record may have.
 */
struct view_names {
    size_t end;        /* of list_of */
    uint16_t *list_of; /* by number of the name: begin of its list in lists; 0: its own */
    uint16_t *lists;   /* each ended by FIELD_NONE */
};

struct view_text {
    struct span text, folded;
    uint16_t next; /* one more than the place of the next with the same name; 0: none */
};

struct view {
    const struct record *record;
    struct buf folded; /* of all texts, one after the other */
    struct view_text texts[VIEW_TEXTS_MAX];
    size_t n;
    const struct field_names *names; /* by whose numbers it is prepared */
    uint16_t *first;                 /* by number: one more than the place in texts; 0: none */
    size_t first_n;
    uint16_t asked[VIEW_TEXTS_MAX]; /* numbers that first was set for */
    size_t asked_n;
    const struct view_names *others; /* NULL: the record's own names */
    struct regex_work *work;
    uint8_t *known; /* room for RULE_SELECTIONS_MAX results of the rule at hand */
};

void view_init(struct view *v);
void view_release(struct view *v);
/* r must stay until the next view_set; others becomes NULL. */
void view_set(struct view *v, const struct field_names *names, const struct record *r);

/* One more than the place in texts of a field's first value; 0: the record has none. message,
 * program and host are the record's own unless it has fields of that name (or they are empty).
 * view_first takes the record's names, view_find those that others translates. */
static inline uint16_t view_first(const struct view *v, uint16_t name)
{
    return name < v->first_n ? v->first[name] : 0;
}
uint16_t view_find(const struct view *v, uint16_t name);

#endif

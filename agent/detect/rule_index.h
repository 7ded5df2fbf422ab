/* The index of a rule set: by logsource, and within it by texts that must stand in a record. */
#ifndef DETECT_RULE_INDEX_H
#define DETECT_RULE_INDEX_H

#include "detect/rule_set.h"

void rule_index_make(struct rule_set *set);
void rule_index_release(struct rule_set *set);

#endif

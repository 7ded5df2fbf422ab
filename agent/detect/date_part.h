/* Numbers out of a date that a field holds, for Sigma's time modifiers. */
#ifndef DETECT_DATE_PART_H
#define DETECT_DATE_PART_H

#include "base/span.h"

enum date_part {
    DATE_NONE,
    DATE_MINUTE,
    DATE_HOUR,
    DATE_DAY,
    DATE_WEEK, /* ISO 8601: 1 to 53 */
    DATE_MONTH,
    DATE_YEAR
};

/* "2025-08-02T07:40:10.1Z", "2025-08-02 07:40", "2025-08-02": as it is written, no zone is reckoned
 * with. False when text does not begin so or lacks the part. */
bool date_part_of(struct span text, enum date_part part, int *out);

#endif

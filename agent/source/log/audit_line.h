/*
 * One line of audit.log (Linux audit, auditd's log_format RAW or ENRICHED) taken apart:
 *
 *   type=SYSCALL msg=audit(1700000000.123:456): arch=c000003e ... comm="cat"
 * exe=2F746D702F78\x1dARCH=x86_64 ...
 *
 * with "node=HOST " in front where several hosts write to one log, and fields of user space inside
 * msg='...'. Pure; spans point into the line.
 */
#ifndef SOURCE_LOG_AUDIT_LINE_H
#define SOURCE_LOG_AUDIT_LINE_H

#include "base/buf.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct audit_line {
    struct span node; /* empty if none */
    struct span type;
    int64_t time_ms;
    uint64_t serial; /* with the time the id of the event */
    struct span fields;
};

/* False when it is no record of audit. */
bool audit_line_parse(struct span line, struct audit_line *out);

struct audit_field {
    struct span name, value; /* value as it stands, without quotes */
    bool quoted;
};

/* Takes the next field off *rest; words without "=" are passed over. False at the end. */
bool audit_field_next(struct span *rest, struct audit_field *out);

/* Appends the value, decoded where such a field is written in hex. type: the record's. */
void audit_field_put(struct buf *b, struct span type, const struct audit_field *f);

#endif

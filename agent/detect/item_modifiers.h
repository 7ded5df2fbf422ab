/* What stands behind the bars of `field|modifier|modifier`. */
#ifndef DETECT_ITEM_MODIFIERS_H
#define DETECT_ITEM_MODIFIERS_H

#include "base/error.h"
#include "base/span.h"
#include "detect/date_part.h"

enum { /* flags */
       MOD_CONTAINS = 1 << 0,
       MOD_STARTS = 1 << 1,
       MOD_ENDS = 1 << 2,
       MOD_RE = 1 << 3,
       MOD_CIDR = 1 << 4,
       MOD_EXISTS = 1 << 5,
       MOD_LT = 1 << 6,
       MOD_LTE = 1 << 7,
       MOD_GT = 1 << 8,
       MOD_GTE = 1 << 9,
       MOD_ALL = 1 << 10,
       MOD_CASED = 1 << 11,
       MOD_NEQ = 1 << 12,
       MOD_WINDASH = 1 << 13,
       MOD_NOCASE = 1 << 14,
       MOD_MULTILINE = 1 << 15,
       MOD_DOTALL = 1 << 16,
       MOD_UTF16LE = 1 << 17,
       MOD_UTF16BE = 1 << 18,
       MOD_UTF16 = 1 << 19,
       MOD_BASE64 = 1 << 20,
       MOD_BASE64OFFSET = 1 << 21,
       MOD_EXPAND = 1 << 22,
       MOD_FIELDREF = 1 << 23,
       MOD_DATE = 1 << 24,

       MODS_COMPARE = (1 << 10) - 1, /* at most one of these: how a value is compared */
       MODS_FIT = MOD_CONTAINS | MOD_STARTS | MOD_ENDS,
       MODS_NUMBER = MOD_LT | MOD_LTE | MOD_GT | MOD_GTE,
       MODS_RE = MOD_NOCASE | MOD_MULTILINE | MOD_DOTALL,
       MODS_UTF16 = MOD_UTF16LE | MOD_UTF16BE | MOD_UTF16,
       MODS_BASE64 = MOD_BASE64 | MOD_BASE64OFFSET,
       MODS_ENCODE = MODS_UTF16 | MODS_BASE64
};

struct modifiers {
    int flags;
    enum date_part part; /* with MOD_DATE */
};

/* Takes `field|a|b` apart and looks whether the modifiers go together; -1 and e (without a place).
 */
int modifiers_read(struct span key, struct span *field, struct modifiers *out, struct error *e);

#endif

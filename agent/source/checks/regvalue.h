/*
 * One value of the registry as the field writes it, KEY:NAME, and as text that can be judged:
 * "HKLM\SYSTEM\CurrentControlSet\Control\Lsa:RunAsPPL". Nothing behind the colon: the key's
 * default value. A key's path holds no colon, a name may.
 */
#ifndef SOURCE_CHECKS_REGVALUE_H
#define SOURCE_CHECKS_REGVALUE_H

#include "base/span.h"
#include "platform/registry.h"

#define REGVALUE_TEXT_MAX 1024 /* what is longer is cut */

/* How it is to be read. */
struct regvalue_form {
    enum registry_view view;
    uint64_t bits; /* of a number only these count; 0: all */
    size_t from; /* of binary data count `bytes` of them from here on, as a little-endian number; */
    size_t bytes; /* 1 to 8, or 0: it becomes hexadecimal digits */
};

/* 0 and its text in out (REGVALUE_TEXT_MAX bytes): a number in decimal, several texts with commas
 * between them. -ENOENT: there is no such key or value; -EMSGSIZE: binary data shorter than what is
 * asked of it; -EACCES ... */
int regvalue_read(struct span place, const struct regvalue_form *form, char *out);

/* The name behind the colon, for people. */
struct span regvalue_name(struct span place);

#endif

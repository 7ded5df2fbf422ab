/*
 * A registry made of text, in place of platform/registry.h, on any system. A test includes this in
 * one file: its functions then win over those of the system.
 *
 * One thing a line:
 *   # a comment
 *   HKLM\SOFTWARE\Vendor                     a key; those above it come by themselves
 *   HKLM\SOFTWARE\Vendor|Name|sz|some text   a value; without a name: the key's default value
 *   HKLM\SOFTWARE\Vendor|!written|1700000000000   when the key was written last, ms
 *   HKLM\SOFTWARE\Vendor|!security|O:BAG:SYD:     its owner and access list
 *   HKLM\SECURITY|!denied                    cannot be opened: -EACCES
 * Types: none, sz, expand_sz, link, multi_sz (parts with | between), binary (hex digits), dword,
 * dword_be, qword (decimal, or hex after 0x), or the number of a type, with hex digits.
 * Paths and names are compared without case (ASCII). The 32-bit view of HKLM\SOFTWARE\x is
 * HKLM\SOFTWARE\WOW6432Node\x, as on Windows. Keys and values keep the order of their lines.
 *
 * A change makes its key written a second later than the last change, and watches ready.
 */
#ifndef UNIT_REGISTRY_KIT_H
#define UNIT_REGISTRY_KIT_H

#include "platform/registry.h"

void registry_kit_clear(void);
void registry_kit_add(const char *lines); /* what is there already gets its new value */
void registry_kit_add_file(const char *path);
void registry_kit_remove(const char *path); /* a key and what is below it */
void registry_kit_remove_value(const char *path, const char *name);
unsigned registry_kit_opened(void); /* keys that are open now */
unsigned registry_kit_opens(void);  /* keys that were opened so far */
unsigned registry_kit_reads(void);  /* values that were read so far */

#include "fake/registry/double.h"

#endif

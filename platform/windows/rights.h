/* The rights a new file or folder gets for a mode; for platform/windows only. */
#ifndef PLATFORM_WINDOWS_RIGHTS_H
#define PLATFORM_WINDOWS_RIGHTS_H

#include <stdbool.h>
#include <stdint.h>
#include <windows.h>

/* Beside a mode without rights for others: whoever has a right to the folder's files has it to this
 * one too. */
#define RIGHTS_SHARED 010000u

struct rights {
    SECURITY_ATTRIBUTES attributes;
};

/* With the right to read for others (of files: for the group too, which is the other role) what the
 * folder above gives; else the system, administrators and whoever makes it have all rights, and
 * nobody else has any. 0, or a negative errno value. */
int rights_of_mode(uint32_t mode, bool folder, struct rights *out);
/* NULL: what the folder above gives. */
SECURITY_ATTRIBUTES *rights_attributes(struct rights *r);
void rights_release(struct rights *r);

/* What others than the system, administrators, VigiaShip and the owner may do: 04 read, 02 change
 * it or its rights. What a list denies again is not taken off. 04 for what does not say. */
uint32_t rights_of_others(HANDLE h);
/* Whether it belongs to the system, administrators, TrustedInstaller, VigiaShip or the account that
 * this runs as. h: with READ_CONTROL. */
bool rights_owner_is_trusted(HANDLE h);

#endif

/*
 * Records of the change journal of NTFS and ReFS, from the bytes that FSCTL_READ_USN_JOURNAL gives
 * (USN_RECORD_V2 and USN_RECORD_V3 of winioctl.h); for platform/ only.
 */
#ifndef PLATFORM_COMMON_USN_RECORD_H
#define PLATFORM_COMMON_USN_RECORD_H

#include "platform/usn.h"

#include <stdbool.h>

#define USN_RECORD_HEAD 8 /* of what is read at once: the number to go on with */

struct usn_record {
    unsigned char folder[16]; /* number of the folder, with zeros behind it in version 2 */
    bool wide;                /* 16 bytes of it count, else 8 */
    struct usn_change change; /* its path is the name alone */
};

/* The number behind what was read; -EIO: fewer than 8 bytes. */
int usn_record_next_number(const unsigned char *data, size_t n, int64_t *next);
/* The record at *at (which begins at USN_RECORD_HEAD) and moves *at behind it: 1; 0 at the end.
 * Records of other versions have no name and are passed over. -EIO: damaged. */
int usn_record_take(const unsigned char *data, size_t n, size_t *at, struct usn_record *out);

#endif

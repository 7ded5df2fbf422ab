/*
 * The change journal that a volume keeps by itself: what changed while nobody looked. Windows: the
 * USN journal of NTFS and ReFS, which needs an administrator's rights; elsewhere, and on volumes
 * without one (FAT), there is none: -ENOSYS.
 *
 * Functions return 0 (or what is said) on success and a negative errno value on failure.
 */
#ifndef PLATFORM_USN_H
#define PLATFORM_USN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define USN_PATH_MAX   4096
#define USN_VOLUME_MAX 16

struct usn_position {
    uint64_t journal; /* a journal that was deleted and made anew has another number */
    int64_t next;     /* of the first change that is not known yet */
};

struct usn_change {
    int64_t time_ms; /* wall clock */
    uint32_t reason; /* bits of enum usn_reason and others of winioctl.h */
    bool folder;
    char path[USN_PATH_MAX]; /* as platform/file.h has them, where its folder lies now */
};

enum usn_reason { /* winioctl.h: USN_REASON_... */
                  USN_CREATED = 0x100,
                  USN_DELETED = 0x200,
                  USN_OLD_NAME = 0x1000,
                  USN_NEW_NAME = 0x2000,
                  USN_REPARSE = 0x100000
};

/* Name of the volume on which a path lies ("C:"). */
int usn_volume(const char *path, char *out, size_t size);

struct usn;
int usn_open(const char *volume, struct usn **out);
void usn_close(struct usn *j); /* NULL does nothing */
/* Where the journal ends now. */
int usn_end(struct usn *j, struct usn_position *out);
/* Reads on from there. -ENOENT: the journal is not that one any more, -ERANGE: what followed that
 * position was overwritten. */
int usn_seek(struct usn *j, const struct usn_position *from);
/* The next change: 1, 0 at the end. Those whose folder is not there any more are left out: that it
 * went is a change of its own. Several of one path come one by one. */
int usn_next(struct usn *j, struct usn_change *out);

#endif

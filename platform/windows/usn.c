/* Reads the journal of a volume in pieces. A folder's path is asked of the system by its number;
 * neighbours in the journal mostly share one, so the last is kept. */
#include "platform/usn.h"

#include "platform/common/usn_record.h"
#include "platform/windows/handle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <winioctl.h>

#define PIECE (64 * 1024)

struct usn {
    HANDLE volume;
    struct usn_position at;
    DWORD n;       /* bytes of records */
    size_t taken;  /* of them */
    bool has_path; /* of the folder that was asked for last */
    unsigned char folder[16];
    char path[USN_PATH_MAX]; /* empty: it is gone */
    struct usn_record record;
    _Alignas(8) unsigned char records[PIECE];
};

int usn_volume(const char *path, char *out, size_t size)
{
    bool drive = ((path[0] | 32) >= 'a' && (path[0] | 32) <= 'z') && path[1] == ':';
    if (!drive || size < 3)
        return -ENOSYS;
    out[0] = (char)(path[0] & ~32);
    out[1] = ':';
    out[2] = '\0';
    return 0;
}

int usn_open(const char *volume, struct usn **out)
{
    wchar_t device[] = L"\\\\.\\C:";
    struct usn_position end;
    *out = NULL;
    device[4] = (wchar_t)(unsigned char)volume[0];
    HANDLE h = CreateFileW(device, GENERIC_READ, SHARE_ALL, NULL, OPEN_EXISTING, 0, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return errno_of_last();
    struct usn *j = calloc(1, sizeof(*j));
    if (!j) {
        CloseHandle(h);
        return -ENOMEM;
    }
    j->volume = h;
    int rc = usn_end(j, &end);
    if (rc != 0) {
        usn_close(j);
        return -ENOSYS; /* no journal, or a file system that keeps none */
    }
    *out = j;
    return 0;
}

void usn_close(struct usn *j)
{
    if (!j)
        return;
    CloseHandle(j->volume);
    free(j);
}

static int query(struct usn *j, USN_JOURNAL_DATA *out)
{
    DWORD n;
    return DeviceIoControl(j->volume, FSCTL_QUERY_USN_JOURNAL, NULL, 0, out, sizeof(*out), &n, NULL)
               ? 0
               : errno_of_last();
}

int usn_end(struct usn *j, struct usn_position *out)
{
    USN_JOURNAL_DATA now;
    int rc = query(j, &now);
    if (rc == 0)
        *out = (struct usn_position){now.UsnJournalID, now.NextUsn};
    return rc;
}

int usn_seek(struct usn *j, const struct usn_position *from)
{
    USN_JOURNAL_DATA now;
    int rc = query(j, &now);
    if (rc != 0)
        return rc;
    if (from->journal != now.UsnJournalID || from->next > now.NextUsn)
        return -ENOENT;
    if (from->next < now.FirstUsn || from->next < now.LowestValidUsn)
        return -ERANGE;
    j->at = *from;
    j->n = 0;
    j->taken = 0;
    return 0;
}

/* READ_USN_JOURNAL_DATA_V1: that of version 0, and which versions of records are understood. */
static int fill(struct usn *j)
{
    struct {
        USN start;
        DWORD reasons, only_on_close;
        DWORDLONG timeout, wait_for, journal;
        WORD least, most;
    } ask = {.start = j->at.next,
             .reasons = 0xffffffff,
             .journal = j->at.journal,
             .least = 2,
             .most = 3};
    int64_t next;
    DWORD n;
    if (!DeviceIoControl(j->volume, FSCTL_READ_USN_JOURNAL, &ask, sizeof(ask), j->records,
                         sizeof(j->records), &n, NULL)) {
        DWORD error = GetLastError();
        return error == ERROR_JOURNAL_ENTRY_DELETED        ? -ERANGE
               : error == ERROR_JOURNAL_NOT_ACTIVE         ? -ENOENT
               : error == ERROR_JOURNAL_DELETE_IN_PROGRESS ? -ENOENT
                                                           : errno_of_error(error);
    }
    int rc = usn_record_next_number(j->records, n, &next);
    if (rc != 0)
        return rc;
    bool more = n > USN_RECORD_HEAD && next > j->at.next;
    j->at.next = next;
    j->n = n;
    j->taken = USN_RECORD_HEAD;
    return more;
}

/* Where a folder lies now. */
static bool find_folder(struct usn *j)
{
    const struct usn_record *r = &j->record;
    wchar_t wide[PATH_WIDE_MAX];
    if (j->has_path && memcmp(j->folder, r->folder, sizeof(j->folder)) == 0)
        return j->path[0] != '\0';
    FILE_ID_DESCRIPTOR id = {.dwSize = sizeof(id),
                             .Type = r->wide ? ExtendedFileIdType : FileIdType};
    memcpy(&id.ExtendedFileId, r->folder, sizeof(r->folder));
    j->has_path = true;
    j->path[0] = '\0';
    memcpy(j->folder, r->folder, sizeof(j->folder));
    HANDLE h = OpenFileById(j->volume, &id, FILE_READ_ATTRIBUTES, SHARE_ALL, NULL,
                            FILE_FLAG_BACKUP_SEMANTICS);
    if (h == INVALID_HANDLE_VALUE)
        return false;
    if (handle_path(h, wide) != 0 || text_of_path(wide, j->path, sizeof(j->path)) < 0)
        j->path[0] = '\0';
    CloseHandle(h);
    return j->path[0] != '\0';
}

/* The name becomes a path; false when that is too long. */
static bool put_folder(struct usn *j, struct usn_change *c)
{
    size_t above = strlen(j->path), n = strlen(c->path);
    if (above + 1 + n >= sizeof(c->path))
        return false;
    memmove(c->path + above + 1, c->path, n + 1);
    memcpy(c->path, j->path, above);
    c->path[above] = '/';
    return true;
}

int usn_next(struct usn *j, struct usn_change *out)
{
    for (;;) {
        int rc = j->n > 0 ? usn_record_take(j->records, j->n, &j->taken, &j->record) : 0;
        if (rc == 0 && (rc = fill(j)) == 1)
            continue;
        if (rc != 1)
            return rc;
        if (!find_folder(j))
            continue;
        *out = j->record.change;
        if (put_folder(j, out))
            return 1;
    }
}

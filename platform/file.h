/*
 * Files and folders: open, read, write durably, look at, list, remove.
 *
 * Paths are plain bytes on POSIX systems. On Windows they are UTF-8 (a name that is no valid UTF-16
 * keeps its lone surrogates as WTF-8), with "/" between their parts, and begin with the drive:
 * "C:/Windows/System32", "C:" for its root, "//server/share". "\" is taken as well and never given
 * back. A path without a drive lies in the agent's own folder there: /etc/vigia and /var/lib/vigia
 * are %ProgramData%\Vigia, /run/vigia is its folder run, any other /x is its folder x. Names are
 * not limited to 260 characters, and case does not matter where Windows does not look at it.
 *
 * Every function returns 0 (or a count) on success and a negative errno value on failure (-ENOENT
 * ...; Windows errors are mapped to these). Nothing here logs. Times are nanoseconds since 1970
 * UTC, sizes are bytes.
 */
#ifndef PLATFORM_FILE_H
#define PLATFORM_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#ifndef EREMOTE /* Linux has it; elsewhere the same number stands for it */
#define EREMOTE 66
#endif

typedef intptr_t file_t; /* a descriptor, or a HANDLE */
#define FILE_NONE ((file_t)-1)

enum file_type {
    FILE_NO_TYPE,
    FILE_REGULAR,
    FILE_FOLDER,
    FILE_SYMLINK,
    FILE_FIFO,
    FILE_SOCKET,
    FILE_CHAR_DEVICE,
    FILE_BLOCK_DEVICE
};

enum { /* bits of file_info.flags */
       FILE_IMMUTABLE = 1,
       FILE_APPEND_ONLY = 2,
       FILE_HIDDEN = 4, /* of Windows, as the next */
       FILE_SYSTEM = 8,
       FILE_ENCRYPTED = 16
};

struct file_info {
    enum file_type type;
    uint32_t mode; /* permission bits with setuid, setgid and sticky: 07777. Windows: what others
                    * than system, administrators and owner may do, for group and others alike */
    uint32_t uid;
    uint32_t gid;
    uint32_t nlink;
    uint32_t flags; /* set by walk_info and walk_file only */
    uint64_t size;
    int64_t mtime_ns;
    int64_t ctime_ns;
    uint64_t dev;
    uint64_t ino;
};

/*
 * The one opener for every path that others can influence: a regular file, for reading. No symbolic
 * link in any component (openat2 with NO_SYMLINKS and NO_MAGICLINKS, component by component where
 * the kernel has no openat2), never blocks on a FIFO, device or lease, no controlling terminal.
 * -EAGAIN: somebody holds a lease on it now, -ELOOP: a link on the way, -EINVAL: no regular file,
 * -EREMOTE: a network or FUSE file system is mounted on the way, which is asked nothing: it may
 * never answer. (The one that holds the root folder is always asked.)
 * info may be NULL.
 */
int file_open_untrusted(const char *path, file_t *out, struct file_info *info);

/* The same, but links on the way are followed if every component is owned by root and not writable
 * by others (needed for /var/run and merged /usr); the last component is never followed. -EMLINK: a
 * file with several names in a folder where others than root could have made this one, a hard link
 * to what they may not read. */
int file_open_trusted_path(const char *path, file_t *out, struct file_info *info);

/* Our own files. read: a FIFO without a writer holds nobody. create: new file with mode (exactly,
 * whatever the umask), -EEXIST if there is one, be it a link. open_rw: existing or new. */
int file_open_read(const char *path, file_t *out);
int file_create(const char *path, uint32_t mode, file_t *out);
int file_open_rw(const char *path, uint32_t mode, file_t *out);
void file_close(file_t f);

/* Bytes read or written (fewer than n only at the end of the file), or a negative errno value. */
int64_t file_read_at(file_t f, uint64_t offset, void *data, size_t n);
/* Where data begin, at offset or behind it: between them is a hole, which reads as zeros. The end
 * of the file if there are none; offset itself where the file system does not know. */
uint64_t file_next_data(file_t f, uint64_t offset);
int file_write_at(file_t f, uint64_t offset, const void *data, size_t n);
int file_truncate(file_t f, uint64_t size);
/* Allocates blocks, so that an overwrite needs none; the file is at least that long afterwards. */
int file_reserve(file_t f, uint64_t size);
int file_sync(file_t f); /* data and what is needed to find it again */

int file_info_of(file_t f, struct file_info *info);
/* Does not follow a final link; -EREMOTE as above. */
int file_info_at(const char *path, struct file_info *info);
int file_link_target(const char *path, char *out, size_t size); /* length, NUL-terminated */

int file_rename(const char *from, const char *to); /* replaces; atomic within a file system */
int file_remove(const char *path);                 /* -ENOENT when there is none */
int folder_make(const char *path,
                uint32_t mode); /* with parents (0755); 0 if it is there already */
int folder_sync(const char *path);

/*
 * The one durable write: temporary name in the same folder, write, sync, rename, sync the folder.
 * On failure name is as it was. Temporary names start with a dot (".NAME.new0"): who lists the
 * folder leaves those out; what a crash left goes away with the next replacement of that name.
 */
int file_replace(const char *folder, const char *name, const void *data, size_t n, uint32_t mode);
/* As file_replace, and the new file belongs to the folder's owner where the caller may give files
 * away (root): for what another role has to read and to replace. */
int file_replace_owned(const char *folder, const char *name, const void *data, size_t n,
                       uint32_t mode);
/* As file_replace without the two syncs: for what may be lost at a power cut (status,
 * acknowledgements).
 */
int file_replace_lazy(const char *folder, const char *name, const void *data, size_t n,
                      uint32_t mode);

/* The path as libraries that open files themselves want it; its length. */
int file_native_path(const char *path, char *out, size_t size);

/* Free and total bytes of the file system that holds path. */
int file_space(const char *path, uint64_t *free_bytes, uint64_t *total_bytes);

/* An exclusive lock held until the process ends or *out is closed; -EWOULDBLOCK if another has it.
 */
int file_lock(const char *path, file_t *out);

/* Folders, entry by entry, "." and ".." left out. The name is valid until the next call. */
struct folder;
/* Never follows a link in the last part; -EREMOTE as above. */
int folder_open(const char *path, struct folder **out);
int folder_next(struct folder *d, const char **name, enum file_type *type); /* 1, 0 at the end */
void folder_close(struct folder *d);

#endif

/*
 * Walking trees of files relative to open folders: nothing on the way can be swapped for a link,
 * and each step costs the system one look-up of one name.
 *
 * Names are single components, as walk_next gives them. Every function returns 0 (or what is said)
 * on success and a negative errno value on failure; -ELOOP or -ENOTDIR: there is a link or a file
 * where a folder was expected; -EREMOTE: a network or FUSE file system is mounted there, which is
 * asked nothing, since it may never answer.
 */
#ifndef PLATFORM_WALK_H
#define PLATFORM_WALK_H

#include "platform/file.h"

struct walk_folder;

/* An absolute path without a symbolic link in any component. */
int walk_open(const char *path, struct walk_folder **out);
/* The same, but network and FUSE file systems on the way and below are asked and entered. */
int walk_open_anywhere(const char *path, struct walk_folder **out);
int walk_enter(const struct walk_folder *parent, const char *name, struct walk_folder **out);
void walk_close(struct walk_folder *f);

/* The next entry, "." and ".." left out: 1, 0 at the end. The type is what the folder says of it,
 * FILE_NO_TYPE on file systems that say nothing; the entry itself is not touched. The name is valid
 * until the next call. */
int walk_next(struct walk_folder *f, const char **name, enum file_type *type);

int walk_info(const struct walk_folder *f, const char *name, struct file_info *info);
/* A regular file for reading, never blocking; as file_open_untrusted. */
int walk_file(const struct walk_folder *f, const char *name, file_t *out, struct file_info *info);
/* Length of the link's target, NUL-terminated. */
int walk_link(const struct walk_folder *f, const char *name, char *out, size_t size);

/* Hands on what decides about rights beside owner and mode: extended attributes security.* (labels,
 * capabilities) and system.posix_acl_*, as the system keeps them; none is no error. Windows: owner
 * and group as "S-1-...", "security.owner" and "security.group", the access list as SDDL
 * ("D:..."), "security.dacl", and for each alternate data stream (the first 16) "stream:NAME", or
 * "program:NAME" if it begins as programs do: u64 size, little-endian, and the first
 * WALK_STREAM_MAX bytes of it. f: the entry opened by walk_file, or FILE_NONE. */
#define WALK_STREAM_MAX (64 * 1024)
typedef void walk_attribute_fn(void *ctx, const char *name, const void *value, size_t n);
int walk_attributes(const struct walk_folder *folder, const char *name, file_t f,
                    walk_attribute_fn *each, void *ctx);

/* The path with all links followed, for paths out of the configuration; length. */
int walk_real_path(const char *path, char *out, size_t size);

#endif

/* The single checks by which a change is found to be what dpkg says (explain.h). */
#ifndef SOURCE_INTEGRITY_VERIFY_H
#define SOURCE_INTEGRITY_VERIFY_H

#include "source/integrity/held.h"
#include "source/integrity/paths.h"
#include "source/integrity/tell.h"

/* Rights that no package gives to a file by the way. */
bool verify_rights(const struct integrity_fact *f);
/* A folder or link of a package's list. */
bool verify_unhashed(const struct held_owner *o, const struct file_info *info);
/* List and checksums were put in place together, not one of them later by somebody else. */
bool verify_written_together(const struct held_owner *o);
/* The same file, unchanged between two looks. */
bool verify_same(const struct file_info *a, const struct file_info *b);

enum verify_content { VERIFY_EQUAL, VERIFY_DIFFERS, VERIFY_UNKNOWN };
/* At once, of a small file. */
enum verify_content verify_content(const struct integrity_paths *paths,
                                   const struct integrity_fact *f, const uint8_t md5[MD5_SIZE]);

/* The MD5 of a file of any size, piece by piece. */
struct verify_hash;
struct verify_hash *verify_hash_begin(const struct integrity_paths *paths, const char *path);
void verify_hash_free(struct verify_hash *v);
/* 1: more is to come, 0: md5 and info are set, negative: it cannot be read as it is. */
int verify_hash_go_on(struct verify_hash *v, int64_t end_ms, uint8_t md5[MD5_SIZE],
                      struct file_info *info);

#endif

/*
 * Looks at one file: what stat says, the hash of its content, where a link leads. Content is read
 * through an open folder and never leaves here but as its SHA-256.
 */
#ifndef SOURCE_INTEGRITY_LOOK_H
#define SOURCE_INTEGRITY_LOOK_H

#include "platform/walk.h"
#include "source/integrity/attributes.h"
#include "source/integrity/read.h"
#include "source/integrity/state.h"

#include <stdbool.h>
#include <stdint.h>

enum integrity_skip { /* why the content is not known */
                      INTEGRITY_SKIP_NONE,
                      INTEGRITY_SKIP_UNREADABLE,
                      INTEGRITY_SKIP_LEASED,  /* somebody holds a lease on it */
                      INTEGRITY_SKIP_CHANGED, /* it changed while it was read: look again when it is
                                                 quiet */
                      INTEGRITY_SKIP_SLOW,    /* reading took too long */
                      INTEGRITY_SKIP_GONE,    /* vanished between two looks; no error at all */
                      INTEGRITY_SKIP_STOPPED, /* we are to stop */
                      INTEGRITY_SKIP_LONG,    /* the path is too long, or the tree too deep */
                      INTEGRITY_SKIP_FOREIGN, /* network or FUSE file system */
                      INTEGRITY_SKIPS
};

const char *integrity_skip_words(enum integrity_skip s);

struct integrity_look {
    struct integrity_pace pace;
    uint64_t hash_max; /* larger files are not hashed */
    char target[INTEGRITY_PATH_MAX];
    struct integrity_attributes attributes;
    struct integrity_read content;
};

/* Fills *s for the entry that info (from walk_info) describes; it borrows from look. On SKIP_GONE
 * there is nothing in it; on other reasons all but what could not be read. */
enum integrity_skip integrity_look_at(struct integrity_look *look, const struct walk_folder *folder,
                                      const char *name, const struct file_info *info,
                                      struct integrity_state *s);

/* The same in three steps, for who looks at two files at a time. Begin leaves look->content.file
 * open if the content is to be read: then it is read on until it ends, and end completes *s. */
enum integrity_skip integrity_look_begin(struct integrity_look *look,
                                         const struct walk_folder *folder, const char *name,
                                         const struct file_info *info, struct integrity_state *s);
enum integrity_skip integrity_look_end(struct integrity_look *look, struct integrity_state *s);

/* Whether a file like this is to be hashed and was not. */
bool integrity_lacks_hash(const struct integrity_look *look, const struct integrity_state *s);
/* After something could not be read: if size and times are those of before, the old hash stays, to
 * be checked at the next chance, so that nobody slips a content in by holding a lease; so do
 * attributes. */
void integrity_keep_unread(const struct integrity_state *before, struct integrity_state *after);

#endif

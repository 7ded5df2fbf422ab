/*
 * What came before the file at a log's path: the generation in which reading stood is searched
 * beside the log, read, and then the ones behind it in their order (rotated.h).
 */
#ifndef SOURCE_LOG_BEFORE_H
#define SOURCE_LOG_BEFORE_H

#include "source/log/follow.h"

enum log_search {
    LOG_FOUND,      /* f->content stands at f->at */
    LOG_NOT_FOUND,  /* it is not there */
    LOG_UNREADABLE, /* not found, but one that is packed in a form that is not read may be it: told
                     */
    LOG_SEARCHING   /* a bounded piece of work is done, there is more */
};

/* Searches the generation that f->at speaks of. The same inode is better than a copy. */
enum log_search log_before_search(struct log_follow *f, const struct log_follow_callbacks *cb);

/* The open content was read to its end: whether it is neither beside the log nor (unless
 * anywhere) anywhere else. f->at gets its last state. */
bool log_before_is_gone(struct log_follow *f, bool anywhere);

/* Turns to the next generation behind the one read; false when there is none. lost: the one read
 * is not there any more, the next is the first that was written to after it was last seen. */
bool log_before_next(struct log_follow *f, bool lost, const struct log_follow_callbacks *cb);

/* Whether there is a generation that was written to after f->at was last looked at. */
bool log_before_has_newer(const struct log_follow *f);

#endif

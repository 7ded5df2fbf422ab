/*
 * The open batch on disk: frames that are there whole or not at all (format in spool.h).
 *
 * A frame is built in a buffer: frame_begin, then frame_put_*; journal_append checks it in and
 * makes it durable with one fdatasync. Each frame starts with the stream it belongs to.
 */
#ifndef SPOOL_JOURNAL_H
#define SPOOL_JOURNAL_H

#include "base/buf.h"
#include "platform/file.h"

#define FRAME_MAX (64u << 20) /* a longer one is damage */

void frame_begin(struct buf *frame, const char *stream);
void frame_put_line(struct buf *frame, const uint8_t uid[16], bool urgent, struct span line);
/* value.p == NULL removes */
void frame_put_state(struct buf *frame, uint8_t table, struct span key, struct span value);
void frame_put_known(struct buf *frame, const uint8_t uid[16]); /* told in an earlier batch */

struct journal {
    file_t file;
    uint64_t size; /* whole frames */
};

/* Existing (then it holds whole frames only) or new. */
int journal_open(struct journal *j, const char *folder, uint64_t seq);
void journal_close(struct journal *j);
/* Fills in the frame's header. On failure nothing of it stays (it may be tried again). */
int journal_append(struct journal *j, struct buf *frame);

void journal_path(char *out, size_t size, const char *folder, uint64_t seq);
bool journal_name_parse(struct span name, uint64_t *seq); /* open-<seq>.journal */
/* The journal with the lowest seq above `after`: 1, 0 if there is none, or a negative errno value.
 */
int journal_next(const char *folder, uint64_t after, uint64_t *seq);

/* What a journal holds, entry by entry; members may be NULL. */
struct journal_reader {
    void *ctx;
    void (*stream)(void *ctx, struct span stream);
    void (*line)(void *ctx, const uint8_t uid[16], bool urgent, struct span line);
    void (*state)(void *ctx, uint8_t table, struct span key, struct span value);
    void (*known)(void *ctx, const uint8_t uid[16]);
};

struct journal_end {
    uint64_t good; /* bytes of whole frames from the start */
    uint64_t size; /* of the file */
    bool damaged;  /* what follows is more than the torn tail of one write: whole frames stand there
                    */
    uint64_t lines; /* lines in those */
};

/* Reads whole frames from the start until the end or the first that is none. 0 (and *end), or a
 * negative errno value. */
int journal_replay(file_t file, const struct journal_reader *r, struct journal_end *end);

#endif

#include "spool/journal.h"

#include "spool/crc.h"
#include "spool/spool.h"

#include <errno.h>

#define FRAME_MAGIC  0xfeca56f7u /* no UTF-8 text holds these bytes */
#define HEADER_SIZE  12
#define STREAM_SIZE  8
#define FLAG_URGENT  1
#define SEARCH_PIECE 65536

/* ---- writing ---- */

static void put_entry(struct buf *frame, char kind, size_t n)
{
    buf_put_byte(frame, kind);
    buf_put_u32(frame, (uint32_t)n);
}

void frame_begin(struct buf *frame, const char *stream)
{
    static const char header[HEADER_SIZE];
    buf_clear(frame);
    buf_put(frame, header, sizeof(header));
    put_entry(frame, 'S', STREAM_SIZE);
    buf_put(frame, stream, STREAM_SIZE);
}

void frame_put_line(struct buf *frame, const uint8_t uid[16], bool urgent, struct span line)
{
    put_entry(frame, 'L', SPOOL_UID_SIZE + 1 + line.n);
    buf_put(frame, uid, SPOOL_UID_SIZE);
    buf_put_byte(frame, urgent ? FLAG_URGENT : 0);
    buf_put_span(frame, line);
}

void frame_put_state(struct buf *frame, uint8_t table, struct span key, struct span value)
{
    put_entry(frame, value.p ? 'P' : 'R', 1 + 4 + key.n + (value.p ? value.n : 0));
    buf_put_byte(frame, (char)table);
    buf_put_u32(frame, (uint32_t)key.n);
    buf_put_span(frame, key);
    if (value.p)
        buf_put_span(frame, value);
}

void frame_put_known(struct buf *frame, const uint8_t uid[16])
{
    put_entry(frame, 'U', SPOOL_UID_SIZE);
    buf_put(frame, uid, SPOOL_UID_SIZE);
}

static void fill_in_header(struct buf *frame)
{
    struct span payload = {frame->p + HEADER_SIZE, frame->n - HEADER_SIZE};
    struct buf header = BUF_INIT(HEADER_SIZE);
    buf_put_u32(&header, FRAME_MAGIC);
    buf_put_u32(&header, (uint32_t)payload.n);
    buf_put_u32(&header, crc_of(payload));
    memcpy(frame->p, header.p, HEADER_SIZE);
    buf_release(&header);
}

int journal_append(struct journal *j, struct buf *frame)
{
    if (frame->failed)
        return -ENOMEM;
    fill_in_header(frame);
    int rc = file_write_at(j->file, j->size, frame->p, frame->n);
    if (rc == 0)
        rc = file_sync(j->file);
    if (rc == 0)
        j->size += frame->n;
    else
        file_truncate(j->file, j->size); /* else a torn tail stays, which replay cuts off */
    return rc;
}

/* ---- files ---- */

void journal_path(char *out, size_t size, const char *folder, uint64_t seq)
{
    snprintf(out, size, "%s/open-%llu.journal", folder, (unsigned long long)seq);
}

bool journal_name_parse(struct span name, uint64_t *seq)
{
    struct span prefix = SPAN("open-"), suffix = SPAN(".journal");
    if (!span_starts(name, prefix) || !span_ends(name, suffix) || name.n < prefix.n + suffix.n)
        return false;
    struct span digits = {name.p + prefix.n, name.n - prefix.n - suffix.n};
    return digits.n >= 1 && digits.n <= 12 && digits.p[0] != '0' && span_to_u64(digits, seq);
}

int journal_next(const char *folder, uint64_t after, uint64_t *seq)
{
    struct folder *f;
    const char *name;
    enum file_type type;
    uint64_t one;
    bool found = false;
    int rc = folder_open(folder, &f);
    if (rc != 0)
        return rc;
    while ((rc = folder_next(f, &name, &type)) == 1)
        if (type == FILE_REGULAR && journal_name_parse(span_of(name), &one) && one > after &&
            (!found || one < *seq)) {
            found = true;
            *seq = one;
        }
    folder_close(f);
    return rc < 0 ? rc : found;
}

int journal_open(struct journal *j, const char *folder, uint64_t seq)
{
    char path[4400];
    struct file_info info;
    j->file = FILE_NONE;
    journal_path(path, sizeof(path), folder, seq);
    bool is_new = file_info_at(path, &info) == -ENOENT;
    int rc = file_open_rw(path, 0600, &j->file);
    if (rc == 0)
        rc = file_info_of(j->file, &info);
    if (rc == 0 && is_new)
        rc = folder_sync(folder);
    if (rc != 0)
        journal_close(j);
    j->size = rc == 0 ? info.size : 0;
    return rc;
}

void journal_close(struct journal *j)
{
    file_close(j->file);
    j->file = FILE_NONE;
}

/* ---- reading ---- */

static bool hand_over(char kind, struct span body, const struct journal_reader *r)
{
    struct span uid, flags, table, key;
    uint32_t key_n;
    switch (kind) {
    case 'S':
        if (body.n == STREAM_SIZE && r->stream)
            r->stream(r->ctx, body);
        return body.n == STREAM_SIZE;
    case 'U':
        if (body.n == SPOOL_UID_SIZE && r->known)
            r->known(r->ctx, (const uint8_t *)body.p);
        return body.n == SPOOL_UID_SIZE;
    case 'L':
        if (!span_take(&body, SPOOL_UID_SIZE, &uid) || !span_take(&body, 1, &flags) ||
            body.n == 0 || body.n > SPOOL_LINE_MAX)
            return false;
        if (r->line)
            r->line(r->ctx, (const uint8_t *)uid.p, flags.p[0] & FLAG_URGENT, body);
        return true;
    case 'P':
    case 'R':
        if (!span_take(&body, 1, &table) || !span_take_u32(&body, &key_n) ||
            !span_take(&body, key_n, &key) || (kind == 'R' && body.n > 0))
            return false;
        if (r->state)
            r->state(r->ctx, (uint8_t)table.p[0], key, kind == 'P' ? body : (struct span){NULL, 0});
        return true;
    default:
        return false;
    }
}

static bool read_payload(struct span rest, const struct journal_reader *r)
{
    struct span kind, body;
    uint32_t n;
    while (rest.n > 0)
        if (!span_take(&rest, 1, &kind) || !span_take_u32(&rest, &n) ||
            !span_take(&rest, n, &body) || !hand_over(kind.p[0], body, r))
            return false;
    return true;
}

/* The payload of a whole frame at `at`: 1 and its bytes, 0 if none stands there. */
static int read_frame(file_t file, uint64_t at, uint64_t size, struct buf *payload)
{
    char header[HEADER_SIZE];
    uint32_t magic, n, crc;
    int64_t got = file_read_at(file, at, header, sizeof(header));
    struct span rest = {header, sizeof(header)};
    if (got != HEADER_SIZE)
        return got < 0 ? (int)got : 0;
    span_take_u32(&rest, &magic);
    span_take_u32(&rest, &n);
    span_take_u32(&rest, &crc);
    if (magic != FRAME_MAGIC || n > FRAME_MAX || n > size - at - HEADER_SIZE)
        return 0;
    buf_clear(payload);
    if (!buf_reserve(payload, n))
        return -ENOMEM;
    got = file_read_at(file, at + HEADER_SIZE, payload->p, n);
    if (got != (int64_t)n)
        return got < 0 ? (int)got : 0;
    payload->n = n;
    static const struct journal_reader nobody;
    return crc_of(buf_span(payload)) == crc && read_payload(buf_span(payload), &nobody);
}

static void count_line(void *ctx, const uint8_t uid[16], bool urgent, struct span line)
{
    (void)uid, (void)urgent, (void)line;
    ++*(uint64_t *)ctx;
}

/* Offset of the next magic number at or behind `at`, or size. */
static uint64_t find_magic(file_t file, uint64_t at, uint64_t size, char piece[SEARCH_PIECE])
{
    static const char magic[] = {(char)0xf7, 0x56, (char)0xca, (char)0xfe};
    while (at < size) {
        int64_t got = file_read_at(file, at, piece, SEARCH_PIECE);
        if (got < (int64_t)sizeof(magic))
            return size;
        size_t found = span_find_span((struct span){piece, (size_t)got}, span_make(magic, 4));
        if (found < (size_t)got)
            return at + found;
        at += (uint64_t)got - (sizeof(magic) - 1);
        if (got < SEARCH_PIECE)
            return size;
    }
    return size;
}

/* A torn write leaves nothing whole behind it; a whole frame behind a bad one means damage. */
static int look_behind(file_t file, struct journal_end *end, struct buf *payload)
{
    const struct journal_reader counter = {.ctx = &end->lines, .line = count_line};
    char *piece = malloc(SEARCH_PIECE);
    uint64_t at = end->good + 1;
    int rc = piece ? 0 : -ENOMEM;
    while (rc >= 0 && (at = find_magic(file, at, end->size, piece)) < end->size) {
        rc = read_frame(file, at, end->size, payload);
        if (rc == 1) {
            end->damaged = true;
            read_payload(buf_span(payload), &counter);
            at += HEADER_SIZE + payload->n;
        } else {
            at++;
        }
    }
    free(piece);
    return rc < 0 ? rc : 0;
}

int journal_replay(file_t file, const struct journal_reader *r, struct journal_end *end)
{
    struct file_info info;
    int rc = file_info_of(file, &info);
    if (rc != 0)
        return rc;
    struct buf payload = BUF_INIT(FRAME_MAX);
    *end = (struct journal_end){.size = info.size};
    while ((rc = read_frame(file, end->good, end->size, &payload)) == 1) {
        read_payload(buf_span(&payload), r);
        end->good += HEADER_SIZE + payload.n;
    }
    if (rc == 0 && end->good < end->size)
        rc = look_behind(file, end, &payload);
    buf_release(&payload);
    return rc;
}

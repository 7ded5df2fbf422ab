#include "spool/acks.h"

#include "base/slurp.h"
#include "platform/file.h"

#define ENTRIES_MAX 65536 /* looked at in one call; ship removes those that were taken in */
#define PATH_SIZE   4400
#define CODE_MAX    64 /* bytes of the file that are read */

static unsigned code_in(const char *path)
{
    struct buf text = BUF_INIT(CODE_MAX);
    struct span rest, line;
    uint64_t code = 0;
    bool fine = slurp_untrusted(path, &text) == 0;
    rest = buf_span(&text);
    if (!fine || !span_take_line(&rest, &line) || !span_to_u64(span_trim(line), &code) ||
        code < 100 || code > 999)
        code = 0;
    buf_release(&text);
    return (unsigned)code;
}

static int walk(const char *path, struct folder *folder, enum ack_kind kind, ack_each *each,
                void *ctx)
{
    char file[PATH_SIZE + BATCH_NAME_SIZE];
    const char *text;
    enum file_type type;
    int rc = 1;
    for (int i = 0; i < ENTRIES_MAX && (rc = folder_next(folder, &text, &type)) == 1; i++) {
        struct batch_name name;
        if (type != FILE_REGULAR || !batch_name_parse(span_of(text), &name))
            continue;
        snprintf(file, sizeof(file), "%s/%s", path, text);
        each(ctx, &name, kind == ACK_REFUSED ? code_in(file) : 0);
    }
    return rc < 0 ? rc : 0;
}

int acks_read(const char *inbox, enum ack_kind kind, ack_each *each, void *ctx)
{
    static const char *const names[ACK_KINDS] = {"ack", "refused"};
    char path[PATH_SIZE];
    struct folder *folder;
    snprintf(path, sizeof(path), "%s/%s", inbox, names[kind]);
    int rc = folder_open(path, &folder);
    if (rc != 0)
        return rc;
    rc = walk(path, folder, kind, each, ctx);
    folder_close(folder);
    return rc;
}

#include "source/patch/lists.h"

#include "base/mem.h"
#include "platform/unpack.h"
#include "source/patch/candidate.h"
#include "source/patch/lists_self.h"

#include <errno.h>

#define TEXT_MAX (1ull << 30) /* of one list: what unpacks to more is no list */

const char *const archive_state_names[ARCHIVE_STATES] = {
    [ARCHIVE_NEVER_FETCHED] = "never fetched", [ARCHIVE_NO_RELEASE] = "no Release",
    [ARCHIVE_UNSIGNED] = "unsigned",           [ARCHIVE_EXPIRED] = "expired",
    [ARCHIVE_TRUSTED] = "trusted unsigned",    [ARCHIVE_FINE] = "fine",
};

/* ---- what a list offers ---- */

static bool wants(void *ctx, struct span name)
{
    const struct patch_lists *l = ctx;
    return map_get(l->packages->by_name, name) != NULL;
}

static void take_piece(void *ctx, size_t field, struct span piece)
{
    struct patch_lists *l = ctx;
    package_build_piece(&l->cursor->build, field, piece);
}

static struct offer *find_offer(const struct patch_lists *l, const struct package *p,
                                struct span version, uint64_t build, size_t *last)
{
    *last = 0;
    for (size_t at = p->offers; at; at = l->offer[at - 1].next) {
        struct offer *o = &l->offer[at - 1];
        if (o->build == build && span_equal_text(version, o->version))
            return o;
        *last = at;
    }
    return NULL;
}

static struct offer *add_offer(struct patch_lists *l, struct package *p, const struct span *v,
                               uint64_t build, size_t last)
{
    if (l->offers == PATCH_OFFERS_MAX) {
        l->left_out++;
        return NULL;
    }
    if (l->offers == l->offers_room) {
        l->offers_room = l->offers_room ? 2 * l->offers_room : 1024;
        l->offer = mem_grow(l->offer, l->offers_room, sizeof(*l->offer));
    }
    struct offer *o = &l->offer[l->offers++];
    *o = (struct offer){.version = mem_text_span(v[PACKAGE_VERSION]), .build = build, .phase = 100};
    package_take_source(v[PACKAGE_SOURCE], v[PACKAGE_NAME], v[PACKAGE_VERSION], &o->source,
                        &o->source_version);
    if (last)
        l->offer[last - 1].next = l->offers;
    else
        p->offers = l->offers;
    return o;
}

static bool take_offered(void *ctx, const struct span *v)
{
    struct patch_lists *l = ctx;
    uint64_t build = package_build_end(&l->cursor->build, v[PACKAGE_ARCH]);
    struct package *p = packages_find(l->packages, v[PACKAGE_NAME], v[PACKAGE_ARCH]);
    size_t last;
    if (!p || v[PACKAGE_VERSION].n == 0)
        return true;
    struct offer *o = find_offer(l, p, v[PACKAGE_VERSION], build, &last);
    if (!o)
        o = add_offer(l, p, v, build, last);
    /* of two lists that say it differently the later one counts */
    uint64_t phase;
    if (o && span_to_u64(v[PACKAGE_PHASE], &phase) && phase <= 100)
        o->phase = (unsigned)phase;
    if (o)
        o->lists[l->cursor->target / 64] |= 1ull << (l->cursor->target % 64);
    return true;
}

/* ---- one list ---- */

static void start_reader(struct patch_lists *l, size_t target)
{
    struct list_cursor *c = l->cursor;
    c->target = target;
    c->packed_n = 0;
    c->lines = (struct deb_lines){
        .line = deb_reader_take, .ctx = &c->reader, .block = c->block, .size = sizeof(c->block)};
    c->offset = c->text = 0;
    memset(&c->build, 0, sizeof(c->build));
    deb_reader_init(&c->reader, package_fields, take_offered, l);
    c->reader.want = wants;
    c->reader.piece = take_piece;
}

void patch_lists_parse(struct patch_lists *l, size_t target, struct span text)
{
    struct span line;
    start_reader(l, target);
    while (span_take_until(&text, '\n', &line))
        deb_reader_line(&l->cursor->reader, line);
    deb_reader_end(&l->cursor->reader);
}

static void note_unreadable(struct patch_lists *l, const char *name, const char *why)
{
    if (l->lists_unreadable++ == 0)
        snprintf(l->unreadable, sizeof(l->unreadable), "%.120s: %.60s", name, why);
}

void patch_lists_close_file(struct patch_lists *l)
{
    struct list_cursor *c = l->cursor;
    unpack_close(c->unpack);
    file_close(c->file);
    c->unpack = NULL;
    c->open = false;
}

/* The list as it is, or compressed in a way that apt prefers. False: there is none. */
static bool open_list(struct patch_lists *l, const struct apt_target *t)
{
    static const char *const endings[] = {"", ".zst", ".lz4", ".xz", ".gz", ".bz2", ".lzma"};
    struct list_cursor *c = l->cursor;
    char path[PATCH_LISTS_PATH];
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(path, sizeof(path), "%s/%s%s", c->folder, t->file, endings[i]);
        int rc = file_open_trusted_path(path, &c->file, NULL);
        if (rc == -ENOENT)
            continue;
        l->archive[t->archive].lists++;
        if (rc == 0) {
            enum unpack_kind kind = unpack_kind_of(path);
            rc = i > 0 && kind == UNPACK_NONE ? -ENOSYS : unpack_open(kind, &c->unpack);
            if (rc == 0)
                return true;
            file_close(c->file);
        }
        note_unreadable(l, path + strlen(c->folder) + 1,
                        rc == -ENOSYS ? "there is no library for it" : error_text(rc));
        return false;
    }
    return false;
}

/* More text behind what is held in the block: 1, 0 at the end, or a negative errno value. */
static int read_more(struct list_cursor *c, size_t *got)
{
    for (;;) {
        if (c->packed_n == 0) {
            int64_t n = file_read_at(c->file, c->offset, c->packed, sizeof(c->packed));
            if (n < 0)
                return (int)n;
            c->offset += (uint64_t)n;
            c->packed_at = c->packed;
            c->packed_n = (size_t)n;
        }
        bool last = c->packed_n == 0;
        int64_t made = unpack_step(c->unpack, &c->packed_at, &c->packed_n, c->block + c->lines.held,
                                   sizeof(c->block) - c->lines.held);
        if (made < 0)
            return (int)made;
        *got = (size_t)made;
        c->text += *got;
        if (c->text > TEXT_MAX)
            return -EFBIG;
        if (*got > 0)
            return 1;
        if (last)
            return unpack_is_whole(c->unpack) ? 0 : -EBADMSG;
    }
}

/* One block: true while there is more. */
static bool read_block(struct patch_lists *l)
{
    struct list_cursor *c = l->cursor;
    size_t got = 0;
    int rc = read_more(c, &got);
    if (rc > 0) {
        deb_lines_took(&c->lines, got);
        return true;
    }
    if (rc == 0) {
        deb_lines_end(&c->lines);
        deb_reader_end(&c->reader);
        l->lists++;
    } else {
        note_unreadable(l, l->sources.target[c->target].file, error_text(rc));
    }
    return false;
}

static void finish(struct patch_lists *l)
{
    for (size_t i = 0; i < l->sources.archives; i++)
        if (l->archive[i].lists == 0 && !l->archive[i].release_there)
            l->archive[i].state = ARCHIVE_NEVER_FETCHED;
    for (size_t i = 0; i < l->packages->n; i++)
        patch_candidate_choose(l, &l->packages->items[i]);
}

bool patch_lists_step(struct patch_lists *l, size_t budget)
{
    struct list_cursor *c = l->cursor;
    for (size_t done = 0; done < budget; done += PATCH_LISTS_BLOCK) {
        if (!c->open) {
            if (c->target == l->sources.targets)
                break;
            start_reader(l, c->target);
            c->open = open_list(l, &l->sources.target[c->target]);
        }
        if (c->open && read_block(l))
            continue;
        if (c->open)
            patch_lists_close_file(l);
        c->target++;
    }
    if (c->open || c->target < l->sources.targets)
        return true;
    finish(l);
    return false;
}

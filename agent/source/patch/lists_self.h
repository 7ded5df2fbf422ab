/* Shared by the files that are lists.h; nobody else includes it. */
#ifndef SOURCE_PATCH_LISTS_SELF_H
#define SOURCE_PATCH_LISTS_SELF_H

#include "platform/file.h"
#include "source/deb/lines.h"
#include "source/patch/lists.h"

#define PATCH_LISTS_PATH   8400
#define PATCH_LISTS_BLOCK  (256 * 1024)
#define PATCH_LISTS_PACKED (64 * 1024)

struct unpack;

struct list_cursor { /* the list that is being read */
    char folder[4200];
    size_t target;
    bool open;
    file_t file;
    struct unpack *unpack;
    uint64_t offset, text; /* read of the file, unpacked of it */
    struct deb_reader reader;
    struct package_build build;
    struct deb_lines lines; /* of block */
    const void *packed_at;
    size_t packed_n;
    char packed[PATCH_LISTS_PACKED];
    char block[PATCH_LISTS_BLOCK];
};

void patch_lists_close_file(struct patch_lists *l);
/* From the sources, their Release files and the pins. */
void patch_lists_make_origins(struct patch_lists *l);

#endif

/* Names of packages and titles of updates: what is found in them is a number of an article or a
 * build, texts are ended, and the end of a title is reached. */
#include "source/integrity/servicing.h"
#include "source/updates/installed.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_kb(uint32_t kb)
{
    if (kb > 9999999)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span rest = span_make(data, n), before;
    struct installed_package p;
    uint32_t kb;
    if (installed_package_parse(rest, &p)) {
        check_kb(p.kb);
        if (p.kb == 0 && p.build == 0)
            abort();
    }
    struct servicing_package update;
    if (servicing_package_parse(rest, &update) &&
        (!memchr(update.name, '\0', sizeof(update.name)) ||
         !memchr(update.version, '\0', sizeof(update.version))))
        abort();
    for (before = rest; installed_kb_next(&rest, &kb); before = rest) {
        check_kb(kb);
        if (rest.n >= before.n || rest.p + rest.n != before.p + before.n)
            abort();
    }
    return 0;
}

/* Lines of dpkg's checksums and of configuration files: a path lies inside its line. */
#include "source/deb/dpkg_info.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check(struct span line, struct span path)
{
    if (path.n == 0 || path.p < line.p || path.p + path.n > line.p + line.n ||
        span_find(path, '\0') != path.n || span_find(path, '\n') != path.n)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct span rest = span_make(data, n), line, path;
    uint8_t md5[MD5_SIZE];
    while (span_take_until(&rest, '\n', &line)) {
        if (dpkg_md5sums_line(line, &path, md5))
            check(line, path);
        if (dpkg_conffile_line(line, &path, md5))
            check(line, path);
    }
    return 0;
}

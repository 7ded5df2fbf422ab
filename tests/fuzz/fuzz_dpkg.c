/* dpkg's status file: names and versions stay within their bounds and are found again. */
#include "source/deb/control.h"
#include "source/patch/packages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct packages p;
    packages_parse_status(&p, span_make(data, n));
    for (size_t i = 0; i < p.n; i++)
        if (strlen(p.items[i].name) > 255 || strlen(p.items[i].version) > 255)
            abort();
    packages_release(&p);
    return 0;
}

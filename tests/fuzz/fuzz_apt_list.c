/* apt's package lists and Release files: a candidate is always newer than what is installed. */
#include "source/deb_version.h"
#include "source/patch_packages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char installed[] =
    "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n\n"
    "Package: b\nStatus: install ok installed\nArchitecture: all\nVersion: 1:2~rc1\n";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct packages p;
    struct release_facts facts;
    packages_parse_status(&p, span_of(installed));
    packages_parse_list(&p, span_make(data, n), n % 2);
    packages_parse_release(span_make(data, n), &facts);
    for (size_t i = 0; i < p.n; i++) {
        const struct package *q = &p.items[i];
        if (q->candidate && deb_version_compare(span_of(q->candidate), span_of(q->version)) <= 0)
            abort();
    }
    size_t half = n / 2;
    struct span a = span_make(data, half), b = span_make(data + half, n - half);
    int one = deb_version_compare(a, b), two = deb_version_compare(b, a);
    if ((one > 0) != (two < 0) || (one == 0) != (two == 0))
        abort();
    packages_release(&p);
    return 0;
}

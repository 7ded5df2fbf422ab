/* apt's package lists and Release files: a candidate is always newer than what is installed. */
#include "source/apt/release.h"
#include "source/deb/version.h"
#include "source/patch/candidate.h"
#include "source/patch/lists_self.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const char installed[] =
    "Package: a\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n\n"
    "Package: dpkg\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1\n\n"
    "Package: b\nStatus: install ok installed\nArchitecture: all\nVersion: 1:2~rc1\n";
static const char sources[] = "deb [trusted=yes] http://a.example/x stable main\n"
                              "deb http://b.example/x ./\n";

static void check(const struct packages *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct package *q = &p->items[i];
        if (q->candidate && deb_version_compare(span_of(q->candidate), span_of(q->version)) < 0)
            abort();
        if (q->phased && q->security)
            abort();
    }
}

static void compare_both_ways(struct span a, struct span b)
{
    int one = deb_version_compare(a, b), two = deb_version_compare(b, a);
    if ((one > 0) != (two < 0) || (one == 0) != (two == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const archs[] = {"amd64"};
    struct packages p;
    struct patch_lists *l;
    struct apt_release release;
    packages_parse_status(&p, span_of(installed));
    patch_lists_open("/dev/null", 0, &p, &l); /* no host: nothing is set up */
    apt_sources_parse(&l->sources, "x.list", span_of(sources), archs, 1);
    free(l->origin);
    patch_lists_make_origins(l);
    patch_lists_parse(l, 0, span_make(data, n));
    patch_lists_parse(l, 2, span_make(data, n / 2));
    for (size_t i = 0; i < p.n; i++)
        patch_candidate_choose(l, &p.items[i]);
    check(&p);
    apt_release_parse(span_make(data, n), &release);
    compare_both_ways(span_make(data, n / 2), span_make(data + n / 2, n - n / 2));
    patch_lists_close(l);
    packages_release(&p);
    return 0;
}

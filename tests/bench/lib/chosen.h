/*
 * collect with some of its detectors, for bench/detector-costs:
 *
 *   PROGRAM DETECTORS CONFIG     DETECTORS: those to open, by name, with a comma behind each
 */
#include "collect/collect.h"
#include "detect/all.h"

#include <stdio.h>
#include <string.h>

static const char *wanted = "";

static bool is_wanted(const char *name, struct error *e)
{
    return span_has_part(span_of(wanted), ',', name) || error_set(e, "not chosen") == 0;
}

static int open_sigma(const struct detect_host *host, void **self, struct error *e)
{
    return is_wanted("sigma", e) ? detector_sigma.open(host, self, e) : -1;
}

static int open_templates(const struct detect_host *host, void **self, struct error *e)
{
    return is_wanted("templates", e) ? detector_templates.open(host, self, e) : -1;
}

static struct detector sigma, templates;
const struct detector *const all_detectors[] = {&sigma, &templates, NULL};

int main(int argc, char **argv)
{
    if (argc != 3) {
        printf("for bench/detector-costs\n");
        return 77;
    }
    wanted = argv[1];
    sigma = detector_sigma;
    sigma.open = open_sigma;
    templates = detector_templates;
    templates.open = open_templates;
    return collect_run(argv[2]);
}

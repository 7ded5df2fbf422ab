/* The table of severities: rows stay within their bound, every change gets a severity, and each
 * problem names its line. */
#include "source/integrity/severity.h"
#include "source/integrity/state.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void tell(void *ctx, const char *problem)
{
    (void)ctx;
    if (strncmp(problem, "table:", 6) != 0 || problem[6] < '1' || problem[6] > '9')
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static const char *const paths[] = {"/", "/usr/bin/sudo", "/etc/cron.d/x y",
                                        "/usr/share/man/a/b"};
    struct integrity_severity *t =
        integrity_severity_parse("table", span_make(data, n), tell, NULL);
    size_t rows = integrity_severity_rows(t);
    if (rows == 0 || rows > INTEGRITY_SEVERITY_ROWS_MAX)
        abort();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        for (unsigned change = 1; change <= INTEGRITY_RENAMED; change *= 2) {
            enum event_severity s = integrity_severity_of(t, paths[i], change, change & 1);
            if (s < SEVERITY_INFORMATIONAL || s > SEVERITY_CRITICAL)
                abort();
        }
    }
    integrity_severity_free(t);
    return 0;
}

/* The configuration file: any bytes give a config or an error with a place, never both. */
#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct error e = {""};
    struct config *c = config_parse("fuzz.ini", (const char *)data, n, &e);
    if ((c != NULL) == (e.text[0] != '\0'))
        abort();
    config_free(c);
    return 0;
}

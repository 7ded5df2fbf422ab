#include "config/line.h"

#include <string.h>

enum config_line config_line_take(struct span *rest, char *out, int size)
{
    struct span line;
    if (!span_take_until(rest, '\n', &line))
        return CONFIG_LINE_NONE;
    if (line.n + 2 > (size_t)size || span_find(line, '\0') < line.n)
        return CONFIG_LINE_UNFIT;
    if (line.n > 0)
        memcpy(out, line.p, line.n);
    out[line.n] = '\n';
    out[line.n + 1] = '\0';
    return CONFIG_LINE_TAKEN;
}

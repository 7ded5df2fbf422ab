#include "source/checks/mounts.h"

#define MOUNTS_MAX 65536

static bool take_field(struct span *rest, struct span *out)
{
    size_t n = 0;
    *rest = span_trim(*rest);
    while (n < rest->n && rest->p[n] != ' ' && rest->p[n] != '\t')
        n++;
    return n > 0 && span_take(rest, n, out);
}

bool mount_line_parse(struct span line, struct mount_line *out)
{
    struct span skip, *const fields[] = {&skip, &skip,       &out->device,
                                         &skip, &out->point, &out->options};
    *out = (struct mount_line){.line = 0};
    for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
        if (!take_field(&line, fields[i]))
            return false;
    while (take_field(&line, &skip)) /* optional fields up to a dash */
        if (span_equal(skip, SPAN("-")))
            return take_field(&line, &out->type) && take_field(&line, &out->source) &&
                   take_field(&line, &out->super_options);
    return false;
}

bool fstab_line_parse(struct span line, struct mount_line *out)
{
    *out = (struct mount_line){.line = 0};
    line = span_trim(line);
    if (line.n == 0 || line.p[0] == '#')
        return false;
    return take_field(&line, &out->source) && take_field(&line, &out->point) &&
           take_field(&line, &out->type) && take_field(&line, &out->options);
}

bool mount_find(struct span text, bool (*parse)(struct span line, struct mount_line *out),
                const char *point, struct mount_line *out)
{
    struct span line;
    struct mount_line one;
    bool found = false;
    for (int number = 1; number <= MOUNTS_MAX && span_take_line(&text, &line); number++) {
        if (!parse(line, &one) || !span_equal_text(one.point, point))
            continue;
        *out = one;
        out->line = number;
        found = true;
    }
    return found;
}

bool mount_has_option(struct span options, struct span word)
{
    struct span one;
    while (span_take_until(&options, ',', &one))
        if (span_equal(one, word))
            return true;
    return false;
}

#include "source/deb/control.h"

#include "source/deb/lines.h"

void deb_reader_init(struct deb_reader *r, const char *const *names, deb_stanza_fn *stanza,
                     void *ctx)
{
    *r = (struct deb_reader){.names = names, .stanza = stanza, .ctx = ctx, .field = DEB_FIELDS_MAX};
}

static void end_stanza(struct deb_reader *r)
{
    if (r->any && !r->stop && !r->skip)
        r->stop = !r->stanza(r->ctx, r->values);
    r->any = r->skip = false;
    r->field = DEB_FIELDS_MAX;
    memset(r->values, 0, sizeof(r->values));
}

static void keep(struct deb_reader *r, size_t i, struct span value)
{
    value.n = span_find(value, '\0'); /* as C strings, which values become, would be cut */
    value = span_trim(value);
    if (value.n >= DEB_VALUE_MAX)
        value.n = DEB_VALUE_MAX - 1;
    if (value.n > 0)
        memcpy(r->text[i], value.p, value.n);
    r->values[i] = (struct span){r->text[i], value.n};
}

static void take_field(struct deb_reader *r, size_t i, struct span value)
{
    keep(r, i, value);
    r->field = i;
    if (r->piece)
        r->piece(r->ctx, i, value);
    if (i == 0 && r->want)
        r->skip = !r->want(r->ctx, r->values[0]);
}

void deb_reader_line(struct deb_reader *r, struct span line)
{
    if (line.n == 0) {
        end_stanza(r);
        return;
    }
    r->any = true;
    if (r->skip)
        return;
    if (line.p[0] == ' ' || line.p[0] == '\t') {
        if (r->piece && r->field < DEB_FIELDS_MAX)
            r->piece(r->ctx, r->field, line);
        return;
    }
    r->field = DEB_FIELDS_MAX;
    for (size_t i = 0; r->names[i]; i++) {
        size_t n = strlen(r->names[i]);
        if (line.n > n && line.p[n] == ':' && memcmp(line.p, r->names[i], n) == 0) {
            take_field(r, i, (struct span){line.p + n + 1, line.n - n - 1});
            return;
        }
    }
}

void deb_reader_end(struct deb_reader *r)
{
    end_stanza(r);
}

bool deb_reader_take(void *reader, struct span line)
{
    struct deb_reader *r = reader;
    deb_reader_line(r, line);
    return !r->stop;
}

int deb_read_file(const char *path, struct deb_reader *r)
{
    int rc = deb_lines_read(path, deb_reader_take, r);
    if (rc == 0)
        deb_reader_end(r);
    return rc;
}

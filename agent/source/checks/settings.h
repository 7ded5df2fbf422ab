/*
 * Configuration files taken apart into settings, one call each in the order of the file. Pure, and
 * bounded by the text it is given: a setting's key and value are cut at 255 and 1,023 bytes, blocks
 * are at most 16 deep.
 *
 *   words    KEY VALUE...            login.defs, limits.conf; a key may be several words
 *   equals   KEY = VALUE             pwquality.conf, sysctl.d
 *   ini      [Section] KEY=VALUE     systemd; the section is in front of the key: "Journal.Storage"
 *   sshd     KEY VALUE, KEY=VALUE    behind a Match they are conditional
 *   apt      A { B "VALUE"; }; A::B "VALUE";     the key is A::B
 */
#ifndef SOURCE_CHECKS_SETTINGS_H
#define SOURCE_CHECKS_SETTINGS_H

#include "base/span.h"

struct setting {
    struct span key, value;
    int line;
    bool conditional;
};

/* Returning false ends the reading. */
typedef bool setting_fn(void *ctx, const struct setting *s);

struct setting_format {
    const char *name;
    bool first_wins; /* else the last one does */
    bool nocase;     /* keys */
    void (*parse)(struct span text, size_t key_words, setting_fn *each, void *ctx);
};

extern const struct setting_format setting_formats[]; /* ends with name == NULL */
const struct setting_format *setting_format_of(const char *name);

/* Takes a comment (# to the end, outside of double quotes) and blanks off a line. */
struct span settings_bare(struct span line);

#endif

/* One line after another of an INI text, for inih's reader: it would make two of a long one. */
#ifndef CONFIG_LINE_H
#define CONFIG_LINE_H

#include "base/span.h"

enum config_line { CONFIG_LINE_NONE, CONFIG_LINE_TAKEN, CONFIG_LINE_UNFIT };
#define CONFIG_LINE_UNFIT_WORDS "the line is too long or holds a NUL byte"

/* Takes the next line off rest and puts it, with its newline, into out. UNFIT: it does not fit, or
 * holds a NUL byte; it is taken off all the same. */
enum config_line config_line_take(struct span *rest, char *out, int size);

#endif

/*
 * A log message as tokens: what a template is made of. Words stand as they are, marks are runs of
 * punctuation, and whatever is bound to change from line to line is a value from the start:
 * anything with a digit in it (numbers, addresses, times, ids), paths, host names, days and months
 * of a date, true/false/null, the name after "user".
 *
 * So that one statement of a program gives the same tokens whatever it prints: values in a row are
 * one (lists), what repeats with other values is there once, a number takes its unit along, and an
 * empty value or empty brackets hold one, too.
 */
#ifndef DETECT_TOKENS_H
#define DETECT_TOKENS_H

#include "base/span.h"

#include <stddef.h>
#include <stdint.h>

#define TOKENS_MAX      40
#define TOKENS_LINE_MAX 1024 /* bytes of a line that are looked at */

enum token_kind { TOKEN_WORD, TOKEN_MARK, TOKEN_VALUE };

struct token {
    enum token_kind kind;
    uint32_t hash;    /* of a word or mark */
    struct span text; /* of the line; of values in a row: all of them */
    bool number;      /* a value that is nothing but a number with its unit */
    bool assigned;    /* stands right behind a "=" */
};

struct tokens {
    size_t n;
    struct token list[TOKENS_MAX]; /* what would be more is left out */
};

void tokens_take(struct span line, struct tokens *out);
uint32_t tokens_hash(struct span text);

#endif

#include "source/checks/nft.h"

#define DEPTH_MAX 16

struct nft {
    struct nft_facts *facts;
    void (*include)(void *ctx, struct span pattern);
    void *ctx;
    int line;
    int depth;
    int chain;     /* depth of the chain that is open, 0: none */
    bool at_input; /* that chain hangs at the hook */
    bool parted;   /* the statement went on behind a set: what follows is only its end */
};

static void take_include(struct nft *n, struct span statement)
{
    struct span gone;
    span_take(&statement, 8, &gone);
    statement = span_trim(statement);
    if (statement.n >= 2 && statement.p[0] == '"' && statement.p[statement.n - 1] == '"')
        statement = (struct span){statement.p + 1, statement.n - 2};
    if (n->include)
        n->include(n->ctx, statement);
}

static bool refuses_all(struct span s)
{
    struct span word;
    if (span_starts(s, SPAN("policy ")))
        return span_equal(span_trim((struct span){s.p + 7, s.n - 7}), SPAN("drop"));
    while (span_take_until(&s, ' ', &word)) /* "counter log drop" */
        if (span_equal(word, SPAN("drop")) || span_equal(word, SPAN("reject")))
            return true;
        else if (word.n > 0 && !span_equal(word, SPAN("counter")) && !span_equal(word, SPAN("log")))
            return false;
    return false;
}

static void take_statement(struct nft *n, struct span statement)
{
    statement = span_trim(statement);
    if (statement.n == 0)
        return;
    if (n->depth == 0 && span_starts(statement, SPAN("include ")))
        take_include(n, statement);
    if (n->chain == 0 || n->depth != n->chain)
        return;
    if (span_find_span(statement, SPAN("hook input")) < statement.n) {
        n->at_input = true;
        n->facts->input_line = n->line;
    }
    if (n->at_input && !n->parted && refuses_all(statement))
        n->facts->refuse_line = n->line;
}

static void open_block(struct nft *n, struct span head)
{
    n->depth++;
    if (n->chain == 0 && n->depth <= DEPTH_MAX && span_starts(span_trim(head), SPAN("chain "))) {
        n->chain = n->depth;
        n->at_input = false;
    }
}

static void close_block(struct nft *n)
{
    n->parted = n->chain > 0 && n->depth > n->chain; /* a set inside a rule */
    if (n->depth == n->chain)
        n->chain = 0;
    n->depth -= n->depth > 0;
}

/* One line, its comment off. A statement ends with it: nft joins lines only behind a backslash. */
static void take_line(struct nft *n, struct span line)
{
    size_t from = 0;
    n->parted = false;
    for (size_t i = 0; i < line.n; i++) {
        char c = line.p[i];
        if (c == '#')
            line.n = i;
        if (i == line.n || (c != ';' && c != '{' && c != '}'))
            continue;
        struct span part = {line.p + from, i - from};
        if (c == '{') {
            open_block(n, part);
        } else {
            take_statement(n, part);
            n->parted = false;
        }
        if (c == '}')
            close_block(n);
        from = i + 1;
    }
    if (from < line.n)
        take_statement(n, (struct span){line.p + from, line.n - from});
}

void nft_look(struct span text, void (*include)(void *ctx, struct span pattern), void *ctx,
              struct nft_facts *out)
{
    struct nft n = {.facts = out, .include = include, .ctx = ctx};
    struct span line;
    while (span_take_line(&text, &line)) {
        n.line++;
        take_line(&n, line);
    }
}

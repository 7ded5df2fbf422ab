#include "detect/yaml_tree.h"

#include <yaml.h>

struct reader {
    const char *name;
    struct span text;
    struct arena *arena;
    struct error *e;
    yaml_parser_t parser;
    struct tree_node *open[TREE_DEPTH_MAX]; /* lists and maps begun and not ended */
    size_t depth;
    struct span key; /* read, its value not yet */
    bool has_key;
    size_t nodes, documents;
    struct tree_node *root;  /* of the document being read */
    struct tree_node **tail; /* where the next whole document goes */
};

static int fail(struct reader *r, size_t line, const char *what)
{
    return error_set(r->e, "%s:%zu: %s", r->name, line + 1, what);
}

static size_t line_of(const struct reader *r, size_t offset)
{
    size_t lines = 0;
    for (size_t i = 0; i < r->text.n && i < offset; i++)
        lines += r->text.p[i] == '\n';
    return lines;
}

static int syntax_error(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    size_t line =
        p->error == YAML_READER_ERROR ? line_of(r, p->problem_offset) : p->problem_mark.line;
    return error_set(r->e, "%s:%zu: no valid YAML (%s); check indentation and quotes", r->name,
                     line + 1, p->problem ? p->problem : "unknown reason");
}

/* Whether a scalar stands where a map expects a key. */
static bool wants_key(const struct reader *r)
{
    return r->depth > 0 && r->open[r->depth - 1]->kind == TREE_MAP && !r->has_key;
}

static int take_key(struct reader *r, struct span key, size_t line)
{
    for (const struct tree_node *n = r->open[r->depth - 1]->first; n; n = n->next)
        if (span_equal(n->key, key))
            return fail(r, line, "the same key stands twice in this map; join the two");
    r->key = arena_copy(r->arena, key);
    r->has_key = true;
    return 0;
}

/* NULL if it may not stand here. */
static struct tree_node *add_node(struct reader *r, enum tree_kind kind, size_t line)
{
    if (wants_key(r)) {
        fail(r, line, "a key must be a single word or text");
        return NULL;
    }
    if (++r->nodes > TREE_NODES_MAX) {
        fail(r, line, "more than 20,000 values; split the file");
        return NULL;
    }
    struct tree_node *n = arena_get(r->arena, 1, sizeof(*n));
    n->kind = kind;
    n->line = (int)line + 1;
    if (r->depth == 0) {
        r->root = n;
    } else {
        struct tree_node *parent = r->open[r->depth - 1];
        n->key = r->key;
        r->key = (struct span){0, 0};
        r->has_key = false;
        *(parent->last ? &parent->last->next : &parent->first) = n;
        parent->last = n;
        parent->n++;
    }
    return n;
}

static int open_node(struct reader *r, enum tree_kind kind, size_t line)
{
    if (r->depth == TREE_DEPTH_MAX)
        return fail(r, line, "nested more than 16 levels deep; make it flatter");
    struct tree_node *n = add_node(r, kind, line);
    if (!n)
        return -1;
    r->open[r->depth++] = n;
    return 0;
}

static int take_scalar(struct reader *r, const yaml_event_t *event)
{
    struct span text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    size_t line = event->start_mark.line;
    if (wants_key(r))
        return take_key(r, text, line);
    struct tree_node *n = add_node(r, TREE_TEXT, line);
    if (!n)
        return -1;
    n->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    n->text = arena_copy(r->arena, text);
    return 0;
}

static int end_document(struct reader *r, size_t line)
{
    if (++r->documents > TREE_DOCUMENTS_MAX)
        return fail(r, line, "more than 256 documents; split the file");
    if (r->root) {
        *r->tail = r->root;
        r->tail = &r->root->next;
    }
    r->root = NULL;
    return 0;
}

static int take_event(struct reader *r, const yaml_event_t *event)
{
    size_t line = event->start_mark.line;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return fail(r, line, "aliases (*name) are not allowed; write the value out");
    case YAML_SCALAR_EVENT:
        return take_scalar(r, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(r, TREE_LIST, line);
    case YAML_MAPPING_START_EVENT:
        return open_node(r, TREE_MAP, line);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        r->depth--;
        return 0;
    case YAML_DOCUMENT_END_EVENT:
        return end_document(r, line);
    default:
        return 0;
    }
}

static int read_events(struct reader *r)
{
    for (bool more = true; more;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&r->parser, &event))
            return syntax_error(r);
        more = event.type != YAML_STREAM_END_EVENT;
        int result = take_event(r, &event);
        yaml_event_delete(&event);
        if (result != 0)
            return result;
    }
    return 0;
}

int tree_read(const char *name, struct span text, struct arena *a, struct tree_node **out,
              struct error *e)
{
    struct reader r = {.name = name, .text = text, .arena = a, .e = e, .tail = out};
    *out = NULL;
    if (text.n > TREE_BYTES_MAX)
        return fail(&r, 0, "larger than 256 KiB; split the file");
    if (!yaml_parser_initialize(&r.parser))
        return fail(&r, 0, "no memory to read it");
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(text.p ? text.p : ""), text.n);
    int result = read_events(&r);
    yaml_parser_delete(&r.parser);
    return result;
}

const struct tree_node *tree_get(const struct tree_node *node, const char *key)
{
    if (!node || node->kind != TREE_MAP)
        return NULL;
    for (const struct tree_node *n = node->first; n; n = n->next)
        if (span_equal_text(n->key, key))
            return n;
    return NULL;
}

static bool is_plain(const struct tree_node *node, const char *text)
{
    return node->kind == TREE_TEXT && node->plain && span_equal_nocase(node->text, span_of(text));
}

bool tree_is_null(const struct tree_node *node)
{
    return is_plain(node, "") || is_plain(node, "~") || is_plain(node, "null");
}

bool tree_to_bool(const struct tree_node *node, bool *out)
{
    *out = is_plain(node, "true") || is_plain(node, "yes");
    return *out || is_plain(node, "false") || is_plain(node, "no");
}

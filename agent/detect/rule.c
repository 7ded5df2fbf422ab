#include "detect/rule.h"

#include "base/hex.h"
#include "base/sha256.h"
#include "detect/rule_parts.h"

int rule_error(struct span file, int line, const char *what, struct error *e)
{
    char text[sizeof(((struct error *)0)->text)];
    int n = snprintf(text, sizeof(text), "%.*s:%d: %s", (int)(file.n < 200 ? file.n : 200), file.p,
                     line, what);
    for (int i = 0; i < n && (size_t)i < sizeof(text); i++)
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
            text[i] = '?';
    return error_set(e, "%s", text);
}

int rule_wrong(const struct rule_maker *m, int line, const char *format, ...)
{
    va_list args;
    struct error what;
    va_start(args, format);
    vsnprintf(what.text, sizeof(what.text), format, args);
    va_end(args);
    return rule_error(m->file, line, what.text, m->e);
}

int rule_text(const struct rule_maker *m, const struct tree_node *map, const char *key, size_t max,
              struct span *out)
{
    const struct tree_node *node = tree_get(map, key);
    *out = (struct span){"", 0};
    if (!node || tree_is_null(node))
        return 0;
    if (node->kind != TREE_TEXT)
        return rule_wrong(m, node->line, "%s must be a text; write one", key);
    if (node->text.n > max)
        return rule_wrong(m, node->line, "%s is longer than %zu bytes; shorten it", key, max);
    *out = texts_keep(m->world->texts, node->text);
    return 0;
}

int rule_bool(const struct rule_maker *m, const struct tree_node *map, const char *key, bool *out)
{
    const struct tree_node *node = tree_get(map, key);
    if (node && !tree_to_bool(node, out))
        return rule_wrong(m, node->line, "%s takes true or false; write one", key);
    return 0;
}

int rule_texts(const struct rule_maker *m, const struct tree_node *map, const char *key,
               struct span *out, size_t max, size_t *n)
{
    const struct tree_node *node = tree_get(map, key);
    *n = 0;
    if (!node || tree_is_null(node))
        return 0;
    bool list = node->kind == TREE_LIST;
    for (const struct tree_node *v = list ? node->first : node; v; v = list ? v->next : NULL) {
        if (v->kind != TREE_TEXT || v->text.n == 0)
            return rule_wrong(m, v->line, "%s must be a text or a list of texts; write it so", key);
        if (*n == max)
            return rule_wrong(m, v->line, "%s has more than %zu entries; shorten it", key, max);
        out[(*n)++] = texts_keep(m->world->texts, v->text);
    }
    return 0;
}

/* A choice from a table of words; index of the entry in *out, `otherwise` when the key is absent.
 */
static int read_choice(const struct rule_maker *m, const char *key, const char *const *words,
                       const char *allowed, int otherwise, int *out)
{
    struct span text;
    if (rule_text(m, m->document, key, 64, &text) != 0)
        return -1;
    *out = otherwise;
    if (text.n == 0)
        return 0;
    for (int i = 0; words[i]; i++)
        if (span_equal_nocase(text, span_of(words[i]))) {
            *out = i;
            return 0;
        }
    return rule_wrong(m, tree_get(m->document, key)->line, "%s is none of those known; write %s",
                      key, allowed);
}

static int read_level(const struct rule_maker *m, struct rule *r)
{
    static const char *const words[] = {"informational", "low", "medium", "high", "critical", NULL};
    int level;
    if (read_choice(m, "level", words, "informational, low, medium, high or critical", 2, &level))
        return -1;
    r->severity = (enum event_severity)((int)SEVERITY_INFORMATIONAL + level);
    return 0;
}

static int read_status(const struct rule_maker *m, struct rule *r)
{
    static const char *const words[] = {"deprecated", "experimental", "test",
                                        "stable",     "unsupported",  NULL};
    int status;
    if (read_choice(m, "status", words, "stable, test, experimental or deprecated", 0, &status))
        return -1;
    if (status == 4)
        return rule_wrong(m, tree_get(m->document, "status")->line,
                          "status is unsupported; correct the rule and its status");
    r->confidence_id = status;
    return 0;
}

/* "attack.t1110.001" is a technique, "attack.credential-access" is not. */
static bool is_technique(struct span tag)
{
    static const char shape[] = "attack.t0000.000";
    if (tag.n != 12 && tag.n != 16)
        return false;
    for (size_t i = 0; i < tag.n; i++) {
        bool digit = tag.p[i] >= '0' && tag.p[i] <= '9';
        bool letter = (char)(tag.p[i] | 0x20) == shape[i] || tag.p[i] == shape[i];
        if (shape[i] == '0' ? !digit : !letter)
            return false;
    }
    return true;
}

/* "attack.credential-access", but for "attack.g0007" and "attack.s0002". */
static bool is_tactic(struct span tag)
{
    static const char prefix[] = "attack.";
    size_t n = sizeof(prefix) - 1;
    if (tag.n <= n || !span_equal_nocase((struct span){tag.p, n}, span_of(prefix)))
        return false;
    for (size_t i = n; i < tag.n; i++)
        if (tag.p[i] >= '0' && tag.p[i] <= '9')
            return false;
    return true;
}

static struct span *settled(const struct rule_maker *m, const struct span *list, size_t n)
{
    struct span *out = arena_get(m->arena, n, sizeof(*out));
    memcpy(out, list, n * sizeof(*out));
    return out;
}

static int read_tags(const struct rule_maker *m, struct rule *r)
{
    struct span tags[64], attacks[RULE_ATTACKS_MAX], tactics[RULE_ATTACKS_MAX];
    size_t n, others = 0;
    if (rule_texts(m, m->document, "tags", tags, 64, &n) != 0)
        return -1;
    for (size_t i = 0; i < n; i++)
        if (is_technique(tags[i]) && r->attacks_n < RULE_ATTACKS_MAX) {
            char id[16];
            snprintf(id, sizeof(id), "T%.*s", (int)tags[i].n - 8, tags[i].p + 8);
            attacks[r->attacks_n++] = texts_keep(m->world->texts, span_of(id));
        } else if (is_tactic(tags[i]) && r->tactics_n < RULE_ATTACKS_MAX) {
            tactics[r->tactics_n++] = (struct span){tags[i].p + 7, tags[i].n - 7};
        } else {
            tags[others++] = tags[i];
        }
    r->tags_n = (uint8_t)others;
    r->attacks = settled(m, attacks, r->attacks_n);
    r->tactics = settled(m, tactics, r->tactics_n);
    r->tags = settled(m, tags, others);
    return 0;
}

#define REFERENCES_MAX 16

/* They decide nothing: what is no text there is passed over. */
static void read_references(const struct rule_maker *m, struct rule *r)
{
    const struct tree_node *list = tree_get(m->document, "references");
    size_t n = list && list->kind == TREE_LIST ? list->n : 0;
    n = n < REFERENCES_MAX ? n : REFERENCES_MAX;
    r->references = arena_get(m->arena, n, sizeof(r->references[0]));
    for (const struct tree_node *v = n ? list->first : NULL; v && r->references_n < n; v = v->next)
        if (v->kind == TREE_TEXT && v->text.n > 0 && v->text.n <= 512)
            r->references[r->references_n++] = texts_keep(m->world->texts, v->text);
}

/* ---- hash of the content ---- */

static void hash_node(struct sha256 *s, const struct tree_node *node)
{
    uint8_t head[3] = {(uint8_t)node->kind, node->plain, 0};
    uint64_t sizes[3] = {node->key.n, node->text.n, node->n};
    sha256_update(s, head, sizeof(head));
    sha256_update(s, sizes, sizeof(sizes));
    sha256_update(s, node->key.p ? node->key.p : "", node->key.n);
    sha256_update(s, node->text.p ? node->text.p : "", node->text.n);
    for (const struct tree_node *child = node->first; child; child = child->next)
        hash_node(s, child);
}

static void hash_rule(const struct rule_maker *m, struct rule *r)
{
    static const char *const decisive[] = {"logsource", "detection", "correlation", "filter",
                                           "vigia"};
    struct sha256 s;
    uint8_t full[SHA256_SIZE];
    sha256_init(&s);
    for (size_t i = 0; i < sizeof(decisive) / sizeof(decisive[0]); i++) {
        const struct tree_node *node = tree_get(m->document, decisive[i]);
        if (node)
            hash_node(&s, node);
    }
    sha256_final(&s, full);
    memcpy(r->hash, full, sizeof(r->hash));
}

/* A rule without an id is known by its content. */
static void default_id(const struct rule_maker *m, struct rule *r)
{
    if (r->id.n > 0)
        return;
    char digits[2 * sizeof(r->hash) + 1];
    hex_encode(r->hash, sizeof(r->hash), digits);
    r->id = arena_copy(m->arena, span_of(digits));
}

/* ---- the whole ---- */

static int read_rule(const struct rule_maker *m, struct rule *r)
{
    if (rule_text(m, m->document, "title", 256, &r->title) != 0 ||
        rule_text(m, m->document, "id", 64, &r->id) != 0 ||
        rule_text(m, m->document, "name", 256, &r->name) != 0)
        return -1;
    if (r->title.n == 0)
        return rule_wrong(m, r->line, "no title; add one");
    if (read_level(m, r) != 0 || read_status(m, r) != 0 || read_tags(m, r) != 0)
        return -1;
    if (rule_bool(m, tree_get(m->document, "vigia"), "generate", &r->generate) != 0)
        return -1;
    read_references(m, r);
    hash_rule(m, r);
    default_id(m, r);
    if (tree_get(m->document, "correlation"))
        return rule_read_correlation(m, r);
    if (tree_get(m->document, "filter"))
        return rule_read_filter(m, r);
    return rule_read_detection(m, r);
}

struct rule *rule_make(const struct rule_world *w, struct span file,
                       const struct tree_node *document, struct error *e)
{
    struct rule_maker m = {w, w->arena, file, document, e};
    if (document->kind != TREE_MAP) {
        rule_wrong(&m, document->line, "a rule is a map of keys; write title:, detection: ...");
        return NULL;
    }
    struct rule *r = arena_get(w->arena, 1, sizeof(*r));
    r->file = file;
    r->line = document->line;
    if (read_rule(&m, r) != 0) {
        rule_release(r);
        return NULL;
    }
    return r;
}

void rule_release(struct rule *r)
{
    for (size_t i = 0; i + r->borrowed_n < r->selections_n; i++)
        for (size_t j = 0; j < r->selections[i].n; j++)
            for (size_t k = 0; k < r->selections[i].clauses[j].n; k++)
                item_release(&r->selections[i].clauses[j].items[k]);
    for (size_t i = 0; i < r->extract_n; i++)
        regex_free(r->extract[i]);
    r->selections_n = r->borrowed_n = r->extract_n = 0;
}

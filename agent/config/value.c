#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "config/keys.h"

static const struct {
    const char *name;
    const char *allowed;
} types[] = {
    [KEY_TEXT] = {"text", "up to 255 printable characters"},
    [KEY_CHOICE] = {"word", NULL},
    [KEY_LEVEL] = {"word", NULL},
    [KEY_URL] = {"address", "https://host or https://host:port, without a path"},
    [KEY_PATH] = {"path", "an absolute path without \"..\""},
    [KEY_BOOL] = {"yes/no", "yes or no"},
    [KEY_SIZE] = {"size", "bytes as 4096, 64k, 10M or 1G"},
    [KEY_NUMBER] = {"number", "a whole number"},
    [KEY_DURATION] = {"duration", "a time as 90s, 5m, 2h or 7d"},
    [KEY_LIST] = {"text, several", "up to 255 printable characters"},
    [KEY_PATHS] = {"path, several", "an absolute path or pattern without \"..\""},
};

const char *config_key_type_name(enum key_type t)
{
    return types[t].name;
}

static bool is_printable(struct span s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
            return false;
    return s.n < 256;
}

/* "C:\folder" as platform/file.h wants it; what does not fit is no path either. */
static struct span with_slashes(struct span s, char *out, size_t size)
{
    if (!text_has_drive(s) || !span_copy(s, out, size))
        return s;
    for (char *c = out; *c; c++)
        if (*c == '\\')
            *c = '/';
    return span_of(out);
}

static bool is_path(struct span s)
{
    if (s.n == 0)
        return true;
    struct span rest = s, part;
    bool absolute = s.p[0] == '/' || span_starts(s, SPAN("**/")) || text_has_drive(s);
    while (span_take_until(&rest, '/', &part))
        if (span_equal(part, SPAN("..")))
            return false;
    return absolute && s.n < 4096;
}

bool config_url_is_valid(struct span s)
{
    if (s.n == 0)
        return true;
    if (!span_starts(s, SPAN("https://")) || s.n > 255)
        return false;
    struct span host = {s.p + 8, s.n - 8};
    for (size_t i = 0; i < host.n; i++) {
        char c = host.p[i];
        bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    strchr(".-:[]", c);
        if (!fine)
            return false;
    }
    return host.n > 0 && host.p[0] != ':';
}

static int find_choice(const char *choices, struct span word)
{
    struct span rest = span_of(choices), one;
    for (int i = 0; span_take_until(&rest, ' ', &one); i++)
        if (span_equal(one, word))
            return i;
    return -1;
}

static int set_text(char **field, struct span s)
{
    free(*field);
    *field = mem_text_span(s);
    return 0;
}

static int set_list(struct config_list *list, struct span s, struct error *e)
{
    if (list->n == CONFIG_LIST_MAX)
        return error_set(e, "stands more than %d times", CONFIG_LIST_MAX);
    list->items = mem_grow(list->items, list->n + 1, sizeof(*list->items));
    list->items[list->n++] = mem_text_span(s);
    return 0;
}

static int set_level(int *field, struct span s, const char *choices)
{
    static const int levels[] = {LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO,
                                 LOG_LEVEL_DEBUG};
    int at = find_choice(choices, s);
    if (at < 0)
        return -1;
    *field = levels[at];
    return 0;
}

static int set_bool(bool *field, struct span s)
{
    if (!span_equal_text(s, "yes") && !span_equal_text(s, "no"))
        return -1;
    *field = span_equal_text(s, "yes");
    return 0;
}

static bool parse_number(enum key_type type, struct span s, uint64_t *out)
{
    return type == KEY_SIZE     ? text_parse_size(s, out)
           : type == KEY_NUMBER ? span_to_u64(s, out)
                                : text_parse_duration(s, out);
}

static int out_of_range(const struct config_key *key, const char *text, struct error *e)
{
    return error_set(e, "\"%.80s\" is out of range: %llu to %llu %s are allowed", text,
                     (unsigned long long)key->low, (unsigned long long)key->high,
                     key->type == KEY_SIZE     ? "bytes"
                     : key->type == KEY_NUMBER ? "(a number)"
                                               : "seconds");
}

static int not_allowed(const struct config_key *key, const char *text, struct error *e)
{
    const char *allowed = types[key->type].allowed;
    return error_set(e, "\"%.80s\" is no %s: %s%s", text, types[key->type].name,
                     allowed ? "allowed is " : "allowed are ", allowed ? allowed : key->choices);
}

int config_key_set(const struct config_key *key, void *base, const char *text, struct error *e)
{
    void *field = (char *)base + key->offset;
    struct span s = span_trim(span_of(text));
    uint64_t number = 0;
    char path[4096];
    int rc = -1;
    switch (key->type) {
    case KEY_TEXT:
        rc = is_printable(s) ? set_text(field, s) : -1;
        break;
    case KEY_CHOICE:
        rc = find_choice(key->choices, s) >= 0 ? set_text(field, s) : -1;
        break;
    case KEY_LEVEL:
        rc = set_level(field, s, key->choices);
        break;
    case KEY_URL:
        rc = config_url_is_valid(s) ? set_text(field, s) : -1;
        break;
    case KEY_PATH:
        s = with_slashes(s, path, sizeof(path));
        rc = is_path(s) && !span_starts(s, SPAN("**")) ? set_text(field, s) : -1;
        break;
    case KEY_BOOL:
        rc = set_bool(field, s);
        break;
    case KEY_SIZE:
    case KEY_NUMBER:
    case KEY_DURATION:
        rc = parse_number(key->type, s, &number) ? 0 : -1;
        if (rc == 0 && (number < key->low || number > key->high))
            return out_of_range(key, text, e);
        if (rc == 0)
            memcpy(field, &number, sizeof(number));
        break;
    case KEY_LIST:
        rc = is_printable(s) && s.n > 0 ? set_list(field, s, e) : -1;
        break;
    case KEY_PATHS:
        s = with_slashes(s, path, sizeof(path));
        rc = is_path(s) && s.n > 0 ? set_list(field, s, e) : -1;
        break;
    }
    return rc == 0 ? 0 : not_allowed(key, text, e);
}

void config_key_release(const struct config_key *key, void *base)
{
    void *field = (char *)base + key->offset;
    if (key->type == KEY_LIST || key->type == KEY_PATHS) {
        struct config_list *list = field;
        for (size_t i = 0; i < list->n; i++)
            free(list->items[i]);
        free(list->items);
        *list = (struct config_list){0};
    } else if (key->type == KEY_TEXT || key->type == KEY_CHOICE || key->type == KEY_URL ||
               key->type == KEY_PATH) {
        char *text;
        memcpy(&text, field, sizeof(text));
        free(text);
    }
}

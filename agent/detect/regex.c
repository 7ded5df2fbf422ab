#define PCRE2_CODE_UNIT_WIDTH 8
#include "detect/regex.h"

#include "base/mem.h"

#include <pcre2.h>
#include <stdlib.h>

#define MATCH_LIMIT    200000 /* steps */
#define DEPTH_LIMIT    2000
#define HEAP_LIMIT_KIB 2048
#define NEST_LIMIT     64
#define JIT_STACK_MAX  ((size_t)128 * 1024)

struct regex {
    pcre2_code *code;
    uint32_t names, name_size;
    PCRE2_SPTR name_table;
};

struct regex_work {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    uint64_t gave_up;
};

static uint32_t options_of(unsigned flags)
{
    uint32_t options = PCRE2_NEVER_BACKSLASH_C | PCRE2_NEVER_UTF;
    options |= flags & REGEX_NOCASE ? PCRE2_CASELESS : 0;
    options |= flags & REGEX_MULTILINE ? PCRE2_MULTILINE : 0;
    options |= flags & REGEX_DOTALL ? PCRE2_DOTALL : 0;
    return options;
}

static pcre2_code *compile(struct span pattern, unsigned flags, struct error *e)
{
    int error = 0;
    PCRE2_SIZE at = 0;
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (!context) {
        error_set(e, "no memory for the expression");
        return NULL;
    }
    pcre2_set_parens_nest_limit(context, NEST_LIMIT);
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(pattern.p ? pattern.p : ""), pattern.n,
                                     options_of(flags), &error, &at, context);
    pcre2_compile_context_free(context);
    if (!code) {
        PCRE2_UCHAR text[160];
        pcre2_get_error_message(error, text, sizeof(text));
        error_set(e, "the expression is wrong at character %zu (%s); correct it", at + 1,
                  (const char *)text);
    }
    return code;
}

struct regex *regex_new(struct span pattern, unsigned flags, struct error *e)
{
    if (pattern.n > REGEX_LENGTH_MAX) {
        error_set(e, "the expression is longer than %d characters; split it", REGEX_LENGTH_MAX);
        return NULL;
    }
    pcre2_code *code = compile(pattern, flags, e);
    if (!code)
        return NULL;
    struct regex *r = mem_new(1, sizeof(*r));
    r->code = code;
    /* Without memory that may be executed the interpreter does the same, slower. */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &r->names);
    pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &r->name_size);
    pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &r->name_table);
    return r;
}

void regex_free(struct regex *r)
{
    if (!r)
        return;
    pcre2_code_free(r->code);
    free(r);
}

struct regex_work *regex_work_new(void)
{
    struct regex_work *w = mem_new(1, sizeof(*w));
    w->data = pcre2_match_data_create(REGEX_GROUPS_MAX + 1, NULL);
    w->context = pcre2_match_context_create(NULL);
    w->stack = pcre2_jit_stack_create(4096, JIT_STACK_MAX, NULL);
    if (!w->data || !w->context)
        return mem_new(SIZE_MAX, 1); /* ends the process with its message */
    pcre2_set_match_limit(w->context, MATCH_LIMIT);
    pcre2_set_depth_limit(w->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(w->context, HEAP_LIMIT_KIB);
    if (w->stack)
        pcre2_jit_stack_assign(w->context, NULL, w->stack);
    return w;
}

void regex_work_free(struct regex_work *w)
{
    if (!w)
        return;
    pcre2_match_data_free(w->data);
    pcre2_match_context_free(w->context);
    pcre2_jit_stack_free(w->stack);
    free(w);
}

bool regex_matches(const struct regex *r, struct regex_work *w, struct span text)
{
    int result =
        pcre2_match(r->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, 0, w->data, w->context);
    if (result < 0 && result != PCRE2_ERROR_NOMATCH)
        w->gave_up++;
    return result >= 0;
}

bool regex_extract(const struct regex *r, struct regex_work *w, struct span text,
                   void (*each)(void *ctx, struct span name, struct span value), void *ctx)
{
    if (!regex_matches(r, w, text))
        return false;
    const PCRE2_SIZE *at = pcre2_get_ovector_pointer(w->data);
    for (uint32_t i = 0; i < r->names; i++) {
        /* an entry: number of the group in two bytes, its name, a NUL */
        PCRE2_SPTR entry = r->name_table + (size_t)i * r->name_size;
        size_t group = (size_t)(entry[0] << 8 | entry[1]);
        if (group > REGEX_GROUPS_MAX || at[2 * group] == PCRE2_UNSET)
            continue;
        /* \K in a look-ahead can put the end before the start */
        if (at[2 * group + 1] < at[2 * group])
            continue;
        each(ctx, span_of((const char *)entry + 2),
             span_make(text.p + at[2 * group], at[2 * group + 1] - at[2 * group]));
    }
    return true;
}

uint64_t regex_gave_up(const struct regex_work *w)
{
    return w->gave_up;
}

size_t regex_named(const struct regex *r)
{
    return r->names;
}

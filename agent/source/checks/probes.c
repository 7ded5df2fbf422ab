#include "source/checks/probe.h"

#include <stdarg.h>

const struct probe *checks_probe_of(const struct check *c)
{
    for (size_t i = 0; checks_probes[i]; i++)
        if (strcmp(checks_probes[i]->name, c->probe) == 0)
            return checks_probes[i];
    return NULL;
}

/* ---- outcomes ---- */

bool outcome_set(const struct probe_look *look, enum check_status status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    look->out->status = status;
    vsnprintf(look->out->found, sizeof(look->out->found), format, args);
    va_end(args);
    return true;
}

#define MORE_ROOM 24 /* "; and N more" */

void outcome_fault(const struct probe_look *look, const char *format, ...)
{
    struct check_outcome *o = look->out;
    char text[sizeof(o->found)];
    size_t n = strlen(o->found);
    va_list args;
    va_start(args, format);
    int length = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    o->status = CHECK_FAIL;
    if (o->named > 0 && (length < 0 || n + (size_t)length + MORE_ROOM >= sizeof(o->found)))
        return;
    snprintf(o->found + n, sizeof(o->found) - n - MORE_ROOM, "%s%s", n > 0 ? "; " : "", text);
    o->named++;
}

void outcome_faults_end(const struct probe_look *look, size_t n)
{
    struct check_outcome *o = look->out;
    size_t at = strlen(o->found);
    if (n > o->named)
        snprintf(o->found + at, sizeof(o->found) - at, "; and %zu more", n - o->named);
}

void outcome_expect(const struct probe_look *look, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(look->out->expected, sizeof(look->out->expected), format, args);
    va_end(args);
}

void outcome_place(const struct probe_look *look, const char *path, int line)
{
    snprintf(look->out->path, sizeof(look->out->path), "%s", path);
    look->out->line = line;
}

bool outcome_unread(const struct probe_look *look, const char *path, int rc)
{
    outcome_place(look, path, 0);
    return outcome_set(look, CHECK_UNKNOWN, "%.200s cannot be read: %s", path, error_text(rc));
}

/* ---- when a check applies ---- */

static const struct check_condition *condition_of(struct span *text)
{
    struct span name;
    if (!span_take_until(text, ' ', &name))
        return NULL;
    for (const struct check_condition *c = checks_conditions; c->name; c++)
        if (span_equal_text(name, c->name))
            return c;
    return NULL;
}

static bool applies(const struct probe_look *look)
{
    size_t at = 0;
    for (const struct check_value *v; (v = check_each(look->check, "when", &at));) {
        struct span rest = span_of(v->text);
        const struct check_condition *c = condition_of(&rest);
        if (c && c->holds(look->view, rest) != c->negated)
            continue;
        outcome_set(look, CHECK_SKIPPED, "%s%.*s", c ? c->otherwise : "", (int)rest.n, rest.p);
        return false;
    }
    return true;
}

static int verify_when(const char *value, struct error *e)
{
    struct span rest = span_of(value);
    char known[160] = "";
    size_t n = 0;
    if (condition_of(&rest) && span_trim(rest).n > 0)
        return 0;
    for (const struct check_condition *c = checks_conditions; c->name && n < sizeof(known); c++)
        n += (size_t)snprintf(known + n, sizeof(known) - n, "%s%s", n > 0 ? ", " : "", c->name);
    return error_set(e, "when is %s, and behind it what it asks for", known);
}

bool checks_step(struct checks_view *host, const struct check *c, void **walk,
                 struct check_outcome *out)
{
    struct probe_look look = {host, c, out, walk};
    if (!*walk) {
        *out = (struct check_outcome){0};
        if (!applies(&look))
            return true;
    }
    return checks_probe_of(c)->run(&look);
}

void checks_give_up(const struct check *c, void **walk)
{
    const struct probe *p = checks_probe_of(c);
    if (*walk && p->drop)
        p->drop(*walk);
    *walk = NULL;
}

/* ---- is a check one that its probe can do? ---- */

static const struct probe_key when_key = {"when", PROBE_SEVERAL, verify_when};

static const struct probe_key *key_of(const struct probe *p, const char *name)
{
    if (strcmp(name, when_key.name) == 0)
        return &when_key;
    for (const struct probe_key *k = p->keys; k->name; k++)
        if (strcmp(k->name, name) == 0)
            return k;
    return NULL;
}

static int unknown_key(const struct probe *p, const struct check_value *v, struct error *e)
{
    char known[320] = "";
    size_t n = 0;
    for (const struct probe_key *k = p->keys; k->name && n < sizeof(known); k++)
        n += (size_t)snprintf(known + n, sizeof(known) - n, " %s", k->name);
    return error_set(e, "unknown key \"%.40s\"; probe %s knows:%s", v->name, p->name, known);
}

static int verify_value(const struct check *c, const struct probe *p, const struct check_value *v,
                        struct error *e)
{
    const struct probe_key *k = key_of(p, v->name);
    struct error why;
    size_t at = 0;
    if (!k)
        return unknown_key(p, v, e);
    bool once = k->stands == PROBE_ONCE || k->stands == PROBE_NEEDED;
    if (once && check_each(c, v->name, &at) != v)
        return error_set(e, "%s stands twice", v->name);
    if (k->verify && k->verify(v->text, &why) != 0)
        return error_set(e, "%s: %s", v->name, why.text);
    return 0;
}

static int verify(const struct check *c, int *line, struct error *e)
{
    const struct probe *p = checks_probe_of(c);
    if (!p) {
        char known[320] = "";
        size_t n = 0;
        for (size_t i = 0; checks_probes[i] && n < sizeof(known); i++)
            n += (size_t)snprintf(known + n, sizeof(known) - n, " %s", checks_probes[i]->name);
        return error_set(e, "there is no probe \"%.40s\"; known are:%s", c->probe, known);
    }
    for (size_t i = 0; i < c->values_n; i++) {
        *line = c->values[i].line;
        if (verify_value(c, p, &c->values[i], e) != 0)
            return -1;
    }
    *line = c->line;
    for (const struct probe_key *k = p->keys; k->name; k++)
        if ((k->stands == PROBE_NEEDED || k->stands == PROBE_NEEDED_SEVERAL) &&
            !check_value(c, k->name))
            return error_set(e, "probe %s needs the key %s", p->name, k->name);
    return 0;
}

size_t checks_verify(struct checks *checks, config_tell_fn *tell, void *ctx)
{
    size_t problems = 0;
    for (size_t i = 0; i < checks->n;) {
        const struct check *c = &checks->items[i];
        struct error e;
        char text[1024];
        int line = c->line;
        if (verify(c, &line, &e) == 0) {
            i++;
            continue;
        }
        snprintf(text, sizeof(text), "%s:%d: %s: %s", c->file, line, c->id, e.text);
        problems++;
        if (tell)
            tell(ctx, text);
        checks_drop(checks, i);
    }
    return problems;
}

size_t checks_load(const char *folder, config_tell_fn *tell, void *ctx, struct checks *out)
{
    size_t problems = checks_read(folder, tell, ctx, out);
    return problems + checks_verify(out, tell, ctx);
}

#include "ship/enroll.h"

static int fail(struct enroll *x, const char *words)
{
    snprintf(x->words, sizeof(x->words), "%s", words);
    return -1;
}

static bool is_answer(const struct sent *sent)
{
    int status = sent->answer.status;
    return (status == 200 && sent->answer.curl == 0) || status == 201 || status == 204 ||
           status == 404;
}

static int exchange(struct enroll *x, const char *kind, struct span body, struct buf *into)
{
    char path[128];
    struct sent sent;
    struct verdict v;
    snprintf(path, sizeof(path), "/v1/enroll/%s.%s", x->cn, kind);
    sender_ask(x->sender, path, body, into, &sent);
    x->stopped = sent.stopped;
    x->has_offset = sent.has_offset;
    x->clock_offset_ms = sent.clock_offset_ms;
    if (is_answer(&sent)) {
        x->silences = 0;
        return sent.answer.status;
    }
    sent.answer.whose = x->whose;
    sent.answer.silences = x->silences;
    sent.answer.own_expired = x->own_expired;
    verdict_make(&sent.answer, &v);
    x->silences = v.silence ? x->silences + 1 : 0;
    if (sent.answer.status == 200)
        return fail(x, "the center's answer is too long, or was cut off");
    return fail(x, v.kind == VERDICT_REFUSED ? "the center takes no requests for certificates"
                                             : v.words);
}

int enroll_fetch(struct enroll *x, struct buf *text)
{
    return exchange(x, "crt", SPAN(""), text) < 0 ? -1 : 0;
}

int enroll_ask(struct enroll *x, struct span csr)
{
    int status = exchange(x, "csr", csr, NULL);
    if (status == 404)
        return fail(x, "the center takes no requests for certificates");
    x->was_there = status == 204;
    return status < 0 ? -1 : 0;
}

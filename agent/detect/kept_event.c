#include "detect/kept_event.h"

static void put_text(struct buf *out, struct span text, size_t max)
{
    size_t n = text.n < max ? text.n : max;
    buf_put_u32(out, (uint32_t)n);
    buf_put(out, text.p ? text.p : "", n);
}

static bool take_text(struct span *rest, struct span *text)
{
    uint32_t n;
    return span_take_u32(rest, &n) && n <= KEPT_JSON_MAX && span_take(rest, n, text);
}

void kept_event_put(struct buf *out, const struct event *e)
{
    const struct event_detection *d = &e->u.detection;
    struct span message = span_of(e->message ? e->message : "");
    buf_put_u32(out, (uint32_t)e->severity);
    buf_put_u32(out, (uint32_t)d->confidence_id);
    buf_put_u32(out, (uint32_t)d->analytic_type_id);
    message.n = message.n < KEPT_TEXT_MAX ? message.n : KEPT_TEXT_MAX - 1;
    buf_put_u32(out, (uint32_t)message.n + 1);
    buf_put_span(out, message);
    buf_put_byte(out, '\0');
    put_text(out, e->vigia, e->vigia.n <= KEPT_JSON_MAX ? KEPT_JSON_MAX : 0);
    put_text(out, d->rule_id, KEPT_TEXT_MAX);
    put_text(out, d->rule_title, KEPT_TEXT_MAX);
    put_text(out, d->log_name, KEPT_TEXT_MAX);
    put_text(out, d->evidence, KEPT_TEXT_MAX);
    put_text(out, d->user, KEPT_TEXT_MAX);
    put_text(out, d->src_ip, 64);
    buf_put_u32(out, (uint32_t)d->attacks_n);
    for (size_t i = 0; i < d->attacks_n; i++)
        put_text(out, d->attacks[i], 32);
}

static bool take_attacks(struct span *rest, struct event_detection *d)
{
    uint32_t n;
    if (!span_take_u32(rest, &n) || n > sizeof(d->attacks) / sizeof(d->attacks[0]))
        return false;
    for (d->attacks_n = 0; d->attacks_n < n; d->attacks_n++)
        if (!take_text(rest, &d->attacks[d->attacks_n]))
            return false;
    return rest->n == 0;
}

bool kept_event_take(struct span saved, struct event *out)
{
    struct event_detection *d = &out->u.detection;
    struct span message;
    uint32_t severity, confidence, analytic;
    *out = (struct event){.class_uid = EVENT_DETECTION, .activity = FINDING_UPDATE};
    if (!span_take_u32(&saved, &severity) || !span_take_u32(&saved, &confidence) ||
        !span_take_u32(&saved, &analytic) || severity < SEVERITY_INFORMATIONAL ||
        severity > SEVERITY_CRITICAL || confidence > 3 || analytic > 99)
        return false;
    if (!take_text(&saved, &message) || message.n == 0 ||
        memchr(message.p, '\0', message.n) != message.p + message.n - 1)
        return false;
    out->severity = (enum event_severity)severity;
    out->message = message.p;
    d->confidence_id = (int)confidence;
    d->analytic_type_id = (int)analytic;
    return take_text(&saved, &out->vigia) && take_text(&saved, &d->rule_id) &&
           take_text(&saved, &d->rule_title) && take_text(&saved, &d->log_name) &&
           take_text(&saved, &d->evidence) && take_text(&saved, &d->user) &&
           take_text(&saved, &d->src_ip) && take_attacks(&saved, d);
}

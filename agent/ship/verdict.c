#include "ship/verdict.h"

#include <curl/curl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct row {
    int code;
    enum verdict_kind kind;
    const char *what; /* behind "the center HOST:PORT" */
    const char *remedy;
};

#define KEPT "everything is kept"

static const struct row no_connection[] = {
    {CURLE_COULDNT_RESOLVE_HOST, VERDICT_RETRY, "has a name that cannot be resolved",
     "check the name in [center] url and this host's DNS"},
    {CURLE_COULDNT_CONNECT, VERDICT_RETRY, "cannot be reached",
     "is it running, and does every firewall on the way let this host through?"},
    /* libcurl counts the TLS handshake in: whether TCP was there cannot be told apart */
    {CURLE_OPERATION_TIMEDOUT, VERDICT_RETRY, "cannot be reached in time",
     "is it overloaded, or does a firewall on the way drop what this host sends?"},
};

static const struct row connection[] = {
    {CURLE_OPERATION_TIMEDOUT, VERDICT_RETRY, "does not answer in time",
     "it is overloaded, or the line is slower than [center] timeout allows"},
    {CURLE_SSL_CONNECT_ERROR, VERDICT_RETRY, "makes no TLS connection",
     "does something else listen on that port, or intercept TLS?"},
    {CURLE_SSL_CERTPROBLEM, VERDICT_CERTIFICATE, "cannot be asked with this endpoint's certificate",
     "enroll again with `vigia enroll --bundle FILE`"},
    {CURLE_SSL_CACERT_BADFILE, VERDICT_CERTIFICATE,
     "cannot be checked: the pinned CAs are unusable",
     "enroll again with `vigia enroll --bundle FILE`"},
    {CURLE_UNSUPPORTED_PROTOCOL, VERDICT_RETRY, "answers with something that is no HTTP",
     "does something else listen on that port?"},
    {CURLE_WEIRD_SERVER_REPLY, VERDICT_RETRY, "answers with something that is no HTTP",
     "does something else listen on that port?"},
    {CURLE_READ_ERROR, VERDICT_RETRY, "waits for a batch that cannot be read on this host",
     "look for disk errors in the system's log"},
};

/* A certificate of the center's that is refused here: what mbedTLS says, and what it means. */
static const struct {
    const char *said;
    const char *what, *remedy;
} server_faults[] = {
    {"expired", "has a certificate that has expired, or this host's clock is wrong",
     "have the center's certificate renewed, or set this host's clock right"},
    {"future", "has a certificate that is not valid yet, or this host's clock is wrong",
     "set this host's clock right"},
    {"not correctly signed",
     "has a certificate that is not signed by the CAs this endpoint was enrolled with",
     "somebody may stand in between, or the center was set up anew: then enroll again"},
    {"does not match", "has a certificate for another name",
     "is the name in [center] url right? else have the center's certificate made for it"},
    {"", "has a certificate that cannot be accepted", "ask the center's staff"},
};

static const struct row statuses[] = {
    {201, VERDICT_DELIVERED, "", ""},
    {204, VERDICT_DELIVERED, "", ""},
    {404, VERDICT_REFUSED, "will never take this batch: no such place", ""},
    {405, VERDICT_REFUSED, "will never take this batch: not allowed there", ""},
    {411, VERDICT_REFUSED, "will never take this batch: of no length", ""},
    {413, VERDICT_REFUSED, "will never take this batch: too large", ""},
    {400, VERDICT_CERTIFICATE, "", ""},
    {401, VERDICT_CERTIFICATE, "", ""},
    {403, VERDICT_CERTIFICATE, "", ""},
    {408, VERDICT_RETRY, "does not get the batch in time", "the line is slow; it is tried again"},
    {429, VERDICT_RETRY, "asks for a pause", "it is busy; it is tried again"},
    {507, VERDICT_RETRY, "has a full disk", "tell the center's staff; " KEPT},
};

static const struct row *find(const struct row *rows, size_t n, int code)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].code == code)
            return &rows[i];
    return NULL;
}

#define FIND(rows, code) find(rows, sizeof(rows) / sizeof((rows)[0]), code)

/* "the center HOST WHAT (DETAIL); REMEDY". What libcurl says may hold anything from outside; who
 * prints the words escapes them. */
static void say(struct verdict *v, const struct answer *a, const char *what, const char *detail,
                const char *remedy)
{
    size_t n = strcspn(detail, "\r\n");
    snprintf(v->words, sizeof(v->words), "the center %s %s%s%.*s%s%s%s", a->center, what,
             n ? " (" : "", n > 120 ? 120 : (int)n, detail, n ? ")" : "", remedy[0] ? "; " : "",
             remedy);
}

static void refused_certificate(struct verdict *v, const struct answer *a, const char *how)
{
    char what[160];
    const char *remedy = "it may be revoked, expired, of a CA unknown there or of another name; "
                         "ask the center's staff for a new bundle; " KEPT,
               *why = "";
    v->kind = VERDICT_CERTIFICATE;
    if (a->own_expired) {
        why = ", which has expired by this host's clock";
        remedy = "set the clock right, or enroll with a new bundle; " KEPT;
    } else if (a->own_early) {
        why = ", which is not valid yet by this host's clock";
        remedy = "set the clock right; " KEPT;
    }
    snprintf(what, sizeof(what), "refuses %s certificate%s",
             a->whose ? a->whose : "this endpoint's", why);
    say(v, a, what, how, remedy);
}

static void judge_status(struct verdict *v, const struct answer *a)
{
    char answer[32];
    const struct row *row = FIND(statuses, a->status);
    snprintf(answer, sizeof(answer), "answer %d", a->status);
    v->kind = row ? row->kind : VERDICT_RETRY;
    if (v->kind == VERDICT_DELIVERED)
        return;
    if (v->kind == VERDICT_CERTIFICATE)
        refused_certificate(v, a, answer);
    else if (row)
        say(v, a, row->what, answer, row->remedy);
    else if (a->status >= 500)
        say(v, a, "has a fault of its own", answer,
            "it is tried again; tell its staff if it lasts");
    else
        say(v, a, "gives an answer that no center gives", answer,
            "is the address in [center] url right, and no proxy in between?");
}

/* The handshake went through and then nothing came: TLS 1.3 tells a refused certificate only now.
 */
static void judge_silence(struct verdict *v, const struct answer *a)
{
    v->silence = true;
    v->kind = VERDICT_RETRY;
    if (a->silences + 1 >= VERDICT_SILENCES)
        refused_certificate(v, a, "it closes the connection without an answer");
    else
        say(v, a, "closed the connection without an answer", "", "it is tried again");
}

static void judge_server_certificate(struct verdict *v, const struct answer *a)
{
    size_t i = 0;
    while (!strstr(a->detail, server_faults[i].said))
        i++;
    v->kind = VERDICT_RETRY;
    say(v, a, server_faults[i].what, "", server_faults[i].remedy);
}

static bool is_broken_off(int curl)
{
    return curl == CURLE_GOT_NOTHING || curl == CURLE_SEND_ERROR || curl == CURLE_RECV_ERROR;
}

static void judge_failure(struct verdict *v, const struct answer *a)
{
    const struct row *row = a->connected ? FIND(connection, a->curl) : NULL;
    if (!row && !a->connected)
        row = FIND(no_connection, a->curl);
    if (!row)
        row = FIND(connection, a->curl);
    if (a->curl == CURLE_PEER_FAILED_VERIFICATION)
        judge_server_certificate(v, a);
    else if (a->connected && strstr(a->detail, "fatal alert"))
        refused_certificate(v, a, "by a TLS alert");
    else if (a->secured && is_broken_off(a->curl))
        judge_silence(v, a);
    else if (row) {
        v->kind = row->kind;
        /* after how many ms is another number at each try, and would be news at each */
        say(v, a, row->what, a->curl == CURLE_OPERATION_TIMEDOUT ? "" : a->detail, row->remedy);
    } else
        say(v, a, "was not told everything", a->detail[0] ? a->detail : "connection lost",
            "it is tried again");
}

void verdict_make(const struct answer *a, struct verdict *out)
{
    *out = (struct verdict){.kind = VERDICT_RETRY};
    if (a->status >= 200) /* an answer counts, however the connection ended */
        judge_status(out, a);
    else
        judge_failure(out, a);
}

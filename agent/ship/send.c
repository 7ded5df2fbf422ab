#include "ship/send.h"

#include "base/mem.h"
#include "base/version.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "ship/http_time.h"

#include <curl/curl.h>

#define BODY_MAX        4096
#define PIECE           16384L
#define IDLE_MAX_S      70L /* batches come every 60 s; the center closes what is idle for 75 s */
#define CONNECT_MAX_S   20
#define STALLED_BYTES_S 16L
#define STALLED_AFTER_S 30

struct sender {
    CURL *curl;
    struct curl_slist *headers;
    struct send_setup setup;
    char center[256]; /* host:port */
    char detail[CURL_ERROR_SIZE];
    /* of the delivery under way */
    file_t file;      /* what is sent; or, without one, */
    const char *text; /* this */
    uint64_t at, size;
    uint64_t body;
    struct buf *into; /* where the answer's body goes; NULL: nowhere */
    bool read_failed;
    bool has_date;
    int64_t date_ms, date_seen_ms;
    char retry_after[64];
};

static size_t give(char *to, size_t one, size_t n, void *ctx)
{
    struct sender *s = ctx;
    uint64_t left = s->size - s->at;
    size_t want = one * n < left ? one * n : (size_t)left;
    if (s->text)
        memcpy(to, s->text + s->at, want);
    int64_t got = s->text ? (int64_t)want : file_read_at(s->file, s->at, to, want);
    s->read_failed = got < 0 || (size_t)got != want; /* it shrank: sealed batches never do */
    if (s->read_failed)
        return CURL_READFUNC_ABORT;
    s->at += want;
    return want;
}

static int seek(void *ctx, curl_off_t offset, int origin)
{
    struct sender *s = ctx;
    if (origin != 0 || offset < 0 || (uint64_t)offset > s->size)
        return CURL_SEEKFUNC_CANTSEEK;
    s->at = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t take_body(char *from, size_t one, size_t n, void *ctx)
{
    struct sender *s = ctx;
    long status = 0;
    curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
    if (s->into && status == 200) {
        buf_put(s->into, from, one * n);
        return s->into->failed ? CURL_WRITEFUNC_ERROR : one * n;
    }
    s->body += one * n;
    return s->body <= BODY_MAX ? one * n : CURL_WRITEFUNC_ERROR;
}

static size_t take_header(char *from, size_t one, size_t n, void *ctx)
{
    struct sender *s = ctx;
    struct span line = span_make(from, one * n), name;
    if (span_starts(line, SPAN("HTTP/"))) { /* what an interim answer said is over */
        s->has_date = false;
        s->retry_after[0] = '\0';
    } else if (span_take_until(&line, ':', &name)) {
        if (span_equal_nocase(name, SPAN("date"))) {
            s->has_date = http_date_parse(line, &s->date_ms);
            s->date_seen_ms = clock_wall_ms();
        } else if (span_equal_nocase(name, SPAN("retry-after"))) {
            span_copy(span_trim(line), s->retry_after, sizeof(s->retry_after));
        }
    }
    return one * n;
}

static int look_whether_to_stop(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct sender *s = ctx;
    (void)a, (void)b, (void)c, (void)d;
    return s->setup.stop() ? 1 : 0;
}

static struct curl_blob blob_of(const struct buf *b)
{
    /* NUL included: mbedTLS takes PEM so, and curl copies nothing */
    return (struct curl_blob){b->p, b->n + 1, CURL_BLOB_NOCOPY};
}

static CURLcode set_tls(struct sender *s)
{
    struct curl_blob pair = blob_of(&s->setup.trust->pair), cas = blob_of(&s->setup.trust->cas);
    CURLcode rc = curl_easy_setopt(s->curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_SSL_VERIFYPEER, 1L);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_SSL_VERIFYHOST, 2L);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_CAINFO_BLOB, &cas);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_SSLCERT_BLOB, &pair);
    return rc ? rc : curl_easy_setopt(s->curl, CURLOPT_SSLKEY_BLOB, &pair);
}

static CURLcode set_http(struct sender *s)
{
    CURLcode rc = curl_easy_setopt(s->curl, CURLOPT_PROTOCOLS_STR, "https");
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_USERAGENT, "vigia/" VIGIA_VERSION);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_FOLLOWLOCATION, 0L);
    rc =
        rc ? rc
           : curl_easy_setopt(s->curl, CURLOPT_PROXY, ""); /* none, whatever the environment says */
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_NOSIGNAL, 1L);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_MAXCONNECTS, 1L);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_MAXAGE_CONN, IDLE_MAX_S);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_BUFFERSIZE, PIECE);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_UPLOAD_BUFFERSIZE, PIECE);
    return rc ? rc : curl_easy_setopt(s->curl, CURLOPT_ERRORBUFFER, s->detail);
}

static CURLcode set_callbacks(struct sender *s)
{
    CURLcode rc = curl_easy_setopt(s->curl, CURLOPT_READFUNCTION, give);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_READDATA, s);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_SEEKFUNCTION, seek);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_SEEKDATA, s);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_WRITEFUNCTION, take_body);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_WRITEDATA, s);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_HEADERFUNCTION, take_header);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_HEADERDATA, s);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_NOPROGRESS, 0L);
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_XFERINFOFUNCTION, look_whether_to_stop);
    return rc ? rc : curl_easy_setopt(s->curl, CURLOPT_XFERINFODATA, s);
}

static long smaller(int64_t a, long b)
{
    return a < b ? (long)a : b;
}

/* A cap on the rate makes a delivery longer, which is no fault of the center's. */
static CURLcode set_limits(struct sender *s)
{
    const struct send_setup *o = &s->setup;
    int64_t seconds = o->timeout_s + (o->rate ? (int64_t)(s->size / o->rate) : 0);
    long stalled = o->rate && o->rate < 2 * (uint64_t)STALLED_BYTES_S ? 0 : STALLED_BYTES_S;
    CURLcode rc = curl_easy_setopt(s->curl, CURLOPT_TIMEOUT, smaller(seconds, 86400));
    rc = rc ? rc
            : curl_easy_setopt(s->curl, CURLOPT_CONNECTTIMEOUT,
                               smaller(o->timeout_s, CONNECT_MAX_S));
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_LOW_SPEED_LIMIT, stalled);
    rc = rc ? rc
            : curl_easy_setopt(s->curl, CURLOPT_LOW_SPEED_TIME,
                               smaller(o->timeout_s, STALLED_AFTER_S));
    rc = rc ? rc : curl_easy_setopt(s->curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->size);
    return rc ? rc : curl_easy_setopt(s->curl, CURLOPT_MAX_SEND_SPEED_LARGE, (curl_off_t)o->rate);
}

static CURLcode set_up(struct sender *s)
{
    s->curl = curl_easy_init();
    /* no "Expect: 100-continue": batches are small, and a round trip is dearer */
    s->headers = curl_slist_append(NULL, "Expect:");
    if (!s->curl || !s->headers)
        return CURLE_OUT_OF_MEMORY;
    CURLcode rc = set_tls(s);
    rc = rc ? rc : set_http(s);
    return rc ? rc : set_callbacks(s);
}

struct sender *sender_new(const struct send_setup *setup, struct error *e)
{
    struct sender *s = mem_new(1, sizeof(*s));
    s->setup = *setup;
    s->file = FILE_NONE;
    snprintf(s->center, sizeof(s->center), "%s", setup->url + strlen("https://"));
    CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (rc == CURLE_OK)
        rc = set_up(s);
    if (rc == CURLE_OK)
        return s;
    error_set(e, "libcurl cannot be set up: %s", curl_easy_strerror(rc));
    sender_free(s);
    return NULL;
}

void sender_free(struct sender *s)
{
    if (!s)
        return;
    curl_easy_cleanup(s->curl);
    curl_slist_free_all(s->headers);
    curl_global_cleanup();
    free(s);
}

static void read_answer(struct sender *s, CURLcode rc, struct sent *out)
{
    long status = 0;
    curl_off_t connect_us = 0, secure_us = 0;
    curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(s->curl, CURLINFO_CONNECT_TIME_T, &connect_us);
    curl_easy_getinfo(s->curl, CURLINFO_APPCONNECT_TIME_T, &secure_us);
    out->answer = (struct answer){
        .center = s->center,
        .curl = (int)rc,
        .status = (int)status,
        .connected = connect_us > 0,
        .secured = secure_us > 0,
        .detail = s->read_failed ? "" : s->detail,
    };
    out->stopped = rc == CURLE_ABORTED_BY_CALLBACK && !s->read_failed;
    if (s->read_failed)
        out->answer.curl = CURLE_READ_ERROR;
    out->has_offset = s->has_date;
    /* a Date is cut to the second: on average half of one is missing */
    out->clock_offset_ms = s->has_date ? s->date_ms + 500 - s->date_seen_ms : 0;
    if (!retry_after_parse(span_of(s->retry_after), s->has_date ? s->date_ms : clock_wall_ms(),
                           &out->retry_after_ms))
        out->retry_after_ms = -1;
}

/* Sends s->size bytes of s->file or s->text, or asks. */
static void perform(struct sender *s, const char *url, bool put, struct sent *out)
{
    *out = (struct sent){.retry_after_ms = -1, .bytes = s->size};
    s->at = s->body = 0;
    s->read_failed = s->has_date = false;
    s->retry_after[0] = s->detail[0] = '\0';
    CURLcode rc = curl_easy_setopt(s->curl, CURLOPT_URL, url);
    rc = rc ? rc : curl_easy_setopt(s->curl, put ? CURLOPT_UPLOAD : CURLOPT_HTTPGET, 1L);
    rc = rc ? rc : set_limits(s);
    if (rc == CURLE_OK)
        rc = curl_easy_perform(s->curl);
    read_answer(s, rc, out);
}

int sender_put(struct sender *s, const char *path, const char *name, struct sent *out)
{
    char url[512];
    struct file_info info;
    int error = file_open_untrusted(path, &s->file, &info);
    *out = (struct sent){.retry_after_ms = -1};
    if (error != 0)
        return error;
    s->size = info.size;
    snprintf(url, sizeof(url), "%s/v1/telemetry/%s/%s", s->setup.url, s->setup.trust->own.cn, name);
    perform(s, url, true, out);
    file_close(s->file);
    s->file = FILE_NONE;
    return 0;
}

void sender_ask(struct sender *s, const char *path, struct span body, struct buf *into,
                struct sent *out)
{
    char url[512];
    snprintf(url, sizeof(url), "%s%s", s->setup.url, path);
    s->text = body.p;
    s->size = body.n;
    s->into = into;
    perform(s, url, body.n > 0, out);
    s->text = NULL;
    s->into = NULL;
}

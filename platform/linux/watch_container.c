/*
 * Which container a process runs in, from the names that the runtimes give to control groups. Each
 * of them has the container's id, 64 hex digits, as a part of the path or of one of its parts:
 *
 *   0::/system.slice/docker-<id>.scope              docker under systemd
 *   4:memory:/docker/<id>                           docker by itself
 *   0::/kubepods.slice/.../cri-containerd-<id>.scope
 *   0::/machine.slice/libpod-<id>.scope/container   podman
 *   0::/kubepods/burstable/pod<uid>/<id>            a pod's, whatever the runtime
 *
 * Whoever may make control groups may name them so; it says where a process is accounted, no more.
 */
#include "platform/linux/watch_parts.h"

#include <stdio.h>
#include <string.h>

#define ID_DIGITS 64

static const struct {
    const char *before; /* what stands right before the id */
    const char *runtime;
} runtimes[] = {
    {"/docker/", "docker"}, {"/docker-", "docker"},
    {"/libpod-", "podman"}, {"/cri-containerd-", "containerd"},
    {"/crio-", "cri-o"},    {"/nerdctl-", "containerd"},
};

static bool is_digit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

static bool ends_with(const char *from, const char *to, const char *tail)
{
    size_t n = strlen(tail);
    return (size_t)(to - from) >= n && memcmp(to - n, tail, n) == 0;
}

static const char *runtime_before(const char *line, const char *id)
{
    for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
        if (ends_with(line, id, runtimes[i].before))
            return runtimes[i].runtime;
    return "";
}

/* The innermost id of a line, or NULL. */
static const char *last_id(const char *line, const char *end)
{
    const char *found = NULL;
    for (const char *at = line; at < end;) {
        const char *from = at;
        while (at < end && is_digit(*at))
            at++;
        bool begins = from > line && (from[-1] == '/' || from[-1] == '-');
        bool ends = at == end || *at == '/' || *at == '.';
        if (at - from == ID_DIGITS && begins && ends)
            found = from;
        at += at == from;
    }
    return found;
}

void container_of_cgroups(const char *text, char id[WATCH_CONTAINER_MAX],
                          char runtime[WATCH_RUNTIME_MAX])
{
    id[0] = runtime[0] = '\0';
    while (*text && !id[0]) {
        const char *end = text + strcspn(text, "\n"), *at = last_id(text, end);
        if (at) {
            snprintf(id, WATCH_CONTAINER_MAX, "%.*s", ID_DIGITS, at);
            snprintf(runtime, WATCH_RUNTIME_MAX, "%s", runtime_before(text, at));
        }
        text = end + (*end == '\n');
    }
}

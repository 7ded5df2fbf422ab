#include "platform/process.h"

#include "platform/posix/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

struct process {
    pid_t id;
    bool ended;
    int code;
};

int process_self_id(void)
{
    return (int)getpid();
}

/* In the new process, so nothing here may take a lock. Tells why it failed and ends. */
static _Noreturn void become(const char *const *argv, pid_t parent, int report)
{
    static const int reset[] = {SIGPIPE, SIGTERM, SIGINT, SIGHUP};
    int why = ESRCH;
    for (size_t i = 0; i < sizeof(reset) / sizeof(reset[0]); i++)
        signal(reset[i], SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (child_bind_to_parent((int)parent)) {
        execv(argv[0], (char *const *)argv);
        why = errno;
    }
    ssize_t told = write(report, &why, sizeof(why));
    _exit(told == (ssize_t)sizeof(why) ? 127 : 126);
}

/* The pipe closes at exec; what comes through it before is the reason of a failure. */
static int read_report(int from)
{
    int why = 0;
    ssize_t got;
    do
        got = read(from, &why, sizeof(why));
    while (got < 0 && errno == EINTR);
    return got == (ssize_t)sizeof(why) ? -why : 0;
}

static pid_t wait_for(pid_t id, int *status, int flags)
{
    pid_t got;
    do
        got = waitpid(id, status, flags);
    while (got < 0 && errno == EINTR);
    return got;
}

static int fork_and_become(const char *const *argv, pid_t *id)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) != 0)
        return -errno;
    pid_t parent = getpid();
    *id = fork();
    if (*id == 0)
        become(argv, parent, report[1]);
    int rc = *id < 0 ? -errno : 0;
    close(report[1]);
    if (rc == 0) {
        rc = read_report(report[0]);
        if (rc != 0)
            wait_for(*id, NULL, 0);
    }
    close(report[0]);
    return rc;
}

int process_start(const char *const *argv, struct process **out)
{
    *out = NULL;
    struct process *p = calloc(1, sizeof(*p));
    if (!p)
        return -ENOMEM;
    int rc = fork_and_become(argv, &p->id);
    if (rc != 0) {
        free(p);
        return rc;
    }
    *out = p;
    return 0;
}

void process_ask_to_stop(struct process *p)
{
    int code;
    if (!process_ended(p, &code))
        kill(p->id, SIGTERM);
}

static void note_end(struct process *p, int status)
{
    p->ended = true;
    p->code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int process_ended(struct process *p, int *code)
{
    int status = 0;
    if (!p->ended && wait_for(p->id, &status, WNOHANG) == p->id)
        note_end(p, status);
    if (p->ended)
        *code = p->code;
    return p->ended;
}

void process_free(struct process *p)
{
    if (!p)
        return;
    if (!p->ended) {
        kill(p->id, SIGKILL);
        wait_for(p->id, NULL, 0);
    }
    free(p);
}

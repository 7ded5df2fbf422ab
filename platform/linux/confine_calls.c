/*
 * System calls that a role never needs again, refused by two filters (seccomp(2); the program's
 * language is classic BPF, of the kernel's linux/filter.h).
 *
 * Why a list of what is refused, and not of what is allowed: what is allowed would have to name
 * what every glibc, libsystemd, liblzma ... of every Debian asks for, now and after its next
 * update, and one that is missing breaks a role in the field. The unit's SystemCallFilter= is such
 * a list, kept by the systemd that the host's libraries came with. This one is closed in its own
 * way: numbers that are younger than it do not exist (ENOSYS), so that no call that the kernel
 * learns later gets around it, and the C library does as on the older kernel.
 *
 * The one filter says ENOSYS without a word: clone3 is tried at each new thread. The other says
 * EPERM and asks the kernel to log it, since no such call is ever made unless by an intruder.
 */
#include "platform/linux/confine_parts.h"

#include <endian.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH 0 /* unknown to this file: it says so instead of filtering by wrong numbers */
#endif

/* Since 424 numbers are the same everywhere; the headers of older systems lack the later ones. */
#define NR_PIDFD_SEND_SIGNAL 424
#define NR_IO_URING_SETUP    425
#define NR_IO_URING_ENTER    426
#define NR_IO_URING_REGISTER 427
#define NR_OPEN_TREE         428
#define NR_MOVE_MOUNT        429
#define NR_FSOPEN            430
#define NR_FSCONFIG          431
#define NR_FSMOUNT           432
#define NR_FSPICK            433
#define NR_PIDFD_OPEN        434
#define NR_CLONE3            435
#define NR_PIDFD_GETFD       438
#define NR_PROCESS_MADVISE   440
#define NR_MOUNT_SETATTR     442
#define NR_QUOTACTL_FD       443
#define NR_MEMFD_SECRET      447
#define NR_PROCESS_MRELEASE  448
#define NR_LSM_SET_SELF_ATTR 460
#define NR_LAST              466 /* removexattrat, Linux 6.13 */
#define NR_X32               0x40000000u

struct call {
    unsigned never;
    unsigned number;
};

static const struct call refused[] = {
    {CONFINE_SOCKETS, SYS_socket},
    {CONFINE_SOCKETS, SYS_socketpair},
    {CONFINE_SOCKETS, SYS_connect},
    {CONFINE_SOCKETS, SYS_bind},
    {CONFINE_SOCKETS, SYS_listen},
    {CONFINE_SOCKETS, SYS_accept},
    {CONFINE_SOCKETS, SYS_accept4},
    {CONFINE_SOCKETS, SYS_sendmsg}, /* may name a receiver, and pass files on */
    {CONFINE_SOCKETS, SYS_sendmmsg},
    /* opens sockets and connects them, unseen by any filter */
    {CONFINE_SOCKETS | CONFINE_SYSTEM, NR_IO_URING_SETUP},
    {CONFINE_SOCKETS | CONFINE_SYSTEM, NR_IO_URING_ENTER},
    {CONFINE_SOCKETS | CONFINE_SYSTEM, NR_IO_URING_REGISTER},

    {CONFINE_PROGRAMS, SYS_execve},
    {CONFINE_PROGRAMS, SYS_execveat},
    {CONFINE_PROGRAMS, SYS_memfd_create}, /* a program that lies in no folder */
    {CONFINE_PROGRAMS, NR_MEMFD_SECRET},
#ifdef __x86_64__
    {CONFINE_PROGRAMS, SYS_fork},
    {CONFINE_PROGRAMS, SYS_vfork},
    {CONFINE_PROGRAMS, SYS_uselib},
#endif

    {CONFINE_OTHERS, SYS_ptrace},
    {CONFINE_OTHERS, SYS_process_vm_readv},
    {CONFINE_OTHERS, SYS_process_vm_writev},
    {CONFINE_OTHERS, NR_PROCESS_MADVISE},
    {CONFINE_OTHERS, NR_PROCESS_MRELEASE},
    {CONFINE_OTHERS, NR_PIDFD_OPEN},
    {CONFINE_OTHERS, NR_PIDFD_GETFD},
    {CONFINE_OTHERS, NR_PIDFD_SEND_SIGNAL},
    {CONFINE_OTHERS, SYS_kcmp},
    {CONFINE_OTHERS, SYS_kill},
    {CONFINE_OTHERS, SYS_tkill},
    {CONFINE_OTHERS, SYS_rt_sigqueueinfo},
    {CONFINE_OTHERS, SYS_rt_tgsigqueueinfo},
    {CONFINE_OTHERS, SYS_move_pages},
    {CONFINE_OTHERS, SYS_migrate_pages},

    {CONFINE_SYSTEM, SYS_mount},
    {CONFINE_SYSTEM, SYS_umount2},
    {CONFINE_SYSTEM, SYS_pivot_root},
    {CONFINE_SYSTEM, SYS_chroot},
    {CONFINE_SYSTEM, NR_OPEN_TREE},
    {CONFINE_SYSTEM, NR_MOVE_MOUNT},
    {CONFINE_SYSTEM, NR_FSOPEN},
    {CONFINE_SYSTEM, NR_FSCONFIG},
    {CONFINE_SYSTEM, NR_FSMOUNT},
    {CONFINE_SYSTEM, NR_FSPICK},
    {CONFINE_SYSTEM, NR_MOUNT_SETATTR},
    {CONFINE_SYSTEM, SYS_swapon},
    {CONFINE_SYSTEM, SYS_swapoff},
    {CONFINE_SYSTEM, SYS_quotactl},
    {CONFINE_SYSTEM, NR_QUOTACTL_FD},
    {CONFINE_SYSTEM, SYS_mknodat},
    {CONFINE_SYSTEM, SYS_setns},
    {CONFINE_SYSTEM, SYS_unshare},
    {CONFINE_SYSTEM, SYS_bpf},
    {CONFINE_SYSTEM, SYS_perf_event_open},
    {CONFINE_SYSTEM, SYS_userfaultfd},
    {CONFINE_SYSTEM, SYS_init_module},
    {CONFINE_SYSTEM, SYS_finit_module},
    {CONFINE_SYSTEM, SYS_delete_module},
    {CONFINE_SYSTEM, SYS_kexec_load},
#ifdef SYS_kexec_file_load
    {CONFINE_SYSTEM, SYS_kexec_file_load},
#endif
    {CONFINE_SYSTEM, SYS_reboot},
    {CONFINE_SYSTEM, SYS_acct},
    {CONFINE_SYSTEM, SYS_syslog},
    {CONFINE_SYSTEM, SYS_vhangup},
    {CONFINE_SYSTEM, SYS_personality},
    {CONFINE_SYSTEM, SYS_sethostname},
    {CONFINE_SYSTEM, SYS_setdomainname},
    {CONFINE_SYSTEM, SYS_settimeofday},
    {CONFINE_SYSTEM, SYS_clock_settime},
    {CONFINE_SYSTEM, SYS_clock_adjtime},
    {CONFINE_SYSTEM, SYS_adjtimex},
    {CONFINE_SYSTEM, SYS_add_key},
    {CONFINE_SYSTEM, SYS_request_key},
    {CONFINE_SYSTEM, SYS_keyctl},
    {CONFINE_SYSTEM, SYS_setuid},
    {CONFINE_SYSTEM, SYS_setgid},
    {CONFINE_SYSTEM, SYS_setreuid},
    {CONFINE_SYSTEM, SYS_setregid},
    {CONFINE_SYSTEM, SYS_setresuid},
    {CONFINE_SYSTEM, SYS_setresgid},
    {CONFINE_SYSTEM, SYS_setfsuid},
    {CONFINE_SYSTEM, SYS_setfsgid},
    {CONFINE_SYSTEM, SYS_setgroups},
    {CONFINE_SYSTEM, SYS_capset},
    {CONFINE_SYSTEM, NR_LSM_SET_SELF_ATTR},
    /* memory and messages that are shared by number: nobody here has any */
    {CONFINE_SYSTEM, SYS_shmget},
    {CONFINE_SYSTEM, SYS_shmat},
    {CONFINE_SYSTEM, SYS_msgget},
    {CONFINE_SYSTEM, SYS_semget},
    {CONFINE_SYSTEM, SYS_mq_open},
#ifdef __x86_64__
    {CONFINE_SYSTEM, SYS_mknod},
    {CONFINE_SYSTEM, SYS_iopl},
    {CONFINE_SYSTEM, SYS_ioperm},
    {CONFINE_SYSTEM, SYS_modify_ldt},
#endif

    {CONFINE_WATCHES, SYS_open_by_handle_at},
    {CONFINE_WATCHES, SYS_fanotify_init},
    {CONFINE_WATCHES, SYS_fanotify_mark},
};

/* Calls that are allowed if an argument is right. */
enum rule {
    HAS_BITS, /* those of value; only the low half is looked at, of a flag or an id */
    IS_VALUE,
    IS_SELF, /* this process */
    IS_NULL
};

static const struct {
    struct call call;
    unsigned argument;
    enum rule rule;
    uint32_t value;
} conditional[] = {
    {{CONFINE_SOCKETS, SYS_sendto}, 4, IS_NULL, 0}, /* the receiver */
    {{CONFINE_PROGRAMS, SYS_clone}, 0, HAS_BITS, CLONE_THREAD},
    {{CONFINE_OTHERS, SYS_tgkill}, 0, IS_SELF, 0},
    {{CONFINE_OTHERS, SYS_prlimit64}, 0, IS_VALUE, 0},
};

/* ---- the filters ---- */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define CODE_MAX     (16 + 8 * COUNT(conditional) + COUNT(refused))

struct code {
    unsigned short n;
    struct sock_filter at[CODE_MAX];
};

static void put(struct code *c, unsigned what, unsigned k, size_t if_true, size_t if_false)
{
    c->at[c->n++] = (struct sock_filter){(unsigned short)what, (unsigned char)if_true,
                                         (unsigned char)if_false, k};
}

static void put_load(struct code *c, size_t offset)
{
    put(c, BPF_LD | BPF_W | BPF_ABS, (unsigned)offset, 0, 0);
}

static void put_answer(struct code *c, unsigned answer)
{
    put(c, BPF_RET | BPF_K, answer, 0, 0);
}

#define ALLOW     SECCOMP_RET_ALLOW
#define ANSWER(e) (SECCOMP_RET_ERRNO | (e))

/* Leaves the call's number loaded. Numbers of other architectures get their answer here. */
static void put_start(struct code *c, unsigned foreign)
{
    put_load(c, offsetof(struct seccomp_data, arch));
    put(c, BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0);
    put_answer(c, foreign);
    put_load(c, offsetof(struct seccomp_data, nr));
    put(c, BPF_JMP | BPF_JGE | BPF_K, NR_X32, 0, 1);
    put_answer(c, foreign);
}

static void put_condition(struct code *c, size_t row)
{
    size_t low = offsetof(struct seccomp_data, args) + 8 * conditional[row].argument;
    size_t high = low;
    if (__BYTE_ORDER == __LITTLE_ENDIAN)
        high += 4;
    else
        low += 4;
    enum rule rule = conditional[row].rule;
    unsigned value = rule == IS_SELF ? (unsigned)getpid() : conditional[row].value;
    size_t body = rule == IS_NULL ? 6 : 4;
    put(c, BPF_JMP | BPF_JEQ | BPF_K, conditional[row].call.number, 0, body);
    if (rule == IS_NULL) {
        put_load(c, high);
        put(c, BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 2);
    }
    put_load(c, low);
    put(c, BPF_JMP | BPF_K | (rule == HAS_BITS ? BPF_JSET : BPF_JEQ), value, 1, 0);
    put_answer(c, ANSWER(EPERM));
    put_answer(c, ALLOW);
}

static void make_refusals(struct code *c, unsigned never)
{
    size_t left = 0;
    put_start(c, ANSWER(EPERM));
    for (size_t i = 0; i < COUNT(conditional); i++)
        if (conditional[i].call.never & never)
            put_condition(c, i);
    for (size_t i = 0; i < COUNT(refused); i++)
        left += (refused[i].never & never) != 0;
    for (size_t i = 0; i < COUNT(refused); i++)
        if (refused[i].never & never)
            put(c, BPF_JMP | BPF_JEQ | BPF_K, refused[i].number, left--, 0);
    put_answer(c, ALLOW);
    put_answer(c, ANSWER(EPERM));
}

/* The other filter has the word on foreign numbers. clone3 keeps its flags in memory, which no
 * filter sees; the C library takes clone where there is none. */
static void make_unknown(struct code *c, unsigned never)
{
    put_start(c, ALLOW);
    put(c, BPF_JMP | BPF_JGT | BPF_K, NR_LAST, never & CONFINE_PROGRAMS ? 2 : 1, 0);
    if (never & CONFINE_PROGRAMS)
        put(c, BPF_JMP | BPF_JEQ | BPF_K, NR_CLONE3, 1, 0);
    put_answer(c, ALLOW);
    put_answer(c, ANSWER(ENOSYS));
}

static int install(const struct code *c, unsigned flags)
{
    struct sock_fprog program = {c->n, (struct sock_filter *)(uintptr_t)c->at};
    long rc =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_TSYNC, &program);
    if (rc == 0)
        return 0;
    return rc > 0 ? -EBUSY : -errno; /* a thread that has filters of its own */
}

int confine_calls(unsigned never)
{
    struct code unknown = {.n = 0}, refusals = {.n = 0};
    _Static_assert(COUNT(refused) < 250, "a jump goes 255 steps at most");
    if (ARCH == 0)
        return -ENOSYS;
    make_unknown(&unknown, never);
    make_refusals(&refusals, never);
    int rc = install(&refusals, SECCOMP_FILTER_FLAG_LOG);
    if (rc == -EINVAL) /* before 4.14 nothing is logged */
        rc = install(&refusals, 0);
    return rc == 0 ? install(&unknown, 0) : rc;
}

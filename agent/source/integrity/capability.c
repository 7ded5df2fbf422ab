#include "source/integrity/capability.h"

static const char *const names[] = {"chown",
                                    "dac_override",
                                    "dac_read_search",
                                    "fowner",
                                    "fsetid",
                                    "kill",
                                    "setgid",
                                    "setuid",
                                    "setpcap",
                                    "linux_immutable",
                                    "net_bind_service",
                                    "net_broadcast",
                                    "net_admin",
                                    "net_raw",
                                    "ipc_lock",
                                    "ipc_owner",
                                    "sys_module",
                                    "sys_rawio",
                                    "sys_chroot",
                                    "sys_ptrace",
                                    "sys_pacct",
                                    "sys_admin",
                                    "sys_boot",
                                    "sys_nice",
                                    "sys_resource",
                                    "sys_time",
                                    "sys_tty_config",
                                    "mknod",
                                    "lease",
                                    "audit_write",
                                    "audit_control",
                                    "setfcap",
                                    "mac_override",
                                    "mac_admin",
                                    "syslog",
                                    "wake_alarm",
                                    "block_suspend",
                                    "audit_read",
                                    "perfmon",
                                    "bpf",
                                    "checkpoint_restore"};

bool integrity_capability_read(struct span value, struct integrity_capability *out)
{
    uint32_t magic, word[4] = {0};
    *out = (struct integrity_capability){0};
    if (!span_take_u32(&value, &magic))
        return false;
    uint32_t revision = magic >> 24;
    size_t words = revision == 1 ? 2 : 4; /* permitted and inheritable, low and then high */
    if (revision < 1 || revision > 3 || value.n != 4 * words + (revision == 3 ? 4u : 0u))
        return false;
    for (size_t i = 0; i < words; i++)
        span_take_u32(&value, &word[i]);
    if (revision == 3)
        span_take_u32(&value, &out->root_uid);
    out->effective = magic & 1;
    out->permitted = (uint64_t)word[2] << 32 | word[0];
    out->inheritable = (uint64_t)word[3] << 32 | word[1];
    return true;
}

bool integrity_capability_gained(const struct integrity_capability *before,
                                 const struct integrity_capability *after)
{
    bool any = after->permitted || after->inheritable;
    return after->permitted & ~before->permitted || after->inheritable & ~before->inheritable ||
           (any && after->effective && !before->effective) ||
           (any && after->root_uid != before->root_uid);
}

static void put_names(struct buf *out, uint64_t set)
{
    const char *between = "";
    for (unsigned i = 0; i < 64; i++) {
        if (!(set >> i & 1))
            continue;
        if (i < sizeof(names) / sizeof(names[0]))
            buf_printf(out, "%scap_%s", between, names[i]);
        else
            buf_printf(out, "%s%u", between, i);
        between = ",";
    }
}

void integrity_capability_put_text(struct buf *out, const struct integrity_capability *c)
{
    const struct {
        uint64_t set;
        const char *flags;
    } parts[] = {
        {c->permitted & ~c->inheritable, "p"},
        {c->permitted & c->inheritable, "ip"},
        {c->inheritable & ~c->permitted, "i"},
    };
    const char *between = "";
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i].set == 0)
            continue;
        buf_put_text(out, between);
        put_names(out, parts[i].set);
        buf_printf(out, "=%s%s", c->effective ? "e" : "", parts[i].flags);
        between = " ";
    }
    if (between[0] == '\0')
        buf_put_byte(out, '=');
    if (c->root_uid != 0)
        buf_printf(out, " [rootid=%lu]", (unsigned long)c->root_uid);
}

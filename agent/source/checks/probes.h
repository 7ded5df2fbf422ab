/* The probes there are; each is one row in a file of its family. */
#ifndef SOURCE_CHECKS_PROBES_H
#define SOURCE_CHECKS_PROBES_H

#include "source/checks/probe.h"

extern const struct probe probe_setting;     /* one value of a configuration file */
extern const struct probe probe_text;        /* lines that fit a pattern */
extern const struct probe probe_sysctl;      /* a kernel parameter, now and after the next boot */
extern const struct probe probe_mode;        /* owner, group and mode of files */
extern const struct probe probe_exists;      /* files that should be there, or should not */
extern const struct probe probe_path;        /* the folders that root's commands are found in */
extern const struct probe probe_setuid;      /* setuid and setgid programs that nobody knows */
extern const struct probe probe_mount;       /* options of a mounted file system */
extern const struct probe probe_encryption;  /* file systems on encrypted devices */
extern const struct probe probe_account;     /* passwd, shadow, group */
extern const struct probe probe_unit;        /* systemd units that are enabled, or are not */
extern const struct probe probe_firewall;    /* a packet filter that is loaded at boot */
extern const struct probe probe_pam;         /* a module in a PAM stack */
extern const struct probe probe_sudo;        /* sudoers */
extern const struct probe probe_module;      /* kernel modules that cannot be loaded */
extern const struct probe probe_cmdline;     /* words of the kernel's command line */
extern const struct probe probe_secure_boot; /* UEFI Secure Boot */
extern const struct probe probe_package;     /* installed packages */
extern const struct probe probe_registry;    /* one value of Windows' registry */
extern const struct probe probe_audit;       /* what Windows' Security log gets */

#endif

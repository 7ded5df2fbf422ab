/*
 * Our own rules: all of conf/rules load, and each one finds what it is for and leaves alone what
 * only looks like it. Run from the root of the tree.
 */
#include "detect/all.h"
#include "unit/cmocka_all.h"
#include "unit/sigma_kit.h"

int store_each(struct store *s, enum store_table t, struct span prefix,
               bool (*each)(void *ctx, struct span key, struct span value), void *ctx)
{
    (void)s, (void)t, (void)prefix, (void)each, (void)ctx;
    return 0;
}

static const struct row {
    const char *title; /* of the rule; with fires == 0 of the one that could be mistaken */
    const char *program;
    const char *message; /* %d becomes the number of the line */
    int lines;           /* one a second */
    int fires;
    const char *user, *src_ip; /* of the finding; NULL: none */
} rows[] = {
    {"SSH passwords tried from one address", "sshd",
     "Failed password for invalid user admin from 192.0.2.1 port 5%d ssh2", 5, 1, "admin",
     "192.0.2.1"},
    {"SSH passwords tried from one address", "sshd-session",
     "Failed password for root from 2001:db8::1 port 5%d ssh2", 9, 1, "root", "2001:db8::1"},
    {"SSH passwords tried from one address", "sshd",
     "message repeated %d times: [ Failed password for root from 192.0.2.1 port 22 ssh2]", 5, 1,
     "root", "192.0.2.1"},
    {"SSH passwords tried from one address", "sshd",
     "Failed password for x from 198.51.100.1 port 1 from 192.0.2.1 port 5%d ssh2", 5, 1,
     "x from 198.51.100.1 port 1", "192.0.2.1"}, /* a name made up to accuse another */
    {"SSH passwords tried from one address", "sshd",
     "Failed password for root from 192.0.2.1 port 5%d ssh2", 4, 0, NULL, NULL},
    {"SSH passwords tried from one address", "sshd",
     "Failed password for root from 192.0.2.%d port 22 ssh2", 9, 0, NULL, NULL},
    {"SSH passwords tried from one address", "sshd",
     "Accepted password for alice from 192.0.2.1 port 5%d ssh2", 9, 0, NULL, NULL},
    {"SSH password tried on many accounts from one address", "sshd",
     "Failed password for invalid user u%d from 192.0.2.1 port 22 ssh2", 6, 1, "u6", "192.0.2.1"},
    {"SSH password tried on many accounts from one address", "sshd",
     "Failed password for root from 192.0.2.1 port 5%d ssh2", 20, 0, NULL, NULL},
    {"SSH passwords for one account tried from many addresses", "sshd",
     "Failed password for root from 192.0.2.%d port 22 ssh2", 5, 1, "root", "192.0.2.5"},
    {"SSH passwords for one account tried from many addresses", "sshd",
     "Failed password for u%d from 192.0.2.%d port 22 ssh2", 9, 0, NULL, NULL},
    {"SSH accounts guessed from one address", "sshd", "Invalid user u%d from 192.0.2.1 port 4711",
     5, 1, "u5", "192.0.2.1"},
    {"SSH accounts guessed from one address", "sshd", "Invalid user u%d from 192.0.2.1", 5, 1, "u5",
     "192.0.2.1"},
    {"SSH accounts guessed from one address", "sshd",
     "input_userauth_request: invalid user u%d [preauth]", 9, 0, NULL, NULL},
    {"SSH login as root with a password", "sshd",
     "Accepted password for root from 192.0.2.1 port 22 ssh2", 1, 1, "root", "192.0.2.1"},
    {"SSH login as root with a password", "sshd",
     "Accepted password for rootless from 192.0.2.1 port 22 ssh2", 1, 0, NULL, NULL},
    {"SSH login as root with a password", "sshd",
     "Failed password for root from 192.0.2.1 port 22 ssh2", 1, 0, NULL, NULL},
    {"SSH login as root with a key", "sshd",
     "Accepted publickey for root from 192.0.2.1 port 22 ssh2: ED25519 SHA256:x", 1, 1, "root",
     "192.0.2.1"},
    {"SSH login as root with a key", "sshd",
     "Accepted publickey for alice from 192.0.2.1 port 22 ssh2: ED25519 SHA256:x", 1, 0, NULL,
     NULL},
    {"User not in sudoers tried sudo", "sudo",
     "   alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls",
     1, 1, "alice", NULL},
    {"User not in sudoers tried sudo", "sudo",
     "   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/ls", 1, 0, NULL, NULL},
    {"Command not allowed by sudoers", "sudo",
     "alice : command not allowed ; TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/sh", 1,
     1, "alice", NULL},
    {"Command not allowed by sudoers", "sudo",
     "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/echo command not allowed", 1,
     0, NULL, NULL},
    {"Wrong passwords at sudo", "sudo",
     "alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", 1,
     1, "alice", NULL},
    {"Wrong passwords at sudo", "sudo",
     "alice : 1 incorrect password attempt ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls", 1, 1,
     "alice", NULL},
    {"Wrong passwords at sudo", "sudo",
     "alice : a password is required ; PWD=/ ; USER=root ; COMMAND=/bin/ls", 1, 0, NULL, NULL},
    {"sudo passwords tried by one user", "sudo",
     "pam_unix(sudo:auth): authentication failure; logname=alice uid=1000 euid=0 tty=/dev/pts/%d "
     "ruser=alice rhost=  user=alice",
     5, 1, "alice", NULL},
    {"sudo passwords tried by one user", "sudo",
     "pam_unix(sudo:auth): authentication failure; logname=u%d uid=1000 euid=0 tty=/dev/pts/0 "
     "ruser=u%d rhost=  user=u%d",
     9, 0, NULL, NULL},
    {"Root shell through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/bin/bash", 1, 1, "alice", NULL},
    {"Root shell through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/home/alice ; USER=www-data ; COMMAND=/bin/bash", 1, 0, NULL, NULL},
    {"Root shell through sudo", "sudo",
     "alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/bash", 1, 0, NULL,
     NULL},
    {"Logs removed or emptied through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/rm -f /var/log/auth.log", 1, 1,
     "alice", NULL},
    {"Logs removed or emptied through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/sh -c : > /var/log/auth.log", 1, 1,
     "alice", NULL},
    {"Logs removed or emptied through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/journalctl --vacuum-time=1s", 1, 1,
     "alice", NULL},
    {"Logs removed or emptied through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/cp /dev/null /var/log/wtmp", 1, 1,
     "alice", NULL},
    {"Logs removed or emptied through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/shred -u /root/.bash_history", 1, 1,
     "alice", NULL},
    {"Logs removed or emptied through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/less /var/log/auth.log", 1, 0, NULL,
     NULL},
    {"Logs removed or emptied through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/var/log ; USER=root ; COMMAND=/usr/bin/rm /home/alice/x", 1, 0, NULL,
     NULL},
    {"Logs removed or emptied through sudo", "sudo",
     "alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/journalctl -u ssh", 1, 0, NULL,
     NULL},
    {"User account created", "useradd",
     "new user: name=bob, UID=1001, GID=1001, home=/home/bob, shell=/bin/bash, from=/dev/pts/0", 1,
     1, "bob", NULL},
    {"User account created", "useradd", "new group: name=bob, GID=1001", 1, 0, NULL, NULL},
    {"User account with the rights of root", "useradd",
     "new user: name=toor, UID=0, GID=0, home=/root, shell=/bin/bash, from=none", 1, 1, "toor",
     NULL},
    {"User account with the rights of root", "usermod", "change user 'bob' UID from '1001' to '0'",
     1, 1, "bob", NULL},
    {"User account with the rights of root", "usermod", "change user 'bob' UID from '0' to '1001'",
     1, 0, NULL, NULL},
    {"User account with the rights of root", "useradd",
     "new user: name=bob, UID=1001, GID=0, home=/home/bob, shell=/bin/bash, from=none", 1, 0, NULL,
     NULL},
    {"User added to a privileged group", "usermod", "add 'bob' to group 'sudo'", 1, 1, "bob", NULL},
    {"User added to a privileged group", "gpasswd", "user bob added by root to group docker", 1, 1,
     "bob", NULL},
    {"User added to a privileged group", "gpasswd", "members of group sudo set by root to bob", 1,
     1, NULL, NULL},
    {"User added to a privileged group", "usermod", "add 'bob' to group 'audio'", 1, 0, NULL, NULL},
    {"User added to a privileged group", "logger", "add 'bob' to group 'sudo'", 1, 0, NULL, NULL},
    {"Password of root changed", "passwd", "pam_unix(passwd:chauthtok): password changed for root",
     1, 1, NULL, NULL},
    {"Password of root changed", "usermod", "change user 'root' password", 1, 1, NULL, NULL},
    {"Password of root changed", "passwd", "pam_unix(passwd:chauthtok): password changed for bob",
     1, 0, NULL, NULL},
    {"Account given a login shell", "usermod",
     "change user 'www-data' shell from '/usr/sbin/nologin' to '/bin/bash'", 1, 1, "www-data",
     NULL},
    {"Account given a login shell", "usermod",
     "change user 'bob' shell from '/bin/false' to '/usr/sbin/nologin'", 1, 0, NULL, NULL},
    {"Account given a login shell", "usermod",
     "change user 'bob' shell from '/bin/sh' to '/bin/bash'", 1, 0, NULL, NULL},
    {"User account deleted", "userdel", "delete user 'bob'", 1, 1, "bob", NULL},
    {"User account deleted", "userdel", "removed group 'bob' owned by 'bob'", 1, 0, NULL, NULL},
    {"Passwords of one account tried on this host", "su",
     "pam_unix(su:auth): authentication failure; logname= uid=1000 euid=0 tty=pts/%d ruser=alice "
     "rhost=  user=root",
     5, 1, "root", NULL},
    {"Passwords of one account tried on this host", "su(pam_unix)",
     "authentication failure; logname= uid=1000 euid=0 tty=pts/%d ruser=alice rhost=  user=root", 5,
     1, "root", NULL},
    {"Passwords of one account tried on this host", "sshd",
     "pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= "
     "rhost=192.0.2.1  user=root",
     9, 0, NULL, NULL},
    {"Passwords of one account tried on this host", "su",
     "pam_unix(su:session): session opened for user root(uid=0) by (uid=%d)", 9, 0, NULL, NULL},
    {"Crontab changed", "crontab", "(root) REPLACE (root)", 1, 1, "root", NULL},
    {"Crontab changed", "crontab", "(root) LIST (root)", 1, 0, NULL, NULL},
    {"Crontab changed", "CRON", "(root) CMD (echo ') REPLACE (')", 1, 0, NULL, NULL},
    {"Kernel module without a valid signature", "kernel",
     "[   12.1] rootkit: module verification failed: signature and/or required key missing - "
     "tainting kernel",
     1, 1, NULL, NULL},
    {"Kernel module without a valid signature", "kernel", "[   12.1] nf_tables: module loaded", 1,
     0, NULL, NULL},
    {"Network card listens to all traffic", "kernel", "[ 9.1] device eth0 entered promiscuous mode",
     1, 1, NULL, NULL},
    {"Network card listens to all traffic", "kernel",
     "[ 9.1] e1000e 0000:00:1f.6 eno1: entered promiscuous mode", 1, 1, NULL, NULL},
    {"Network card listens to all traffic", "kernel",
     "[ 9.1] device veth12ab entered promiscuous mode", 1, 0, NULL, NULL},
    {"USB storage plugged in", "kernel",
     "[ 99.1] usb-storage 1-1:1.0: USB Mass Storage device detected", 1, 1, NULL, NULL},
    {"USB storage plugged in", "kernel", "[ 99.1] usb 1-1: New USB device found", 1, 0, NULL, NULL},
    {"Logging stopped", "rsyslogd",
     "[origin software=\"rsyslogd\" swVersion=\"8.2302.0\" x-pid=\"1\"] exiting on signal 15.", 1,
     1, NULL, NULL},
    {"Logging stopped", "systemd", "Stopped auditd.service - Security Auditing Service.", 1, 1,
     NULL, NULL},
    {"Logging stopped", "kernel",
     "[1.1] audit: type=1305 audit(1.1:2): op=set audit_enabled=0 old=1", 1, 1, NULL, NULL},
    {"Logging stopped", "systemd", "Stopped cron.service - Regular background program.", 1, 0, NULL,
     NULL},
};

/*
 * What rules want to see one after the other. A line is "program: message"; "auditd: fields |
 * message"; "windows: fields" of the channel Security, "windows-system: fields" of System,
 * "windows-CATEGORY: field;field"; "create
 * MODE PATH [PACKAGE]" and "rename PATH NEW" of the integrity source. The first line comes `times`
 * times, with its number for %d.
 */
static const struct sequence {
    const char *title;
    int times, fires;
    const char *lines[4];
} sequences[] = {
    {"SSH login from an address that had tried passwords",
     5,
     1,
     {"sshd: Failed password for root from 192.0.2.1 port 5%d ssh2",
      "sshd: Accepted password for root from 192.0.2.1 port 51 ssh2"}},
    {"SSH login from an address that had tried passwords",
     5,
     0,
     {"sshd: Failed password for root from 192.0.2.1 port 5%d ssh2",
      "sshd: Accepted password for root from 192.0.2.2 port 51 ssh2",
      "sshd: Accepted publickey for root from 192.0.2.1 port 51 ssh2: ED25519 SHA256:x"}},
    {"SSH login from an address that had tried passwords",
     2,
     0,
     {"sshd: Failed password for root from 192.0.2.1 port 5%d ssh2",
      "sshd: Accepted password for root from 192.0.2.1 port 51 ssh2"}},
    {"SSH login from an address that had tried many accounts",
     6,
     1,
     {"sshd: Failed password for u%d from 192.0.2.1 port 50 ssh2",
      "sshd: Accepted password for u7 from 192.0.2.1 port 51 ssh2"}},
    {"SSH login from an address that had tried many accounts",
     6,
     0,
     {"sshd: Failed password for root from 192.0.2.1 port 5%d ssh2",
      "sshd: Accepted password for root from 192.0.2.1 port 51 ssh2"}},
    {"Passwords of many accounts tried on this host",
     6,
     1,
     {"su: pam_unix(su:auth): authentication failure; logname= uid=1000 euid=0 tty=pts/0 "
      "ruser=alice "
      "rhost=  user=u%d"}},
    {"Passwords of many accounts tried on this host",
     9,
     0,
     {"su: pam_unix(su:auth): authentication failure; logname= uid=1000 euid=0 tty=pts/%d "
      "ruser=alice "
      "rhost=  user=root"}},
    {"Login on this host after its password was tried many times",
     5,
     1,
     {"su: pam_unix(su:auth): authentication failure; logname= uid=1000 euid=0 tty=pts/%d "
      "ruser=alice "
      "rhost=  user=root",
      "su: pam_unix(su:session): session opened for user root(uid=0) by alice(uid=1000)"}},
    {"Login on this host after its password was tried many times",
     5,
     0,
     {"su: pam_unix(su:auth): authentication failure; logname= uid=1000 euid=0 tty=pts/%d "
      "ruser=alice "
      "rhost=  user=root",
      "su: pam_unix(su:session): session opened for user bob(uid=1001) by alice(uid=1000)",
      "CRON: pam_unix(cron:session): session opened for user root(uid=0) by (uid=0)"}},
    {"sudo works for a user whom it had refused",
     1,
     1,
     {"sudo: alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
      "sudo: bob : TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/usr/sbin/usermod -aG sudo alice",
      "sudo: alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"}},
    {"sudo works for a user whom it had refused",
     1,
     0,
     {"sudo: alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
      "sudo: alice : user NOT in sudoers ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls",
      "sudo: bob : TTY=pts/1 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"}},
    {"sudo works after wrong passwords",
     1,
     1,
     {"sudo: alice : 3 incorrect password attempts ; TTY=pts/0 ; PWD=/ ; USER=root ; "
      "COMMAND=/bin/ls",
      "sudo: alice : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"}},
    {"sudo works after wrong passwords",
     3,
     0,
     {"sudo: alice : 3 incorrect password attempts ; TTY=pts/%d ; PWD=/ ; USER=root ; "
      "COMMAND=/bin/ls",
      "sudo: bob : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/ls"}},
    {"One user went on to many hosts by SSH",
     8,
     1,
     {"auditd: exe=/usr/bin/ssh auid=1000 | type=EXECVE a0=ssh a1=root@10.0.0.%d type=PROCTITLE "
      "proctitle=ssh"}},
    {"One user went on to many hosts by SSH",
     8,
     1,
     {"auditd: exe=/usr/bin/scp auid=1000 | type=EXECVE a0=scp a1=-q a2=x "
      "a3=root@pc%d:/tmp"}},
    {"One user went on to many hosts by SSH",
     20,
     0,
     {"auditd: exe=/usr/bin/ssh auid=1000 | type=EXECVE a0=ssh a1=10.0.0.1 pid=%d"}},
    {"One user went on to many hosts by SSH",
     20,
     0,
     {"auditd: exe=/usr/bin/ssh auid=10%d | type=EXECVE a0=ssh a1=10.0.0.%d"}},
    {"One user went on to many hosts by SSH",
     8,
     1,
     {"auditd: exe=/usr/bin/ssh auid=1000 | type=EXECVE a0=ssh a1=pc%d type=PROCTITLE "
      "proctitle=ssh"}},
    {"Audit switched off",
     1,
     1,
     {"auditd: type=CONFIG_CHANGE | type=CONFIG_CHANGE op=set audit_enabled=0 old=1 auid=0 res=1"}},
    {"Audit switched off",
     1,
     0,
     {"auditd: type=CONFIG_CHANGE | type=CONFIG_CHANGE op=set audit_enabled=1 old=1 auid=0 res=1",
      "auditd: type=CONFIG_CHANGE | type=CONFIG_CHANGE op=set audit_enabled=0 old=0 auid=0 res=1"}},
    {"Audit rule removed",
     1,
     1,
     {"auditd: type=CONFIG_CHANGE op=remove_rule auid=1000 | type=CONFIG_CHANGE op=remove_rule"}},
    {"Audit rule removed",
     1,
     0,
     {"auditd: type=CONFIG_CHANGE op=remove_rule auid=4294967295 | type=CONFIG_CHANGE",
      "auditd: type=CONFIG_CHANGE op=add_rule auid=1000 | type=CONFIG_CHANGE op=add_rule"}},
    {"Logging stopped", 1, 1, {"auditd: type=DAEMON_END | type=DAEMON_END op=terminate"}},
    {"Logging stopped", 1, 1, {"systemd: Stopped systemd-journald.service - Journal Service."}},
    {"Logging stopped", 1, 1, {"systemd-journald: Journal stopped"}},
    {"Logging stopped", 1, 0, {"systemd-journald: Journal started"}},
    {"Logging stopped",
     1,
     1,
     {"systemd: rsyslog.service: Main process exited, code=killed, status=9/KILL"}},
    {"Logging stopped",
     1,
     1,
     {"systemd: systemd-journald.service: Main process exited, code=dumped, status=6/ABRT"}},
    {"Logging stopped",
     1,
     0,
     {"systemd: cups.service: Main process exited, code=killed, status=9/KILL",
      "systemd: rsyslog.service: Main process exited, code=exited, status=0/SUCCESS"}},
    {"Logging stopped",
     1,
     1,
     {"audit: CONFIG_CHANGE op=set audit_enabled=0 old=1 auid=1000 ses=3 res=1"}},
    {"Logging stopped",
     1,
     0,
     {"audit: CONFIG_CHANGE op=set audit_enabled=1 old=1 auid=1000 ses=3 res=1",
      "audit: CONFIG_CHANGE op=set audit_enabled=0 old=0 auid=1000 ses=3 res=1"}},
    {"Logging stopped", 1, 1, {"kernel: audit: auditd disappeared"}},
    {"Logging stopped", 1, 1, {"kernel: audit: *NO* daemon at audit_pid=812"}},
    {"Logging reconfigured",
     1,
     2,
     {"create 644 /etc/rsyslog.d/00-none.conf",
      "rename /etc/audit/rules.d/a /etc/audit/rules.d/b"}},
    {"Logging reconfigured",
     1,
     0,
     {"create 644 /etc/cron.d/rsyslog.conf", "rename /etc/audit/x.dpkg-new /etc/audit/x.dpkg-old"}},
    {"Windows event log cleared", 1, 1, {"windows: EventID=1102"}},
    {"Windows event log cleared", 1, 0, {"windows-system: EventID=1102"}},
    {"Windows event log of a channel cleared",
     1,
     1,
     {"windows-system: EventID=104 Provider_Name=Microsoft-Windows-Eventlog"}},
    {"Windows event log of a channel cleared",
     1,
     0,
     {"windows-system: EventID=104 Provider_Name=Other"}},
    {"Windows audit policy changed", 1, 1, {"windows: EventID=4719 AuditPolicyChanges=%%8448"}},
    {"Windows audit policy changed", 1, 0, {"windows: EventID=4719 AuditPolicyChanges=%%8449"}},
    {"Windows EventLog reconfigured", 1, 1, {"windows-system: EventID=7040 param4=EventLog"}},
    {"Windows EventLog reconfigured", 1, 0, {"windows-system: EventID=7040 param4=BITS"}},
    {"Windows event logging stopped", 1, 1, {"windows: EventID=1100"}},
    {"Windows event logging stopped", 1, 0, {"windows: EventID=1101"}},
    {"Windows EventLog died", 1, 1, {"windows-system: EventID=7034 param1=EventLog"}},
    {"Windows EventLog died", 1, 0, {"windows-system: EventID=7034 param1=Spooler"}},
    {"Windows audit events lost", 1, 1, {"windows: EventID=1104"}},
    {"Windows audit events lost", 1, 0, {"windows-system: EventID=1104"}},
    {"Windows logging switched off by a command",
     1,
     1,
     {"windows-process_creation: Image=C:\\s\\wevtutil.exe;CommandLine=sl System /e:false"}},
    {"Windows logging switched off by a command",
     1,
     1,
     {"windows-process_creation: Image=C:\\s\\net1.exe;CommandLine=stop EventLog"}},
    {"Windows logging switched off by a command",
     1,
     1,
     {"windows-process_creation: Image=C:\\s\\auditpol.exe;CommandLine=/clear"}},
    {"Windows logging switched off by a command",
     1,
     0,
     {"windows-process_creation: Image=C:\\s\\wevtutil.exe;CommandLine=qe System",
      "windows-process_creation: Image=C:\\s\\sc.exe;CommandLine=query EventLog",
      "windows-process_creation: Image=C:\\s\\auditpol.exe;CommandLine=/get"}},
    {"Windows logging switched off in the registry",
     1,
     1,
     {"windows-registry_set: TargetObject=HKLM\\x\\Services\\EventLog\\Start;"
      "Details=DWORD (0x00000004)"}},
    {"Windows logging switched off in the registry",
     1,
     0,
     {"windows-registry_set: TargetObject=HKLM\\x\\WINEVT\\Channels\\a\\Enabled;"
      "Details=DWORD (0x00000001)"}},
    {"Sysmon stopped", 1, 1, {"windows-sysmon_status: EventID=4;State=Stopped"}},
    {"Sysmon stopped", 1, 0, {"windows-sysmon_status: EventID=4;State=Started"}},
    {"Windows passwords of one account tried from one address",
     10,
     1,
     {"windows: EventID=4625 TargetUserName=alice IpAddress=192.0.2.1 n=%d"}},
    {"Windows passwords of one account tried from one address",
     20,
     0,
     {"windows: EventID=4625 TargetUserName=alice IpAddress=192.0.2.%d"}},
    {"Windows password tried on many accounts from one address",
     6,
     1,
     {"windows: EventID=4625 TargetUserName=u%d IpAddress=192.0.2.1"}},
    {"Windows password tried on many accounts from one address",
     20,
     0,
     {"windows: EventID=4624 TargetUserName=u%d IpAddress=192.0.2.1 LogonType=3"}},
    {"Windows logon of an account whose password was tried many times",
     10,
     1,
     {"windows: EventID=4625 TargetUserName=alice IpAddress=192.0.2.1 n=%d",
      "windows: EventID=4624 TargetUserName=alice IpAddress=192.0.2.1 LogonType=10"}},
    {"Windows logon of an account whose password was tried many times",
     10,
     0,
     {"windows: EventID=4625 TargetUserName=alice IpAddress=192.0.2.1 n=%d",
      "windows: EventID=4624 TargetUserName=bob IpAddress=192.0.2.1 LogonType=10"}},
    {"One Windows user went on to many hosts",
     8,
     1,
     {"windows: EventID=4648 SubjectUserName=alice TargetServerName=pc%d"}},
    {"One Windows user went on to many hosts",
     20,
     0,
     {"windows: EventID=4648 SubjectUserName=alice TargetServerName=localhost n=%d"}},
    {"Many watched files renamed", 30, 1, {"rename /etc/a%d /etc/a%d.locked"}},
    {"Many watched files renamed", 29, 0, {"rename /etc/a%d /etc/a%d.locked"}},
    {"Many watched files renamed", 99, 0, {"rename /usr/bin/a%d.dpkg-new /usr/bin/a%d"}},
    {"New service together with a new program",
     1,
     1,
     {"create 755 /usr/local/bin/updater", "create 644 /etc/systemd/system/updater.service"}},
    {"New service together with a new program",
     9,
     0,
     {"create 644 /etc/systemd/system/updater%d.service", "create 644 /usr/local/bin/readme",
      "create 755 /usr/bin/tool tool"}},
};

#define SEQUENCES (sizeof(sequences) / sizeof(sequences[0]))

#define ROWS (sizeof(rows) / sizeof(rows[0]))

struct seen {
    const char *title;
    int fires;
    char user[64], src_ip[64];
};

static void emit(void *ctx, const struct event *e)
{
    struct seen *seen = ctx;
    if (!span_equal_text(e->u.detection.rule_title, seen->title))
        return;
    seen->fires++;
    span_copy(e->u.detection.user, seen->user, sizeof(seen->user));
    span_copy(e->u.detection.src_ip, seen->src_ip, sizeof(seen->src_ip));
}

static void put(void *ctx, enum store_table t, struct span key, struct span value)
{
    (void)ctx, (void)t, (void)key, (void)value;
}

/* The message with every %d in it as the number. */
static void fill(char *out, size_t size, const char *message, int number)
{
    struct span rest = span_of(message);
    size_t n = 0;
    while (rest.n > 0) {
        size_t at = span_find_span(rest, SPAN("%d"));
        n += (size_t)snprintf(out + n, size - n, "%.*s", (int)at, rest.p);
        if (at < rest.n)
            n += (size_t)snprintf(out + n, size - n, "%d", number);
        at = at < rest.n ? at + 2 : at;
        rest = (struct span){rest.p + at, rest.n - at};
    }
}

static void *start(struct seen *seen, const char *title)
{
    static char folder[] = "conf/rules";
    static struct config config = {.detect = true, .rules_dir = folder};
    struct detect_host host = {&config, NULL, seen, emit, put};
    struct error e;
    void *self;
    *seen = (struct seen){.title = title};
    assert_int_equal(detector_sigma.open(&host, &self, &e), 0);
    return self;
}

static void try_row(const struct row *row, struct seen *seen)
{
    void *self = start(seen, row->title);
    for (int i = 1; i <= row->lines; i++) {
        char message[512];
        fill(message, sizeof(message), row->message, i);
        struct record r = kit_record(row->program, message, i * 1000);
        detector_sigma.record(self, &r);
    }
    detector_sigma.close(self);
}

/* "create MODE PATH [PACKAGE]" or "rename PATH NEW" */
static void feed_change(void *self, struct span rest, int64_t time_ms)
{
    struct span kind, word, path, last = {0, 0};
    struct event e = {.class_uid = EVENT_FILE, .time_ms = time_ms};
    struct event_file_state *after = &e.u.file.after;
    span_take_until(&rest, ' ', &kind);
    bool created = span_equal_text(kind, "create");
    e.activity = created ? FILE_ACTIVITY_CREATE : FILE_ACTIVITY_RENAME;
    if (created)
        span_take_until(&rest, ' ', &word);
    span_take_until(&rest, ' ', &path);
    span_take_until(&rest, ' ', &last);
    e.u.file.path = path;
    *(created ? &e.u.file.package : &e.u.file.new_path) = last;
    after->present = true;
    after->type_id = 1;
    after->mode = created && span_equal_text(word, "755") ? 0755 : 0644;
    detector_sigma.event(self, &e);
}

/* program: "windows", "windows-system", "windows-CATEGORY" */
static void set_logsource(struct record *r, struct span program)
{
    static char category[64];
    r->service = program.n == 7 ? "security" : "system";
    if (program.n == 7 || span_ends(program, SPAN("-system")))
        return;
    span_copy((struct span){program.p + 8, program.n - 8}, category, sizeof(category));
    r->category = category;
    r->service = NULL;
}

static void feed_line(void *self, const char *line, int64_t time_ms)
{
    struct span rest = span_of(line), program, fields, word;
    if (span_starts(rest, SPAN("create ")) || span_starts(rest, SPAN("rename "))) {
        feed_change(self, rest, time_ms);
        return;
    }
    struct record r = kit_record("", "", time_ms);
    span_take_until(&rest, ':', &program);
    r.program = program;
    r.message = r.raw = span_trim(rest);
    bool windows = span_starts(program, SPAN("windows"));
    if (windows || span_equal_text(program, "auditd")) {
        r.product = windows ? "windows" : "linux";
        r.service = windows ? NULL : "auditd";
        if (windows)
            set_logsource(&r, program);
        r.program = (struct span){0, 0};
        span_take_until(&rest, '|', &fields);
        while (span_take_until(&fields, r.category ? ';' : ' ', &word)) {
            word = span_trim(word);
            size_t equals = span_find(word, '=');
            if (equals < word.n)
                r.fields[r.fields_n++] = (struct record_field){
                    {word.p, equals}, {word.p + equals + 1, word.n - equals - 1}};
        }
    }
    detector_sigma.record(self, &r);
}

static void test_sequences(void **state)
{
    (void)state;
    for (size_t i = 0; i < SEQUENCES; i++) {
        const struct sequence *q = &sequences[i];
        struct seen seen;
        char line[512];
        void *self = start(&seen, q->title);
        for (int n = 1; n <= q->times; n++) {
            fill(line, sizeof(line), q->lines[0], n);
            feed_line(self, line, n * 1000);
        }
        for (int k = 1; k < 4 && q->lines[k]; k++)
            feed_line(self, q->lines[k], (q->times + k) * 1000);
        detector_sigma.close(self);
        if (seen.fires != q->fires)
            fail_msg("%s: %d of %d after '%s'", q->title, seen.fires, q->fires, q->lines[0]);
    }
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < ROWS; i++) {
        struct seen seen;
        try_row(&rows[i], &seen);
        if (seen.fires != rows[i].fires)
            fail_msg("%s: %d of %d on '%s'", rows[i].title, seen.fires, rows[i].fires,
                     rows[i].message);
        assert_string_equal(seen.user, rows[i].user ? rows[i].user : "");
        assert_string_equal(seen.src_ip, rows[i].src_ip ? rows[i].src_ip : "");
    }
}

static void tell(void *ctx, const char *problem)
{
    (void)ctx;
    fail_msg("%s", problem);
}

static int rows_of(const struct rule *rule, bool fires)
{
    int n = 0;
    for (size_t i = 0; i < ROWS; i++)
        n += span_equal_text(rule->title, rows[i].title) && (rows[i].fires > 0) == fires;
    for (size_t i = 0; i < SEQUENCES; i++)
        n += span_equal_text(rule->title, sequences[i].title) && (sequences[i].fires > 0) == fires;
    return n;
}

/* Every rule that tells findings has a line it fires on and one it does not, an id of its own, and
 * says who is behind it in ATT&CK. */
static void test_all_covered(void **state)
{
    (void)state;
    struct rule_set *set = rule_set_load("conf/rules", NULL, tell, NULL);
    assert_true(set->n >= 25);
    for (size_t i = 0; i < set->n; i++) {
        const struct rule *rule = set->entries[i].rule;
        bool tells = set->entries[i].fires;
        if (tells && (!rows_of(rule, true) || !rows_of(rule, false)))
            fail_msg("no line for and against: %s", rule->title.p);
        assert_int_equal(rule->id.n, 36);
        assert_true(rule->attacks_n > 0);
        assert_true(rule->confidence_id > 0);
    }
    rule_set_free(set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_all_covered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

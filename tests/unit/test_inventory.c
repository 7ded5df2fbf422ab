/*
 * The inventory through the contract of a source: what is told of a small host in a scratch folder,
 * whole and as it changes. The host of the source writes straight into a real store.
 */
#include "base/hex.h"
#include "base/mem.h"
#include "event/ocsf.h"
#include "platform/addresses.h"
#include "platform/clock.h"
#include "platform/file.h"
#include "source/all.h"
#include "source/inventory/disks.h"
#include "source/inventory/sockets.h"
#include "source/inventory/units.h"
#include "spool/spool.h"
#include "unit/inventory_kit.h"
#include "unit/scratch.h"

#include <stdarg.h>
#include <sys/stat.h>

/* ---- a double: addresses ---- */

static struct address addresses[2] = {{"eth0", "192.0.2.7", 24, false, false},
                                      {"eth0", "2001:db8::7", 64, true, true}};

int addresses_read(struct address *out, size_t max)
{
    assert_true(max >= 2);
    memcpy(out, addresses, sizeof(addresses));
    return 2;
}

/* ---- a small host ---- */

static char *under(const char *path)
{
    static char full[4][512];
    static int at;
    at = (at + 1) % 4;
    snprintf(full[at], sizeof(full[at]), "%s%s", host_kit.root, path);
    return full[at];
}

static void make_parents(const char *full)
{
    char folder[512];
    snprintf(folder, sizeof(folder), "%s", full);
    *strrchr(folder, '/') = '\0';
    assert_int_equal(folder_make(folder, 0755), 0);
}

static void write_file(const char *path, const char *text)
{
    make_parents(under(path));
    scratch_remove(under(path));
    scratch_append(under(path), text, strlen(text));
}

static void link_file(const char *target, const char *path)
{
    make_parents(under(path));
    scratch_remove(under(path));
    scratch_link(target, under(path));
}

static const char tcp_head[] =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n";
static const char sshd[] = "   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 "
                           "00000000     0        0 501 1 0 100 0 0 10 0\n";
static const char a_client[] = "   1: 0700000A:0016 0800000A:D431 01 00000000:00000000 "
                               "02:00000000 00000000     0        0 777 1 0 20 4 30 10 -1\n";
static const char postgres[] = "   0: 0100007F:1538 00000000:0000 0A 00000000:00000000 "
                               "00:00000000 00000000   105        0 502 1 0 100 0 0 10 0\n";
static const char a_backdoor[] = "   2: 00000000:115C 00000000:0000 0A 00000000:00000000 "
                                 "00:00000000 00000000     0        0 503 1 0 100 0 0 10 0\n";
static const char ntp6[] = "   0: 000080FE00000000FF00FC02010000FE:007B "
                           "00000000000000000000000000000000:0000 07 00000000:00000000 "
                           "00:00000000 00000000   110        0 504 2 0 0\n";
static const char a_query[] = "   1: 00000000:C350 00000000:0000 07 00000000:00000000 "
                              "00:00000000 00000000   110        0 505 2 0 0\n";

static void write_tcp(const char *a, const char *b, const char *c)
{
    char text[2048];
    snprintf(text, sizeof(text), "%s%s%s%s", tcp_head, a, b, c);
    write_file("/proc/net/tcp", text);
}

static void make_hardware(void)
{
    write_file("/sys/class/dmi/id/sys_vendor", "Acme\n");
    write_file("/sys/class/dmi/id/product_name", "Rack 9\n");
    write_file("/sys/class/dmi/id/product_serial", " S-1 \n");
    write_file("/sys/class/dmi/id/chassis_type", "23\n");
    write_file("/sys/class/dmi/id/bios_version", "1.2\n");
    write_file("/sys/firmware/efi/fw_platform_size", "64\n");
    make_parents(under("/sys/firmware/efi/efivars/x"));
    scratch_append(
        under("/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"),
        "\6\0\0\0\1", 5);
    write_file("/proc/cpuinfo",
               "processor\t: 0\nmodel name\t: Fast CPU\nphysical id\t: 0\ncpu cores\t: 2\n\n"
               "processor\t: 1\nmodel name\t: Fast CPU\nphysical id\t: 1\ncpu cores\t: 2\n\n");
    write_file("/proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 1 kB\n");
    write_file("/sys/class/net/eth0/address", "02:00:00:00:00:01\n");
    write_file("/sys/class/net/eth0/type", "1\n");
    write_file("/sys/class/net/eth0/device/vendor", "x\n");
    write_file("/sys/class/net/veth12ab/type", "1\n");
}

static void make_disks(void)
{
    write_file("/sys/block/sda/size", "2048\n");
    write_file("/sys/block/sda/device/model", "Disk\n");
    write_file("/sys/block/sda/queue/rotational", "0\n");
    write_file("/sys/block/loop0/size", "8\n");
    /* root on LVM on LUKS; home on LVM alone */
    write_file("/sys/block/dm-0/dm/uuid", "CRYPT-LUKS2-abc-crypt\n");
    write_file("/sys/block/dm-0/dm/name", "sda_crypt\n");
    write_file("/sys/block/dm-1/dm/uuid", "LVM-abc\n");
    write_file("/sys/block/dm-1/dm/name", "vg-root\n");
    write_file("/sys/block/dm-1/slaves/dm-0/size", "1\n");
    write_file("/sys/block/dm-2/dm/uuid", "LVM-def\n");
    write_file("/sys/block/dm-2/dm/name", "vg-home\n");
    write_file("/sys/block/dm-2/slaves/sda3/size", "1\n");
    write_file("/proc/1/mountinfo",
               "22 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw\n"
               "30 22 253:2 / /home rw,nosuid,nodev shared:2 - ext4 /dev/mapper/vg-home rw\n"
               "31 22 0:5 / /proc rw - proc proc rw\n"
               "32 22 0:6 / /mnt/a\\040b rw - nfs4 server:/export rw\n");
    write_file("/proc/swaps", "Filename Type Size Used Priority\n/dev/dm-0 partition 99 1 -2\n");
}

static void make_services(void)
{
    write_file("/usr/lib/systemd/system/ssh.service",
               "[Unit]\nDescription=x\n[Service]\nType=notify\nExecStart=/usr/sbin/sshd -D\n"
               "[Install]\nWantedBy=multi-user.target\n");
    write_file("/usr/lib/systemd/system/fstrim.service",
               "[Service]\nType=oneshot\nExecStart=/sbin/fstrim --password hunter2\n");
    write_file("/usr/lib/systemd/system/fstrim.timer", "[Timer]\nOnCalendar=weekly\n");
    link_file("/usr/lib/systemd/system/ssh.service",
              "/etc/systemd/system/multi-user.target.wants/ssh.service");
    link_file("/dev/null", "/etc/systemd/system/telnet.service");
    write_file("/etc/init.d/old", "#!/bin/sh\n");
    link_file("../init.d/old", "/etc/rc3.d/S01old");
    write_file("/sys/fs/cgroup/cgroup.controllers", "cpu\n");
    write_file("/sys/fs/cgroup/system.slice/ssh.service/cgroup.events", "populated 1\nfrozen 0\n");
}

#define DOCKER_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void make_containers(void)
{
    write_file("/sys/fs/cgroup/system.slice/docker-" DOCKER_ID ".scope/cgroup.procs", "9\n");
    write_file("/sys/fs/cgroup/lxc.payload.web/cgroup.procs", "9\n");
    write_file("/sys/fs/cgroup/machine.slice/libpod-77aa.scope/cgroup.procs", "9\n");
    write_file("/sys/fs/cgroup/machine.slice/libpod-conmon-77aa.scope/cgroup.procs", "9\n");
    write_file("/sys/fs/cgroup/machine.slice/machine-qemu\\x2d1.scope/cgroup.procs", "9\n");
    write_file(
        "/var/lib/containers/storage/overlay-containers/containers.json",
        "[{\"id\":\"other\"},{\"id\":\"77aa\",\"names\":[\"db\"],\"image\":\"9f\",\"metadata\":"
        "\"{\\\"image-name\\\":\\\"docker.io/pg:1\\\"}\"}]");
    write_file("/var/lib/docker/containers/" DOCKER_ID "/config.v2.json",
               "{\"Name\":\"/shop\",\"Image\":\"sha256:1\",\"Config\":{\"Image\":\"nginx:1\"}}");
}

static void make_host(void)
{
    write_file("/etc/os-release", "ID=debian\nNAME=Debian\nVERSION_ID=12\n");
    write_file("/proc/cmdline", "root=/dev/sda password=hunter2 quiet\n");
    write_file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"
                              "www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
                              "ana:x:1000:1000:Ana:/home/ana:/bin/zsh\n");
    write_file("/etc/group", "root:x:0:\nsudo:x:27:ana\nana:x:1000:\n");
    write_tcp(sshd, a_client, "");
    write_file("/proc/net/tcp6", tcp_head);
    write_file("/proc/net/udp", tcp_head);
    write_file("/proc/net/udp6", "  sl  local_address ...\n");
    scratch_append(under("/proc/net/udp6"), ntp6, sizeof(ntp6) - 1);
    link_file("/usr/sbin/sshd", "/proc/321/exe");
    link_file("socket:[501]", "/proc/321/fd/3");
    link_file("/usr/lib/systemd/systemd", "/proc/1/exe");
    link_file("socket:[501]", "/proc/1/fd/44");
    write_file("/proc/modules", "nf_tables 303104 89 - Live 0x0\nzfs 99 1 x, Live 0x0 (PO)\n");
    write_file("/proc/sys/kernel/tainted", "4097\n");
    make_hardware();
    make_disks();
    make_services();
    make_containers();
}

static int set_up(void **state)
{
    static char tag[] = "ventanilla", *tags[] = {tag}, high[] = "high";
    (void)state;
    host_kit_begin(&source_inventory, emit,
                   (struct config){.criticality = high,
                                   .tags = {1, tags},
                                   .inventory = true,
                                   .inventory_every_s = 86400,
                                   .inventory_look_s = 60});
    make_host();
    longest = uids_n = 0;
    host_kit_start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    host_kit_stop(false);
    forget_told();
    host_kit_end();
    return 0;
}

/* ---- what must hold ---- */

static void the_whole_host_is_told(void **state)
{
    (void)state;
    pass(30);
    assert_int_equal(told_n, 1);
    const struct json_value *device = json_get(json_root(told[0].doc), "device");
    is_text(device, "vendor_name", "Acme");
    is_text(device, "model", "Rack 9");
    assert_int_equal(json_get_int(device, "type_id", -1), 1); /* a server, by its chassis */
    is_text(json_get(device, "org"), "uid", "MX-SAT");
    is_text(json_at(json_get(device, "groups"), 0), "name", "ventanilla");
    is_text(json_get(device, "hw_info"), "serial_number", "S-1");
    assert_int_equal(json_get_int(json_get(device, "hw_info"), "ram_size", 0), 8192);
    assert_int_equal(json_get_int(json_get(device, "hw_info"), "cpu_cores", 0), 4);
    assert_int_equal(json_count(json_get(device, "network_interfaces")), 1);
    is_text(json_at(json_get(device, "network_interfaces"), 0), "ip", "192.0.2.7");
    assert_non_null(strstr(told[0].line, "\"criticality\":\"high\""));
    is_text(entry("hardware", "firmware"), "boot", "efi");
    assert_true(json_get_bool(entry("hardware", "firmware"), "secure_boot", false));
    const struct json_value *own = json_get(entry("network", "eth0"), "addresses");
    assert_int_equal(json_count(own), 1); /* the other one is made for privacy */
    assert_true(span_equal_text(json_as_text(json_at(own, 0)), "192.0.2.7/24"));
    assert_null(entry("network", "veth12ab"));
    assert_null(strstr(told[0].line, "hunter2"));
}

static void disks_say_whether_they_are_encrypted(void **state)
{
    (void)state;
    pass(30);
    assert_true(json_get_bool(entry("disks", "mount /"), "encrypted", false));
    assert_false(json_get_bool(entry("disks", "mount /home"), "encrypted", true));
    assert_int_equal(json_count(json_get(entry("disks", "mount /home"), "options")), 2);
    assert_true(json_get_bool(entry("disks", "mount /mnt/a\\\\040b"), "remote", false));
    assert_true(json_get_bool(entry("disks", "swap /dev/dm-0"), "encrypted", false));
    assert_int_equal(json_get_int(entry("disks", "disk sda"), "bytes", 0), 1 << 20);
    assert_null(entry("disks", "mount /proc"));
    assert_null(entry("disks", "disk loop0"));
}

static void accounts_ports_and_services_are_told(void **state)
{
    (void)state;
    pass(30);
    assert_true(json_get_bool(entry("accounts", "user ana"), "login", false));
    assert_false(json_get_bool(entry("accounts", "user www-data"), "login", true));
    is_text(entry("accounts", "group sudo"), "members", "ana");
    is_text(entry("ports", "tcp 0.0.0.0:22"), "program", "/usr/sbin/sshd"); /* not systemd */
    assert_non_null(entry("ports", "udp [fe80::2fc:ff:fe00:1]:123"));
    is_text(entry("services", "ssh.service"), "state", "enabled");
    assert_true(json_get_bool(entry("services", "ssh.service"), "running", false));
    is_text(entry("services", "ssh.service"), "command", "/usr/sbin/sshd -D");
    is_text(entry("services", "fstrim.service"), "state", "static");
    assert_null(json_get(entry("services", "fstrim.service"), "running"));
    is_text(entry("services", "telnet.service"), "state", "masked");
    is_text(entry("services", "init.d/old"), "state", "enabled");
    is_text(entry("timers", "fstrim.timer"), "schedule", "OnCalendar=weekly");
    is_text(entry("modules", "zfs"), "taint", "PO");
    is_text(entry("modules", "(kernel)"), "tainted", "4097");
    is_text(entry("containers", "docker " DOCKER_ID), "name", "shop");
    is_text(entry("containers", "docker " DOCKER_ID), "image", "nginx:1");
    is_text(entry("containers", "lxc web"), "engine", "lxc");
    is_text(entry("containers", "podman 77aa"), "name", "db");
    is_text(entry("containers", "podman 77aa"), "image", "docker.io/pg:1");
    is_text(entry("containers", "libvirt \\\\x2d1"), "engine", "libvirt");
    size_t n = 0;
    for (size_t i = 0; i < told_n; i++)
        n += json_count(json_get(inventory_of(i), "containers"));
    assert_int_equal(n, 4); /* Podman's watcher is none */
}

static void what_moves_by_itself_is_no_change(void **state)
{
    (void)state;
    pass(30);
    forget_told();
    write_tcp(sshd, a_client, a_client);
    write_file("/proc/modules", "nf_tables 303104 12 - Live 0x9\nzfs 99 3 y, Live 0x1 (PO)\n");
    write_file("/proc/swaps", "Filename Type Size Used Priority\n/dev/dm-0 partition 99 77 -2\n");
    write_file("/proc/meminfo", "MemTotal:        8388608 kB\nMemFree: 9 kB\n");
    write_file("/sys/fs/cgroup/system.slice/fstrim.service/cgroup.events", "populated 1\n");
    write_file("/etc/passwd", "root:x:0:0:Root User:/root:/bin/bash\n"
                              "ana:x:1000:1000:Ana G.:/home/ana:/bin/zsh\n"
                              "www-data:x:33:33::/var/www:/usr/sbin/nologin\n");
    pass(7200);
    if (told_n > 0)
        fail_msg("%s", told[0].line);
}

static void changes_are_told_by_what_they_mean(void **state)
{
    (void)state;
    int severity;
    pass(30);
    forget_told();
    write_file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\ntoor:x:0:0::/:/bin/sh\n"
                              "ana:x:1000:1000:Ana:/home/ana:/bin/bash\n");
    write_tcp(sshd, a_backdoor, a_client);
    link_file("/tmp/.x/nc", "/proc/999/exe");
    link_file("socket:[503]", "/proc/999/fd/0");
    write_file("/proc/modules", "nf_tables 303104 89 - Live 0x0\nrk 99 1 x, Live 0x0 (OE)\n");
    write_file("/usr/lib/systemd/system/new.timer", "[Timer]\nOnBootSec=5\n");
    write_file("/sys/fs/cgroup/system.slice/ssh.service/cgroup.events", "populated 0\n");
    pass(70);
    const struct json_value *c = change("added", "user toor", &severity);
    assert_int_equal(severity, SEVERITY_HIGH);
    assert_int_equal(json_get_int(json_get(c, "after"), "uid", -1), 0);
    change("removed", "user www-data", &severity);
    c = change("changed", "user ana", &severity);
    is_text(json_get(c, "before"), "shell", "/bin/zsh");
    is_text(json_get(c, "after"), "shell", "/bin/bash");
    c = change("added", "tcp 0.0.0.0:4444", &severity);
    is_text(json_get(c, "after"), "program", "/tmp/.x/nc");
    assert_int_equal(severity, SEVERITY_MEDIUM);
    change("added", "rk", &severity);
    change("removed", "zfs", &severity);
    assert_int_equal(severity, SEVERITY_HIGH); /* of the event: rk is unsigned */
    change("added", "new.timer", &severity);
    assert_int_equal(severity, SEVERITY_LOW);
    c = change("changed", "ssh.service", &severity);
    assert_int_equal(severity, SEVERITY_INFORMATIONAL);
    assert_false(json_get_bool(json_get(c, "after"), "running", true));
    assert_int_equal(told_n, 5);
    forget_told();
    pass(600);
    assert_int_equal(told_n, 0); /* once */
}

/* kill -9 leaves no line anywhere. */
static void a_service_that_keeps_logs_is_missed(void **state)
{
    (void)state;
    int severity;
    write_file("/usr/lib/systemd/system/systemd-journald.service",
               "[Service]\nType=notify\nExecStart=/lib/systemd/systemd-journald\n");
    write_file("/sys/fs/cgroup/system.slice/systemd-journald.service/cgroup.events",
               "populated 1\n");
    pass(30);
    assert_true(json_get_bool(entry("services", "systemd-journald.service"), "running", false));
    forget_told();
    write_file("/sys/fs/cgroup/system.slice/systemd-journald.service/cgroup.events",
               "populated 0\n");
    pass(70);
    change("changed", "systemd-journald.service", &severity);
    assert_int_equal(severity, SEVERITY_HIGH);
    forget_told();
    write_file("/sys/fs/cgroup/system.slice/systemd-journald.service/cgroup.events",
               "populated 1\n");
    pass(70);
    change("changed", "systemd-journald.service", &severity);
    assert_int_equal(severity, SEVERITY_INFORMATIONAL);
}

static void accounts_are_seen_at_once(void **state)
{
    (void)state;
    int severity;
    pass(30);
    forget_told();
    write_file("/etc/group", "root:x:0:\nsudo:x:27:ana,eve\nana:x:1000:\n");
    pass(3); /* the folder tells; the next look by time is 30 s away */
    change("changed", "group sudo", &severity);
    assert_int_equal(severity, SEVERITY_HIGH);
}

static void back_and_forth_is_told_each_time(void **state)
{
    (void)state;
    pass(30);
    forget_told();
    for (int i = 0; i < 6; i++) {
        write_tcp(sshd, i % 2 ? "" : a_backdoor, "");
        pass(60);
        assert_int_equal(told_n, i + 1); /* each with a uid of its own: emit looks */
    }
}

static void changes_of_a_time_without_agent_are_told_as_such(void **state)
{
    (void)state;
    int severity;
    pass(30);
    forget_told();
    host_kit_stop(true);
    write_tcp(sshd, postgres, "");
    host_kit_start();
    pass(30);
    change("added", "tcp 127.0.0.1:5432", &severity);
    assert_int_equal(severity, SEVERITY_LOW); /* nobody else can reach it */
    assert_non_null(strstr(told[0].line, "\"while_off\":true"));
    assert_int_equal(told_n, 1); /* and the rest, being as it was, is not told again */
}

static void sockets_that_pass_are_left_out(void **state)
{
    (void)state;
    int severity;
    pass(30);
    forget_told();
    write_file("/proc/net/udp", tcp_head);
    scratch_append(under("/proc/net/udp"), a_query, sizeof(a_query) - 1);
    pass(60);
    assert_int_equal(told_n, 0);
    pass(60); /* it is there again: somebody listens */
    change("added", "udp 0.0.0.0:50000", &severity);
    forget_told();
    host_kit_stop(true); /* and is still known after a new start */
    host_kit_start();
    pass(120);
    assert_int_equal(told_n, 0);
}

static void all_is_told_once_a_day(void **state)
{
    (void)state;
    pass(30);
    forget_told();
    pass(86400 * 3);
    assert_int_equal(told_n, 3);
    for (size_t i = 0; i < 3; i++) {
        is_text(inventory_of(i), "kind", "full");
        assert_int_equal(json_count(json_get(inventory_of(i), "ports")), 2);
    }
    forget_told();
    host_kit_stop(true); /* a new start within the day does not tell it again */
    host_kit_start();
    pass(60);
    assert_int_equal(told_n, 0);
    assert_true(source_inventory.request(host_kit.self, "inventory")); /* but being asked does */
    assert_false(source_inventory.request(host_kit.self, "other"));
    pass(1);
    assert_int_equal(told_n, 1);
    forget_told();
    write_tcp(sshd, a_backdoor, "");
    assert_true(source_inventory.request(host_kit.self, "scan")); /* a look, now */
    pass(1);
    assert_int_equal(told_n, 1);
    is_text(inventory_of(0), "kind", "change");
}

static void too_much_is_counted_and_root_is_not_hidden_by_it(void **state)
{
    (void)state;
    struct buf text = BUF_INIT(8 << 20);
    uint64_t entries = 0;
    for (int i = 0; i < 20000; i++)
        buf_printf(&text, "u%d:x:%d:9::/nonexistent-%0100d:/bin/false\n", i, i + 1, i);
    buf_put_text(&text, "root:x:0:0::/root:/bin/sh\nevil:x:0:0::/:/bin/sh\n");
    write_file("/etc/passwd", text.p);
    pass(30);
    assert_non_null(entry("accounts", "user evil"));
    for (size_t i = 0; i < told_n; i++) {
        assert_int_equal(json_get_int(inventory_of(i), "events", 0), told_n);
        assert_int_equal(json_get_int(inventory_of(i), "event", 0), i + 1);
        entries += json_count(json_get(inventory_of(i), "accounts"));
    }
    uint64_t cut = (uint64_t)json_get_int(json_get(inventory_of(told_n - 1), "cut"), "accounts", 0);
    assert_int_equal(entries + cut, 20002 + 3);
    assert_int_equal(host_kit.dropped, cut);
    assert_true(told_n > 2 && longest < SPOOL_LINE_MAX);
    buf_release(&text);
}

static void what_is_at_the_limit_is_not_taken_for_new(void **state)
{
    (void)state;
    int severity;
    struct buf text = BUF_INIT(8 << 20);
    buf_put_text(&text, "root:x:0:0::/root:/bin/sh\n");
    for (int i = 1; i < 4200; i++) /* one name: each gets a mark of its own */
        buf_printf(&text, "u:x:%d:9::/:/bin/false\n", i);
    write_file("/etc/passwd", text.p);
    write_file("/etc/group", "");
    pass(30);
    assert_true(host_kit.dropped > 0);
    forget_told();
    buf_drop_front(&text, strlen("root:x:0:0::/root:/bin/sh\n"));
    struct buf other = BUF_INIT(8 << 20);
    buf_put_text(&other, "root:x:0:0::/root:/bin/zsh\n");
    buf_put_span(&other, buf_span(&text));
    write_file("/etc/passwd", other.p);
    pass(60);
    assert_int_equal(told_n, 1);
    assert_int_equal(json_count(json_get(inventory_of(0), "changes")), 1);
    change("changed", "user root", &severity);
    buf_release(&text);
    buf_release(&other);
}

static void a_hostile_host_changes_nothing_but_words(void **state)
{
    (void)state;
    struct source_health health;
    pass(30);
    source_inventory.health(host_kit.self, &health);
    assert_int_equal(health.state, SOURCE_OK);
    forget_told();
    scratch_remove(under("/etc/passwd"));
    assert_int_equal(mkfifo(under("/etc/passwd"), 0600), 0);
    pass(120);
    assert_int_equal(told_n, 0); /* what was told is not taken back */
    source_inventory.health(host_kit.self, &health);
    assert_int_equal(health.state, SOURCE_DEGRADED);
    assert_non_null(strstr(health.detail, "/etc/passwd"));
    write_file("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"
                              "a\x01\xff\":x:5:5::/:/bin/sh\nroot:x:0:0::/evil:/bin/sh\n::::\n:\n"
                              "www-data:x:33:33::/var/www:/usr/sbin/nologin\n"
                              "ana:x:1000:1000:Ana:/home/ana:/bin/zsh\n");
    pass(120);
    int severity;
    change("added", "user a\\x01\\xFF\"", &severity);
    change("added", "user root#2", &severity); /* a name that stands there twice */
    assert_int_equal(severity, SEVERITY_HIGH);
    source_inventory.health(host_kit.self, &health);
    assert_int_equal(health.state, SOURCE_OK);
}

static void after_a_boot_services_get_time_to_start(void **state)
{
    (void)state;
    host_kit_stop(true);
    write_file("/proc/uptime", "20.55 11.00\n");
    host_kit_start();
    pass(155);
    assert_int_equal(told_n, 0);
    pass(20);
    assert_int_equal(told_n, 1);
}

static void lines_of_the_kernel_are_taken_apart(void **state)
{
    (void)state;
    struct inventory_socket s;
    struct inventory_mount m;
    assert_true(inventory_socket_parse(span_of(postgres), false, &s));
    assert_string_equal(s.address, "127.0.0.1");
    assert_true(s.port == 5432 && s.uid == 105 && s.inode == 502 && !s.connected);
    assert_false(inventory_socket_parse(span_of(postgres), true, &s));
    assert_false(inventory_socket_parse(span_of(tcp_head), false, &s));
    assert_true(inventory_socket_parse(
        SPAN("0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A "
             "0:0 0:0 0 0 0 9 1"),
        true, &s));
    assert_string_equal(s.address, "::");
    assert_true(
        inventory_mount_parse(SPAN("22 1 8:1 / / rw shared:1 master:2 - btrfs /dev/sda1 rw"), &m));
    assert_true(span_equal_text(m.type, "btrfs") && span_equal_text(m.source, "/dev/sda1"));
    assert_false(inventory_mount_parse(SPAN("22 1 8:1 / / rw shared:1 - btrfs"), &m));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_whole_host_is_told),
        TEST(disks_say_whether_they_are_encrypted),
        TEST(accounts_ports_and_services_are_told),
        TEST(what_moves_by_itself_is_no_change),
        TEST(changes_are_told_by_what_they_mean),
        TEST(a_service_that_keeps_logs_is_missed),
        TEST(accounts_are_seen_at_once),
        TEST(back_and_forth_is_told_each_time),
        TEST(changes_of_a_time_without_agent_are_told_as_such),
        TEST(sockets_that_pass_are_left_out),
        TEST(all_is_told_once_a_day),
        TEST(too_much_is_counted_and_root_is_not_hidden_by_it),
        TEST(what_is_at_the_limit_is_not_taken_for_new),
        TEST(a_hostile_host_changes_nothing_but_words),
        TEST(after_a_boot_services_get_time_to_start),
        cmocka_unit_test(lines_of_the_kernel_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

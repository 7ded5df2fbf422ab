/*
 * The inventory of Windows through the contract of a source, on any system: doubles stand for the
 * registry, the SAM, the sockets, the disks and the firmware.
 */
#include "platform/accounts.h"
#include "platform/addresses.h"
#include "platform/disks.h"
#include "platform/host.h"
#include "platform/machine.h"
#include "platform/process.h"
#include "platform/services.h"
#include "platform/sockets.h"
#include "source/inventory/smbios.h"
#include "unit/inventory_kit.h"
#include "unit/registry_kit.h"

/* What Windows has, in place of this system's. */
#include "source/inventory/hardware_windows.c"
#include "source/inventory/owners_windows.c"
#include "source/inventory/parts_windows.c"

#define MACHINE "S-1-5-21-1-2-3"
#define ADMINS  "Administradores" /* of a Windows in Spanish */

/* ---- doubles ---- */

void host_read(const char *root, struct host_info *out)
{
    assert_string_equal(root, "");
    *out = (struct host_info){.hostname = "PC-7",
                              .os_name = "Windows 11 Pro",
                              .os_id = "windows",
                              .os_version = "10.0.22631.4460",
                              .arch = "amd64",
                              .kernel = "10.0.22631.4460",
                              .os_type_id = 100};
}

int addresses_read(struct address *out, size_t max)
{
    assert_true(max >= 1);
    out[0] = (struct address){"Ethernet 2", "192.0.2.7", 24, false, false};
    return 1;
}

int interfaces_read(const char *root, struct network_interface *out, size_t max)
{
    (void)root;
    assert_true(max >= 2);
    out[0] = (struct network_interface){"Wi-Fi", "02:00:00:00:00:02", INTERFACE_WIRELESS};
    out[1] = (struct network_interface){"Ethernet 2", "02:00:00:00:00:01", INTERFACE_WIRED};
    return 2;
}

static const uint8_t firmware[] =
    "\x00\x1a\x00\x00\x01\x02\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00"
    "Maker\0001.2\00001/02/2024\0\0"
    "\x01\x1b\x01\x00\x01\x02\x00\x03\x33\x22\x11\x00\x55\x44\x77\x66\x88\x99\xaa\xbb\xcc\xdd\xee"
    "\xff\x06\x00\x00"
    "Acme \0Rack 9\0 S-1 \0\0"
    "\x03\x09\x03\x00\x01\x97\x00\x00\x00"
    "Acme\0\0"
    "\x04\x30\x04\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"
    "\x00\x41\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x08\x10\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00"
    "Fast CPU\0\0"
    "\x04\x30\x05\x00\x00\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x08\x08\x10\x00\x00\x00\x00\x00\x00\x00\x00"
    "\x00\x00"
    "\0\0"
    "\x7f\x04\x06\x00\0\0";

int machine_smbios(uint8_t *out, size_t max)
{
    assert_true(max >= sizeof(firmware) - 1);
    memcpy(out, firmware, sizeof(firmware) - 1);
    return (int)sizeof(firmware) - 1;
}

uint64_t machine_memory(void)
{
    return 16ull << 30;
}

static struct {
    struct local_user users[3];
    size_t users_n;
    const char *admins[3];
    size_t admins_n;
    unsigned asked; /* how often the users were read */
    const char *running[3];
    size_t running_n;
    struct open_socket sockets[3];
    size_t sockets_n;
    int rc;
} windows;

int accounts_users(bool (*each)(void *ctx, const struct local_user *u), void *ctx)
{
    windows.asked++;
    for (size_t i = 0; i < windows.users_n; i++)
        assert_true(each(ctx, &windows.users[i]));
    return windows.rc;
}

int accounts_groups(bool (*each)(void *ctx, const struct local_group *g), void *ctx)
{
    struct local_group admins = {ADMINS, 544}, others = {"Usuarios", 0};
    each(ctx, &admins);
    each(ctx, &others);
    return 0;
}

int accounts_members(const char *group, bool (*each)(void *ctx, const char *sid), void *ctx)
{
    for (size_t i = 0; strcmp(group, ADMINS) == 0 && i < windows.admins_n; i++)
        each(ctx, windows.admins[i]);
    if (strcmp(group, ADMINS) != 0)
        each(ctx, "S-1-5-11");
    return 0;
}

void accounts_machine_sid(char *out, size_t size)
{
    snprintf(out, size, MACHINE);
}

int services_running(bool (*each)(void *ctx, const char *name, uint32_t pid), void *ctx)
{
    for (size_t i = 0; i < windows.running_n; i++)
        each(ctx, windows.running[i], (uint32_t)process_self_id());
    return 0;
}

int sockets_open_to_others(struct open_socket *out, size_t max)
{
    assert_true(max >= windows.sockets_n);
    memcpy(out, windows.sockets, windows.sockets_n * sizeof(*out));
    return (int)windows.sockets_n;
}

void sockets_passing_ports(const char *root, uint16_t *low, uint16_t *high)
{
    (void)root;
    *low = 49152;
    *high = 65535;
}

int disks_each(void (*each)(void *ctx, const struct disk *d), void *ctx)
{
    struct disk disk = {0, "", "Fast SSD", "D-1", 512ull << 30, false};
    each(ctx, &disk);
    return 0;
}

int volumes_each(void (*each)(void *ctx, const struct volume *v), void *ctx)
{
    struct volume own = {"C:", "NTFS", false, false, false}, share = {"S:", "", false, true, false};
    each(ctx, &own);
    each(ctx, &share);
    return 0;
}

/* ---- a small host ---- */

#define CONTROL_SET "HKLM\\SYSTEM\\CurrentControlSet\\"
#define SERVICE     CONTROL_SET "Services\\"

static const char registry[] =
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|SystemRoot|sz|C:\\Windows\n"
    "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion|EditionID|sz|Professional\n"
    "HKLM\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\0|ProcessorNameString|sz|Not asked\n"
    "HKLM\\HARDWARE\\DESCRIPTION\\System\\CentralProcessor\\1\n"
    "HKLM\\HARDWARE\\DESCRIPTION\\System\\BIOS|BIOSVendor|sz|Not asked\n" CONTROL_SET
    "Control|PEFirmwareType|dword|2\n" CONTROL_SET
    "Control|SystemStartOptions|sz| NOEXECUTE=OPTIN  password=hunter2\n" CONTROL_SET
    "Control\\SecureBoot\\State|UEFISecureBootEnabled|dword|1\n" CONTROL_SET
    "Control\\BitlockerStatus|BootStatus|dword|1\n" CONTROL_SET
    "Control\\TimeZoneInformation|TimeZoneKeyName|sz|Central Standard Time (Mexico)\n"
    "HKLM\\SAM\\SAM\\Domains\\Account\\Users\\000001F4\n" SERVICE "Tcpip|Type|dword|1\n" SERVICE
    "Tcpip\\Parameters|Domain|sz|corp.example\n" SERVICE "Spooler|Type|dword|0x110\n" SERVICE
    "Spooler|Start|dword|2\n" SERVICE
    "Spooler|ImagePath|expand_sz|%SystemRoot%\\System32\\spoolsv.exe\n" SERVICE
    "Spooler|ObjectName|sz|LocalSystem\n" SERVICE "EventLog|Type|dword|32\n" SERVICE
    "EventLog|Start|dword|2\n" SERVICE
    "EventLog|ImagePath|expand_sz|svchost.exe -k LocalService\n" SERVICE
    "EventLog\\Parameters|ServiceDll|expand_sz|%SystemRoot%\\System32\\wevtsvc.dll\n" SERVICE
    "Late|Type|dword|16\n" SERVICE "Late|Start|dword|2\n" SERVICE
    "Late|DelayedAutostart|dword|1\n" SERVICE
    "Late|ImagePath|sz|late.exe --password hunter2\n" SERVICE "Woken|Type|dword|16\n" SERVICE
    "Woken|Start|dword|2\n" SERVICE "Woken\\TriggerInfo\\0\n" SERVICE
    "Mine_4f2a1|Type|dword|0xe0\n" SERVICE "Mine_4f2a1|Start|dword|2\n";

#define TASK "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Schedule\\TaskCache\\Tasks\\"

/* {task}: a version, "Author", a program and its arguments; {class}: one without a context, a COM
 * object. */
static const char tasks[] =
    TASK "{task}|Path|sz|\\Vendor\\Nightly\n" TASK "{task}|Actions|binary|"
         "03000c00000041007500740068006f0072006666000000001000000043003a005c0061002e006500"
         "78006500240000002d002d00700061007300730077006f00720064002000680075006e0074006500"
         "72003200000000000000"
         "\n" TASK "{class}|Path|sz|\\Class\n" TASK "{class}|Actions|binary|"
         "03000000000077770000000033221100554477668899aabbccddeeff00000000"
         "\n" TASK "{odd}|Actions|binary|0300ff\n";

static struct open_socket listening(uint16_t port, uint64_t inode)
{
    return (struct open_socket){.tcp = true,
                                .port = port,
                                .uid = SOCKET_UID_UNKNOWN,
                                .pid = (uint32_t)process_self_id(),
                                .inode = inode};
}

static int set_up(void **state)
{
    static char here[] = "";
    (void)state;
    memset(&windows, 0, sizeof(windows));
    registry_kit_clear();
    registry_kit_add(registry);
    registry_kit_add(tasks);
    windows.users[0] = (struct local_user){"Administrador", 500, ACCOUNT_DISABLED, 0};
    windows.users[1] = (struct local_user){"ana", 1001, ACCOUNT_PASSWORD_STAYS, 1790000000};
    windows.users_n = 2;
    windows.admins[0] = MACHINE "-500";
    windows.admins[1] = "S-1-5-21-9-9-9-512"; /* of a domain */
    windows.admins_n = 2;
    windows.running[0] = "spooler";
    windows.running[1] = "EventLog";
    windows.running_n = 2;
    windows.sockets[0] = listening(3389, 7);
    windows.sockets[1] = listening(445, 8);
    windows.sockets[1].pid = 4;
    windows.sockets_n = 2;
    host_kit_begin(&source_inventory, emit,
                   (struct config){.criticality = here,
                                   .host_root = here,
                                   .inventory = true,
                                   .inventory_every_s = 86400,
                                   .inventory_look_s = 60});
    mono_ms = 3600000; /* Windows started an hour ago */
    uids_n = 0;
    host_kit_start();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    host_kit_stop(false);
    assert_int_equal(registry_kit_opened(), 0);
    forget_told();
    host_kit_end();
    return 0;
}

/* ---- what must hold ---- */

static void the_machine_is_told(void **state)
{
    (void)state;
    pass(30);
    assert_int_equal(told_n, 1);
    const struct json_value *device = json_get(json_root(told[0].doc), "device");
    is_text(device, "vendor_name", "Acme");
    is_text(device, "model", "Rack 9");
    assert_int_equal(json_get_int(device, "type_id", -1), 1); /* a server, by its chassis */
    is_text(json_get(device, "hw_info"), "serial_number", "S-1");
    is_text(json_get(device, "hw_info"), "uuid", "00112233-4455-6677-8899-aabbccddeeff");
    assert_int_equal(json_get_int(json_get(device, "hw_info"), "ram_size", 0), 16384);
    assert_int_equal(json_get_int(json_get(device, "hw_info"), "cpu_cores", 0), 8);
    is_text(json_at(json_get(device, "network_interfaces"), 0), "ip", "192.0.2.7");
    is_text(entry("system", "os"), "version", "10.0.22631.4460");
    is_text(entry("system", "os"), "edition", "Professional");
    is_text(entry("system", "name"), "hostname", "PC-7");
    is_text(entry("system", "name"), "domain", "corp.example");
    is_text(entry("system", "name"), "timezone", "Central Standard Time (Mexico)");
    is_text(entry("system", "boot"), "command_line", "NOEXECUTE=OPTIN  password=***");
    is_text(entry("hardware", "firmware"), "boot", "efi");
    is_text(entry("hardware", "firmware"), "vendor", "Maker");
    assert_true(json_get_bool(entry("hardware", "firmware"), "secure_boot", false));
    is_text(entry("hardware", "cpu"), "model", "Fast CPU");
    assert_int_equal(json_get_int(entry("hardware", "cpu"), "threads", 0), 2);
    assert_int_equal(json_get_int(entry("hardware", "cpu"), "sockets", 0), 1);
    is_text(entry("network", "Wi-Fi"), "type", "wireless");
    assert_int_equal(json_get_int(entry("disks", "disk 0"), "bytes", 0), 512ll << 30);
    assert_true(json_get_bool(entry("disks", "mount C:"), "encrypted", false));
    assert_null(json_get(entry("disks", "mount S:"), "encrypted")); /* nobody knows */
    assert_true(json_get_bool(entry("disks", "mount S:"), "remote", false));
    assert_null(strstr(told[0].line, "hunter2"));
}

static void accounts_are_told(void **state)
{
    (void)state;
    pass(30);
    const struct json_value *ana = entry("accounts", "user ana");
    assert_int_equal(json_get_int(ana, "rid", 0), 1001);
    assert_true(json_get_bool(ana, "login", false));
    assert_false(json_get_bool(ana, "admin", true));
    assert_true(json_get_bool(ana, "password_never_expires", false));
    is_text(ana, "last_logon", "2026-09");
    const struct json_value *first = entry("accounts", "user Administrador");
    assert_false(json_get_bool(first, "login", true));
    assert_true(json_get_bool(first, "admin", false));
    assert_null(json_get(first, "last_logon"));
    const struct json_value *admins = entry("accounts", "group " ADMINS);
    assert_int_equal(json_get_int(admins, "builtin", 0), 544);
    is_text(admins, "members", "Administrador,S-1-5-21-9-9-9-512");
    is_text(entry("accounts", "group Usuarios"), "members", "S-1-5-11");
}

static void ports_and_services_are_told(void **state)
{
    (void)state;
    pass(30);
    const struct json_value *port = entry("ports", "tcp 0.0.0.0:3389");
    char own[4400];
    assert_true(process_self_path(own, sizeof(own)) > 0);
    own[200] = '\0'; /* what is told of a long one */
    is_text(port, "program", own);
    is_text(port, "service", "spooler,EventLog");
    assert_null(json_get(port, "uid"));
    is_text(entry("ports", "tcp 0.0.0.0:445"), "program", "System");
    assert_null(json_get(entry("ports", "tcp 0.0.0.0:445"), "service"));
    const struct json_value *spooler = entry("services", "Spooler");
    is_text(spooler, "state", "enabled");
    is_text(spooler, "command", "%SystemRoot%\\System32\\spoolsv.exe");
    is_text(spooler, "account", "LocalSystem");
    assert_true(json_get_bool(spooler, "running", false));
    is_text(entry("services", "EventLog"), "library", "%SystemRoot%\\System32\\wevtsvc.dll");
    assert_null(json_get(entry("services", "Late"), "running")); /* not always, by nature */
    assert_null(json_get(entry("services", "Woken"), "running"));
    assert_non_null(entry("services", "Woken"));
    assert_null(entry("services", "Tcpip"));      /* a driver */
    assert_null(entry("services", "Mine_4f2a1")); /* of one logon */
}

static void tasks_are_told_by_what_they_do(void **state)
{
    (void)state;
    int severity;
    pass(30);
    is_text(entry("tasks", "/Vendor/Nightly"), "action", "C:\\a.exe --password ***");
    is_text(entry("tasks", "/Class"), "action", "{00112233-4455-6677-8899-aabbccddeeff}");
    assert_non_null(entry("tasks", "{odd}"));
    assert_null(json_get(entry("tasks", "{odd}"), "action"));
    forget_told();
    registry_kit_add(TASK "{new}|Path|sz|\\New\n");
    pass(3700); /* once an hour */
    change("added", "/New", &severity);
    assert_int_equal(severity, SEVERITY_LOW);
}

static void another_administrator_is_grave(void **state)
{
    (void)state;
    int severity;
    pass(30);
    forget_told();
    windows.admins[2] = MACHINE "-1001";
    windows.admins_n = 3;
    registry_kit_add("HKLM\\SAM\\SAM\\Domains\\Builtin\\Aliases\\Members|x|dword|1\n");
    pass(70);
    const struct json_value *c = change("changed", "user ana", &severity);
    assert_true(json_get_bool(json_get(c, "after"), "admin", false));
    assert_int_equal(severity, SEVERITY_HIGH);
    c = change("changed", "group " ADMINS, &severity);
    is_text(json_get(c, "after"), "members", "Administrador,S-1-5-21-9-9-9-512,ana");
}

static void a_logon_is_no_news(void **state)
{
    (void)state;
    int severity;
    pass(30);
    forget_told();
    windows.users[1].last_logon_s += 86400;
    registry_kit_add("HKLM\\SAM\\SAM\\Domains\\Account\\Users\\000003E9|F|binary|01\n");
    pass(70);
    assert_int_equal(told_n, 0);
    windows.users[1].last_logon_s += 40 * 86400;
    registry_kit_add("HKLM\\SAM\\SAM\\Domains\\Account\\Users\\000003E9|F|binary|02\n");
    pass(70);
    change("changed", "user ana", &severity);
    assert_int_equal(severity, SEVERITY_INFORMATIONAL);
}

/* The registry tells when something changed; what it does not tell of is found within the hour. */
static void accounts_are_read_when_they_changed(void **state)
{
    (void)state;
    pass(1800);
    assert_int_equal(windows.asked, 1);
    registry_kit_add("HKLM\\SAM\\SAM\\Domains\\Account\\Users\\000003E9|F|binary|01\n");
    pass(70);
    assert_int_equal(windows.asked, 2);
    pass(3700);
    assert_int_equal(windows.asked, 3);
}

static void accounts_without_a_watch_are_read_each_time(void **state)
{
    (void)state;
    registry_kit_remove("HKLM\\SAM");
    pass(30);
    forget_told();
    windows.users[windows.users_n++] = (struct local_user){"eva", 1002, 0, 0};
    pass(70);
    int severity;
    change("added", "user eva", &severity);
    assert_int_equal(severity, SEVERITY_MEDIUM);
}

static void what_is_not_known_is_no_change(void **state)
{
    (void)state;
    struct source_health health;
    pass(30);
    forget_told();
    windows.rc = -EACCES;
    windows.users_n = 0;
    registry_kit_add("HKLM\\SAM\\SAM\\Domains\\Account\\Users\\000003E9|F|binary|01\n");
    pass(70);
    assert_int_equal(told_n, 0);
    source_inventory.health(host_kit.self, &health);
    assert_int_equal(health.state, SOURCE_DEGRADED);
    assert_non_null(strstr(health.detail, "accounts"));
}

static void services_are_told_as_they_change(void **state)
{
    (void)state;
    int severity;
    pass(30);
    forget_told();
    windows.running_n = 1; /* the event log is gone: no key changes */
    pass(70);
    const struct json_value *c = change("changed", "EventLog", &severity);
    assert_false(json_get_bool(json_get(c, "after"), "running", true));
    assert_int_equal(severity, SEVERITY_HIGH);
    forget_told();
    windows.running_n = 0;
    pass(70);
    change("changed", "Spooler", &severity);
    assert_int_equal(severity, SEVERITY_INFORMATIONAL);
    forget_told();
    registry_kit_add(SERVICE "Spooler|ImagePath|expand_sz|C:\\evil.exe\n");
    pass(70);
    change("changed", "Spooler", &severity);
    assert_int_equal(severity, SEVERITY_LOW);
}

static void ports_that_pass_are_left_out(void **state)
{
    (void)state;
    int severity;
    pass(30);
    forget_told();
    windows.sockets[2] = listening(50000, 9);
    windows.sockets_n = 3;
    pass(70);
    assert_int_equal(told_n, 0);
    pass(60);
    change("added", "tcp 0.0.0.0:50000", &severity);
    assert_int_equal(severity, SEVERITY_MEDIUM);
}

static void firmware_may_say_anything(void **state)
{
    (void)state;
    struct inventory_hardware h = {.secure_boot = -1};
    for (size_t n = 0; n < sizeof(firmware); n++) { /* cut anywhere */
        memset(&h, 0, sizeof(h));
        inventory_smbios_parse(span_make(firmware, n), &h);
        assert_true(h.sockets <= 1);
    }
    memset(&h, 0, sizeof(h));
    inventory_smbios_parse(SPAN("\x01\x05\x01\x00\x09Only one\0\0"), &h);
    assert_string_equal(h.vendor, ""); /* there is no ninth text */
    inventory_smbios_parse(SPAN("\x01\x03\x01\x00\x01Short\0\0"), &h);
    assert_string_equal(h.vendor, "");
    inventory_smbios_parse(SPAN("\x02\x02"
                                "ab\0\0"
                                "\x01\x05\x01\x00\x01Not reached\0\0"),
                           &h);
    assert_string_equal(h.vendor, ""); /* shorter than its own head */
    inventory_smbios_parse(SPAN("\x01\x05\x01\x00\x01No id\0\0"), &h);
    assert_string_equal(h.vendor, "No id");
    assert_string_equal(h.uuid, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_machine_is_told),
        TEST(accounts_are_told),
        TEST(ports_and_services_are_told),
        TEST(tasks_are_told_by_what_they_do),
        TEST(another_administrator_is_grave),
        TEST(a_logon_is_no_news),
        TEST(accounts_are_read_when_they_changed),
        TEST(accounts_without_a_watch_are_read_each_time),
        TEST(what_is_not_known_is_no_change),
        TEST(services_are_told_as_they_change),
        TEST(ports_that_pass_are_left_out),
        cmocka_unit_test(firmware_may_say_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

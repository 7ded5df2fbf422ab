/*
 * What Windows says of the machine, behind the headers of platform/ that the inventory asks: as far
 * as wine can do it, which knows no groups and no firmware of its own.
 */
#include "platform/accounts.h"
#include "platform/addresses.h"
#include "platform/disks.h"
#include "platform/machine.h"
#include "platform/process.h"
#include "platform/services.h"
#include "platform/sockets.h"
#include "unit/cmocka_all.h"

#include <winsock2.h>
#include <ws2tcpip.h>

#define SOCKETS_MAX 1024

/* ---- sockets ---- */

static SOCKET open_socket(int family, int type, uint16_t *port)
{
    struct sockaddr_storage at = {.ss_family = (short)family};
    int size = family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    SOCKET s = socket(family, type, 0);
    if (family == AF_INET6)
        ((struct sockaddr_in6 *)&at)->sin6_addr = in6addr_loopback;
    else
        ((struct sockaddr_in *)&at)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(s, (struct sockaddr *)&at, size), 0);
    assert_int_equal(getsockname(s, (struct sockaddr *)&at, &size), 0);
    *port = ntohs(((struct sockaddr_in *)&at)->sin_port); /* stands at the same place in both */
    if (type == SOCK_STREAM)
        assert_int_equal(listen(s, 1), 0);
    else /* wine finds whose a socket is by the files that its process holds: now it is one */
        sendto(s, "", 1, 0, (struct sockaddr *)&at, size);
    return s;
}

static bool find(bool tcp, bool v6, uint16_t port, struct open_socket *out)
{
    static struct open_socket all[SOCKETS_MAX];
    int n = sockets_open_to_others(all, SOCKETS_MAX);
    assert_in_range(n, 0, SOCKETS_MAX);
    for (int i = 0; i < n; i++) {
        *out = all[i];
        if (out->tcp == tcp && out->v6 == v6 && out->port == port)
            return true;
    }
    return false;
}

static void must_be_found(int family, int type)
{
    static const uint8_t v4[16] = {127, 0, 0, 1}, v6[16] = {[15] = 1};
    struct open_socket found;
    uint16_t port;
    SOCKET s = open_socket(family, type, &port);
    assert_true(find(type == SOCK_STREAM, family == AF_INET6, port, &found));
    assert_memory_equal(found.address, family == AF_INET6 ? v6 : v4, 16);
    if (type == SOCK_DGRAM) /* wine's server holds those that listen itself */
        assert_int_equal(found.pid, process_self_id());
    assert_int_equal(found.uid, SOCKET_UID_UNKNOWN);
    assert_true(found.inode != 0);
    closesocket(s);
    assert_false(find(type == SOCK_STREAM, family == AF_INET6, port, &found));
}

static void sockets_name_their_process(void **state)
{
    (void)state;
    WSADATA ignored;
    uint16_t low, high;
    assert_int_equal(WSAStartup(MAKEWORD(2, 2), &ignored), 0);
    must_be_found(AF_INET, SOCK_STREAM);
    must_be_found(AF_INET, SOCK_DGRAM);
    must_be_found(AF_INET6, SOCK_STREAM);
    must_be_found(AF_INET6, SOCK_DGRAM);
    sockets_passing_ports("", &low, &high);
    assert_true(low > 1024 && low < high);
    WSACleanup();
}

static void a_process_has_a_program(void **state)
{
    (void)state;
    char own[4400], other[4400];
    int n = process_self_path(own, sizeof(own));
    assert_true(n > 0);
    assert_int_equal(process_path(process_self_id(), other, sizeof(other)), n);
    assert_string_equal(own, other);
    assert_true(process_path(0x7ffffffc, other, sizeof(other)) < 0);
}

/* ---- the rest ---- */

static void interfaces_have_addresses(void **state)
{
    (void)state;
    static struct network_interface interfaces[64];
    static struct address addresses[ADDRESSES_MAX];
    int n = interfaces_read("", interfaces, 64), known = 0;
    int addresses_n = addresses_read(addresses, ADDRESSES_MAX);
    assert_in_range(n, 1, 64);
    assert_in_range(addresses_n, 1, ADDRESSES_MAX);
    for (int i = 0; i < n; i++) {
        assert_true(interfaces[i].name[0] != '\0');
        for (int k = 0; k < addresses_n; k++)
            known += strcmp(addresses[k].interface_name, interfaces[i].name) == 0;
    }
    assert_true(known > 0);
    assert_int_equal(interfaces_read("", interfaces, 0), n);
    assert_int_equal(interfaces_read("C:/other", interfaces, 64), 0);
}

static unsigned counted;

static bool see_user(void *ctx, const struct local_user *u)
{
    uint32_t *rids = ctx;
    assert_true(u->name[0] != '\0');
    rids[u->rid == 500 ? 0 : u->rid == 501 ? 1 : 2]++;
    if (u->rid == 501)
        assert_true(u->flags & ACCOUNT_DISABLED);
    return true;
}

static bool see_one(void *ctx, const struct local_user *u)
{
    (void)ctx, (void)u;
    counted++;
    return false;
}

static void the_first_users_are_known(void **state)
{
    (void)state;
    uint32_t rids[3] = {0};
    char sid[ACCOUNT_SID_MAX];
    assert_int_equal(accounts_users(see_user, rids), 0);
    assert_int_equal(rids[0], 1);
    assert_int_equal(rids[1], 1);
    counted = 0;
    assert_int_equal(accounts_users(see_one, NULL), 0);
    assert_int_equal(counted, 1);
    accounts_machine_sid(sid, sizeof(sid));
    assert_true(strncmp(sid, "S-1-5-21-", 9) == 0);
}

static bool see_service(void *ctx, const char *name, uint32_t pid)
{
    (void)ctx;
    assert_true(name[0] != '\0' && pid > 0);
    counted++;
    return true;
}

static void services_that_run_are_known(void **state)
{
    (void)state;
    counted = 0;
    assert_int_equal(services_running(see_service, NULL), 0);
    assert_true(counted > 0); /* what holds the rest of wine up */
}

static void see_volume(void *ctx, const struct volume *v)
{
    if (strcmp(v->point, "C:") == 0 && v->type[0] && !v->remote)
        *(bool *)ctx = true;
}

static void the_first_drive_is_known(void **state)
{
    (void)state;
    bool seen = false;
    assert_int_equal(volumes_each(see_volume, &seen), 0);
    assert_true(seen);
}

static void the_firmware_is_read_or_not(void **state)
{
    (void)state;
    static uint8_t table[65536];
    int n = machine_smbios(table, sizeof(table));
    assert_true(n < 0 || (n > 4 && table[1] >= 4));
    assert_true(machine_smbios(table, 3) < 0);
    assert_true(machine_memory() > 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sockets_name_their_process),  cmocka_unit_test(a_process_has_a_program),
        cmocka_unit_test(interfaces_have_addresses),   cmocka_unit_test(the_first_users_are_known),
        cmocka_unit_test(services_that_run_are_known), cmocka_unit_test(the_first_drive_is_known),
        cmocka_unit_test(the_firmware_is_read_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

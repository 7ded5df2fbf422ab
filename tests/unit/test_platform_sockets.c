/* What the system says of its addresses and open sockets, against sockets of the test's own. */
#include "platform/addresses.h"
#include "platform/sockets.h"
#include "unit/cmocka_all.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define SOCKETS_MAX 8192

static struct open_socket found[SOCKETS_MAX];

static int open_at(int type, const char *address, uint16_t *port, uint64_t *inode)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof(at);
    struct stat info;
    int s = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    assert_int_equal(inet_pton(AF_INET, address, &at.sin_addr), 1);
    assert_int_equal(bind(s, (struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(getsockname(s, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(fstat(s, &info), 0);
    *port = ntohs(at.sin_port);
    *inode = info.st_ino;
    return s;
}

static const struct open_socket *socket_with(uint64_t inode, int n)
{
    for (int i = 0; i < n && i < SOCKETS_MAX; i++)
        if (found[i].inode == inode)
            return &found[i];
    return NULL;
}

static int read_all(void)
{
    int n = sockets_open_to_others(found, SOCKETS_MAX);
    if (n == -ENOENT)
        skip(); /* a kernel without sock_diag: /proc/net is read instead */
    assert_true(n >= 0);
    return n;
}

static void listening_sockets_are_found_and_others_are_not(void **state)
{
    (void)state;
    static const uint8_t loopback[4] = {127, 0, 0, 1};
    uint16_t port, udp_port, other_port;
    uint64_t inode, udp_inode, other_inode;
    int listener = open_at(SOCK_STREAM, "127.0.0.1", &port, &inode);
    int udp = open_at(SOCK_DGRAM, "0.0.0.0", &udp_port, &udp_inode);
    int client = open_at(SOCK_DGRAM, "127.0.0.1", &other_port, &other_inode);
    struct sockaddr_in peer = {.sin_family = AF_INET, .sin_port = htons(udp_port)};
    peer.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_null(socket_with(inode, read_all())); /* bound, and not listening yet */
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(connect(client, (struct sockaddr *)&peer, sizeof(peer)), 0);
    int n = read_all();
    const struct open_socket *s = socket_with(inode, n);
    assert_non_null(s);
    assert_true(s->tcp && !s->v6 && s->port == port && s->uid == getuid());
    assert_memory_equal(s->address, loopback, 4);
    s = socket_with(udp_inode, n);
    assert_non_null(s);
    assert_true(!s->tcp && s->port == udp_port);
    assert_null(socket_with(other_inode, n)); /* it talks to one peer only */
    close(listener);
    assert_null(socket_with(inode, read_all()));
    close(udp);
    close(client);
}

static void more_than_there_is_room_for_is_counted(void **state)
{
    (void)state;
    uint16_t port;
    uint64_t inode;
    int a = open_at(SOCK_STREAM, "127.0.0.1", &port, &inode);
    int b = open_at(SOCK_STREAM, "127.0.0.1", &port, &inode);
    assert_int_equal(listen(a, 1) | listen(b, 1), 0);
    struct open_socket one[1];
    int n = read_all();
    assert_true(n >= 2);
    assert_true(sockets_open_to_others(one, 1) >= 2);
    close(a);
    close(b);
}

static void the_loopback_address_is_there(void **state)
{
    (void)state;
    struct address all[ADDRESSES_MAX];
    int n = addresses_read(all, ADDRESSES_MAX);
    bool seen = false;
    assert_true(n > 0);
    for (int i = 0; i < n && i < ADDRESSES_MAX; i++)
        seen = seen || (strcmp(all[i].interface_name, "lo") == 0 && !all[i].v6 &&
                        strcmp(all[i].text, "127.0.0.1") == 0 && all[i].prefix == 8);
    assert_true(seen);
    assert_int_equal(addresses_read(all, 0), n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(listening_sockets_are_found_and_others_are_not),
        cmocka_unit_test(more_than_there_is_room_for_is_counted),
        cmocka_unit_test(the_loopback_address_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

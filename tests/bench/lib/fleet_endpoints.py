"""Thousands of endpoints in one thread: each with its own certificate and a connection that it keeps, as ship
does it, pauses after failures included.

OpenSSL (behind Python's ssl) rather than the agent's mbedTLS: its handshake costs the client a tenth, which
leaves the processors to the center that is measured. Python's SSLContext holds one certificate, but a connection
keeps the one that was in it when it was made: so one context serves all."""

import base64
import heapq
import os
import random
import resource
import selectors
import socket
import ssl
import struct
import time

from center_kit import (ECDSA_SHA256, ca_name, der, sequence, subject, to_be_signed)
import p256

P256_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")
NEEDS = 512             # descriptors for all that is not a connection
TIMEOUT = 60.0          # [center] timeout
BACKOFF_FIRST, BACKOFF_MOST = 1.0, 300.0
RESET = struct.pack("ii", 1, 0)     # SO_LINGER: closed at once, so that no port stays taken


def room_for(connections):
    """Raises the limit of open files or says what is missing."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    need = connections + NEEDS
    if soft < need <= hard or hard == resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(need, soft), hard))
    elif hard < need:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (need, need))
        except (ValueError, OSError):
            raise SystemExit("%d endpoints need %d open files, the limit is %d: ulimit -Hn %d"
                             % (connections, need, hard, need)) from None


def integer(value):
    return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def pem(label, data):
    return "-----BEGIN %s-----\n%s-----END %s-----\n" % (label, base64.encodebytes(data).decode(), label)


class Certificates:
    """Key and certificate of each endpoint in a file, signed with the key of the center's CA."""

    def __init__(self, ca_folder, out):
        self.secret, self.out = p256.read_key(ca_folder + "/ca.key"), out
        self.signer = P256_SPKI + self.point(p256.times_g(self.secret))

    @staticmethod
    def point(point):
        return b"\x04" + point[0].to_bytes(32, "big") + point[1].to_bytes(32, "big")

    def make(self, cn, institution):
        secret, point = p256.new_key()
        body = to_be_signed(ca_name("Endpoints"), self.signer, subject(cn, "endpoint", institution), P256_SPKI + point)
        r, s = p256.sign(self.secret, body)
        whole = sequence(body, ECDSA_SHA256, der(0x03, b"\0" + sequence(integer(r), integer(s))))
        key = sequence(der(0x02, b"\x01"), der(0x04, secret.to_bytes(32, "big")),
                       der(0xa0, bytes.fromhex("06082a8648ce3d030107")), der(0xa1, der(0x03, b"\0" + point)))
        path = "%s/%s.pem" % (self.out, cn)
        with open(path, "w") as file:
            file.write(pem("EC PRIVATE KEY", key) + pem("CERTIFICATE", whole))
        return path


class Delivered:
    """What became of a batch."""
    __slots__ = ("stream", "seq", "offered", "stored", "size")

    def __init__(self, teller, size, now):
        self.stream, self.seq, self.size, self.offered, self.stored = teller.stream, teller.seq, size, now, 0.0


class Endpoint:
    """DOWN -> connecting -> shaking hands -> up; a batch is in `batch` until it is answered."""

    def __init__(self, fleet, teller, pem):
        self.fleet, self.teller, self.pem = fleet, teller, pem
        self.stream = None              # the TLS socket
        self.ready = False
        self.batch, self.out, self.answer, self.delivery = None, b"", b"", None
        self.asking = False             # it is under way
        self.failures = 0
        self.deadline = 0.0

    # ---- the connection ----

    def connect(self):
        plain = socket.socket()
        plain.setblocking(False)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        plain.connect_ex(self.fleet.address)
        self.stream, self.ready = plain, False
        self.deadline = time.monotonic() + TIMEOUT
        self.fleet.counts["connects"] += 1
        self.fleet.selector.register(plain, selectors.EVENT_WRITE, self)

    def begin_tls(self):
        plain = self.stream
        error = plain.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
        self.fleet.selector.unregister(plain)
        self.fleet.context.load_cert_chain(self.pem)
        self.stream = self.fleet.context.wrap_socket(plain, server_hostname=self.fleet.address[0],
                                                     do_handshake_on_connect=False)
        self.fleet.selector.register(self.stream, selectors.EVENT_READ, self)

    def drop(self):
        if self.stream is not None:
            try:
                self.fleet.selector.unregister(self.stream)
            except (KeyError, ValueError):
                pass
            self.stream.close()
        self.stream, self.ready, self.asking, self.answer = None, False, False, b""

    def fail(self, why):
        """As ship: closed, and a pause of which half is chance, doubled each time."""
        self.drop()
        self.fleet.counts[why] = self.fleet.counts.get(why, 0) + 1
        if self.batch is None:
            return
        self.failures += 1
        pause = min(BACKOFF_FIRST * 2 ** (self.failures - 1), BACKOFF_MOST)
        self.fleet.at(time.monotonic() + pause * random.uniform(0.5, 1), self)

    # ---- a batch ----

    def due(self):
        """Time for the next batch, or for another try with the one under way."""
        if self.batch is None:
            name, data = self.teller.next()
            self.delivery = Delivered(self.teller, len(data), time.time())
            self.fleet.deliveries.append(self.delivery)
            head = ("PUT /v1/telemetry/%s/%s HTTP/1.1\r\nHost: %s:%d\r\nUser-Agent: vigia/bench\r\nAccept: */*\r\n"
                    "Content-Type: application/gzip\r\nContent-Length: %d\r\n\r\n"
                    % ((self.teller.cn, name) + self.fleet.address + (len(data),))).encode()
            self.batch = head + data
            self.fleet.waiting += 1
        if self.stream is None:
            self.connect()
        elif self.ready and not self.asking:
            self.send()

    def send(self):
        self.out, self.answer, self.asking = self.batch, b"", True
        self.deadline = time.monotonic() + TIMEOUT
        self.push()

    def push(self):
        try:
            while self.out:
                self.out = self.out[self.stream.send(self.out):]
            self.fleet.selector.modify(self.stream, selectors.EVENT_READ, self)
        except ssl.SSLWantWriteError:
            self.fleet.selector.modify(self.stream, selectors.EVENT_READ | selectors.EVENT_WRITE, self)

    # ---- what the selector says ----

    def happened(self, mask):
        try:
            if not isinstance(self.stream, ssl.SSLSocket):
                self.begin_tls()
                self.shake()
            elif not self.ready:
                self.shake()
            else:
                if self.out and mask & selectors.EVENT_WRITE:
                    self.push()
                if mask & selectors.EVENT_READ:
                    self.read()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except (OSError, ssl.SSLError) as error:
            self.fail(type(error).__name__)

    def shake(self):
        try:
            self.stream.do_handshake()
        except ssl.SSLWantWriteError:
            self.fleet.selector.modify(self.stream, selectors.EVENT_READ | selectors.EVENT_WRITE, self)
            return
        self.ready = True
        self.fleet.counts["handshakes"] += 1
        if self.batch is not None:
            self.send()
        else:
            self.fleet.selector.modify(self.stream, selectors.EVENT_READ, self)

    def read(self):
        got = self.stream.recv(4096)
        if not got:
            return self.fail("closed")
        self.answer += got
        if b"\r\n\r\n" not in self.answer:
            return None
        status = self.answer[9:12]
        if status in (b"201", b"204"):
            return self.stored()
        self.fail("status %s" % status.decode("latin-1"))
        return None

    def stored(self):
        self.delivery.stored = time.time()
        self.fleet.sent_bytes += len(self.batch)
        self.batch, self.answer, self.asking, self.failures = None, b"", False, 0
        self.fleet.waiting -= 1


class Fleet:
    def __init__(self, center, tellers, pems):
        self.address = ("127.0.0.1", center.port)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for folder in ("servers-1", "servers-2"):
            self.context.load_verify_locations("%s/%s/ca.crt" % (center.cas, folder))
        self.selector = selectors.DefaultSelector()
        self.timers, self.order, self.looked = [], 0, 0.0
        self.deliveries, self.waiting, self.sent_bytes = [], 0, 0
        self.counts = {"connects": 0, "handshakes": 0}
        self.endpoints = [Endpoint(self, teller, pem) for teller, pem in zip(tellers, pems)]

    def at(self, when, endpoint):
        self.order += 1
        heapq.heappush(self.timers, (when, self.order, endpoint))

    def turn(self, until):
        now = time.monotonic()
        while self.timers and self.timers[0][0] <= now:
            heapq.heappop(self.timers)[2].due()
        following = self.timers[0][0] if self.timers else until
        for key, mask in self.selector.select(max(0, min(following, until, now + 0.5) - time.monotonic())):
            key.data.happened(mask)

    def steady(self, minutes):
        """Each endpoint once a minute, evenly spread; ends after the last minute."""
        began = time.monotonic()
        for minute in range(minutes):
            for i, endpoint in enumerate(self.endpoints):
                self.at(began + 60 * (minute + i / len(self.endpoints)), endpoint)
        self.run(began + 60 * minutes)

    def storm(self, most):
        """All connections go at once; everybody comes back at once with a batch. Seconds until all are stored."""
        began = time.monotonic()
        for endpoint in self.endpoints:
            endpoint.drop()
        for endpoint in self.endpoints:
            self.at(began, endpoint)
        while (self.waiting or self.timers) and time.monotonic() < began + most:
            self.turn(began + most)
            self.end_late()
        return time.monotonic() - began

    def run(self, until):
        while time.monotonic() < until:
            self.turn(until)
            self.end_late()

    def end_late(self):
        """Who waits longer than the agent would; looked for about once a second."""
        now = time.monotonic()
        if now < self.looked + 1:
            return
        self.looked = now
        for endpoint in self.endpoints:
            if endpoint.batch is not None and endpoint.stream is not None and now > endpoint.deadline:
                endpoint.fail("timeout")

    def trouble(self):
        return ", ".join("%d %s" % (n, what) for what, n in self.counts.items()
                         if what not in ("connects", "handshakes"))

    def close(self):
        for endpoint in self.endpoints:
            endpoint.drop()
        self.selector.close()

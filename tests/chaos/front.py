"""What stands between the agent, the SOC and the center's nginx: passes bytes on, unless a fault says otherwise."""

import random
import select
import socket
import struct
import threading
import time

PIECE = 65536
RESET = struct.pack("ii", 1, 0)     # SO_LINGER: closed with RST, what is under way is gone


class Front:
    """A port of its own. `away`, `silent`, `late` (seconds), `cut` and `other` (a port that answers in nginx's place)
    hold for bytes from now on; connections of before end when one of them changes."""

    def __init__(self, to_port, seed):
        self.to_port, self.random = to_port, random.Random(seed)
        self.away = self.silent = self.cut = False
        self.late, self.other = 0.0, None
        self.cuts = 0
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.open, self.lock, self.over = set(), threading.Lock(), False
        self.thread = threading.Thread(target=self.accept, daemon=True)
        self.thread.start()

    def change(self, **modes):
        for name, value in modes.items():
            setattr(self, name, value)
        with self.lock:
            streams = list(self.open)
        for stream in streams:
            hang_up(stream)

    def close(self):
        self.over = True
        self.thread.join()
        self.listener.close()
        self.change()

    def accept(self):
        while not self.over:
            if select.select([self.listener], [], [], 0.2)[0]:
                stream = self.listener.accept()[0]
                threading.Thread(target=self.serve, args=(stream,), daemon=True).start()

    def serve(self, stream):
        back = None
        with self.lock:
            self.open.add(stream)
        try:
            if self.away:
                return
            while self.silent and not self.over:
                time.sleep(0.1)
            back = socket.create_connection(("127.0.0.1", self.other or self.to_port), 5)
            self.pump(stream, back)
        except OSError:
            pass
        finally:
            with self.lock:
                self.open.discard(stream)
            for one in (stream, back):
                if one:
                    hang_up(one)
                    one.close()

    def pump(self, stream, back):
        """Until one side ends; with `cut`, after a number of bytes that falls anywhere: in the handshake, in a batch,
        between a batch and its answer."""
        left = self.random.choice((2000, 6000, 20000, 100000)) * self.random.random() if self.cut else None
        while True:
            for one in select.select([stream, back], [], [])[0]:
                data = one.recv(PIECE)
                if not data:
                    return
                if one is back and self.late:
                    time.sleep(self.late)
                if left is not None and len(data) >= left:
                    self.cuts += 1
                    (stream if one is back else back).sendall(data[:int(left)])
                    return
                left = left if left is None else left - len(data)
                (stream if one is back else back).sendall(data)


def hang_up(stream):
    try:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        stream.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass

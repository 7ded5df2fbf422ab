"""A center that is not as it should be: it stands where nginx stood, with any certificate, and answers
every request with one status, too late, or not at all."""

import os
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

from center_kit import TREE

sys.path.insert(0, TREE + "/scripts/center")
import ca  # noqa: E402
from place import Place  # noqa: E402


class BadCenter:
    def __init__(self, line, status, late=0.0, pair=None):
        self.asked = []     # when batches came, monotonic
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 1   # ship keeps its connection; without an end to waiting this would not return

            def do_PUT(self):
                if self.command == "PUT":
                    asked.append(time.monotonic())
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                time.sleep(late)
                self.send_response(status)
                if status == 429:
                    self.send_header("Retry-After", "1")
                self.send_header("Content-Length", "0")
                self.send_header("Connection", "close")     # one who asks again and again ends, too
                self.end_headers()

            def do_GET(self):
                self.do_PUT()

            def log_message(self, *words):
                pass

        pki = line.center + "/etc/vigia-center/pki"
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*(pair or (pki + "/server.crt", pki + "/server.key")))
        self.server = HTTPServer(("127.0.0.1", line.port), Handler)
        self.server.timeout = 0.2
        self.server.handle_error = lambda *_: None      # an agent that hangs up is no news
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        self.over = False

    def handle_until(self, is_over):
        while not is_over():
            try:
                self.server.handle_request()
            except OSError:
                pass
        self.server.server_close()

    def serve(self, seconds):
        until = time.monotonic() + seconds
        self.handle_until(lambda: time.monotonic() >= until)

    def __enter__(self):
        self.thread = threading.Thread(target=self.handle_until, args=(lambda: self.over,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over = True
        self.thread.join()


class Silence:
    """Takes connections and never says a word."""

    def __init__(self, line):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", line.port))
        self.listener.listen(16)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def server_pair(line, label, names="DNS:localhost,IP:127.0.0.1", begin=-3600, end=86400, root=None):
    """A server's certificate as the CAs of a center would never make it: (certificate, key)."""
    key, now = ca.new_key(), time.time()
    paths = ["%s/%s.%s" % (line.root, label, ending) for ending in ("crt", "key")]
    text = ca.Ca(Place(root or line.center), "servers-1").sign(
        ca.request_for(key), "/O=Vigia/CN=" + label, "server", now + begin, now + end, names)
    for path, content in zip(paths, (text, key)):
        with open(path, "w") as file:
            file.write(content)
        os.chmod(path, 0o600)
    return tuple(paths)

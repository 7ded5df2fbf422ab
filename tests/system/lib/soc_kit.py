"""A center of a few lines (TLS, Range, feed) for tests of scripts/soc, batches of every kind, and a
follow to run. Where real nginx matters, center_kit.py has it."""

import gzip
import hashlib
import http.server
import json
import os
import re
import shutil
import signal
import socket
import socketserver
import ssl
import subprocess
import sys
import tempfile
import threading
import time

TREE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
SOC = TREE + "/scripts/soc/"
INSTITUTION = "MX-SAT"
EXTENSIONS = """
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[server]
basicConstraints = CA:FALSE
subjectAltName = IP:127.0.0.1
extendedKeyUsage = serverAuth
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth
"""


def openssl(*words):
    subprocess.run(("openssl",) + words, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.PIPE)


class Pki:
    """Two CAs, a server and a client, made by the openssl command."""

    def __init__(self, folder):
        self.folder = folder
        with open(folder + "/ext", "w") as out:
            out.write(EXTENSIONS)
        for name in ("servers", "operators"):
            openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", self.at(name, "key"), "-out", self.at(name, "crt"),
                    "-subj", "/O=Vigia/CN=" + name, "-days", "30")
        self.leaf("server", "servers", "/CN=127.0.0.1", "server")

    def at(self, name, kind):
        return "%s/%s.%s" % (self.folder, name, kind)

    def leaf(self, name, issuer, subject, section, days="30"):
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-keyout", self.at(name, "key"), "-out", self.at(name, "csr"), "-subj", subject)
        openssl("x509", "-req", "-in", self.at(name, "csr"), "-CA", self.at(issuer, "crt"),
                "-CAkey", self.at(issuer, "key"), "-CAcreateserial", "-days", days, "-extfile",
                self.folder + "/ext", "-extensions", section, "-out", self.at(name, "crt"))

    def bundle(self, name, port, role="soc", institution=INSTITUTION, issuer="operators",
               cas=("servers",)):
        self.leaf(name, issuer, "/O=%s/OU=%s/CN=%s" % (institution, role, name), "client")
        path = self.at(name, "bundle")
        parts = [self.at(ca, "crt") for ca in cas] + [self.at(name, "key"), self.at(name, "crt")]
        with open(path, "w") as out:
            out.write("[bundle]\nversion = 1\ncenter = https://127.0.0.1:%d\nrole = %s\ncn = %s\n"
                      "institution = %s\n" % (port, role, name, institution))
            for part in parts:
                with open(part) as source:
                    out.write(source.read())
        os.chmod(path, 0o600)
        return path


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def send(self, status, body=b"", **headers):
        lines = ["HTTP/1.1 %d X" % status, "Date: " + self.date_time_string(self.server.center.now()),
                 "Content-Length: %d" % len(body)]
        lines += ["%s: %s" % (key.replace("_", "-"), value) for key, value in headers.items()]
        self.wfile.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)

    def do_GET(self):
        center = self.server.center
        center.requests += 1
        if center.trouble:
            status, headers = center.trouble
            return self.send(status, **headers)
        data = center.files.get(self.path.replace("%20", " "))
        if self.path == "/v1/arrivals/":
            data = center.listing()
        if data is None:
            return self.send(404)
        data = bytes(data)
        span = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
        if not span:
            return self.send(200, data)
        first, last = int(span.group(1)), int(span.group(2))
        if first >= len(data):
            return self.send(416, Content_Range="bytes */%d" % len(data))
        self.send(206, data[first:last + 1])


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def get_request(self):
        plain, address = self.socket.accept()
        plain.settimeout(30)
        stream = self.center.context.wrap_socket(plain, server_side=True,
                                                 do_handshake_on_connect=False)
        self.center.connections += 1
        self.center.streams.append(stream)
        return stream, address

    def handle_error(self, *_):
        pass


class FakeCenter:
    """Feed and batches in memory, served as nginx would. A context manager."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="vigia-soc-")
        self.pki = Pki(self.folder)
        self.files = {}
        self.trouble = None
        self.requests = self.connections = 0
        self.streams = []
        self.ahead = 0.0
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(self.pki.at("server", "crt"), self.pki.at("server", "key"))
        self.context.load_verify_locations(self.pki.at("operators", "crt"))
        self.context.verify_mode = ssl.CERT_REQUIRED
        self.port = 0
        self.start()
        self.bundle = self.pki.bundle("soc-1", self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder)

    def start(self):
        Server.allow_reuse_address = True
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.center = self
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        for stream in self.streams:
            try:
                stream.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.streams = []

    def now(self):
        return time.time() + self.ahead

    def listing(self):
        """As nginx's autoindex."""
        top = "/v1/arrivals/"
        return json.dumps([{"name": path[len(top):], "type": "file", "size": len(data)}
                           for path, data in list(self.files.items())
                           if path.startswith(top) and "/" not in path[len(top):]]).encode()

    def hour(self, t):
        return time.strftime("%Y-%m-%dT%H", time.gmtime(t))

    def store(self, endpoint, name, data, institution=INSTITUTION):
        """The file alone: as after a crash between rename and log line."""
        self.files["/v1/store/%s/%s/%s" % (institution, endpoint, name)] = data

    def announce(self, endpoint, name, size=1, institution=INSTITUTION, t=None):
        t = self.now() if t is None else t
        line = '{"t":%.3f,"endpoint":"%s","institution":"%s","serial":"0A","name":"%s","len":%d}\n' \
            % (t, endpoint, institution, name, size)
        self.feed_bytes(line.encode(), institution, t)

    def feed_bytes(self, data, institution=INSTITUTION, t=None):
        hour = self.hour(self.now() if t is None else t)
        for path in ("/v1/arrivals/arrivals-%s.ndjson" % hour,
                     "/v1/arrivals/by/%s~%s.ndjson" % (institution, hour)):
            self.files.setdefault(path, bytearray()).extend(data)

    def put(self, endpoint, name, data, institution=INSTITUTION, t=None):
        self.store(endpoint, name, data, institution)
        self.announce(endpoint, name, len(data), institution, t)


# ---- batches ---------------------------------------------------------------------------------------

def uid_of(*parts):
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]


def event(endpoint, uid, institution=INSTITUTION, kind=1001, severity=1, **more):
    made = {"class_uid": kind, "activity_id": 3, "severity_id": severity,
            "time": int(time.time() * 1000),
            "metadata": {"version": "1.8.0", "uid": uid, "tenant_uid": institution,
                         "product": {"name": "Vigia", "vendor_name": "Vigia", "version": "0.1.0"},
                         "reporter": {"uid": endpoint, "hostname": "h"}}}
    made.update(more)
    return made


def heartbeat(endpoint, stream, seq, events, prev="", low=None, lost=(), due_s=600,
              institution=INSTITUTION, **vigia):
    made = event(endpoint, uid_of("beat", stream, seq), institution, 6002)
    made["activity_id"] = 99
    inner = {"stream": stream, "seq": seq, "prev": prev, "low": seq if low is None else low,
             "lost": list(lost), "due": made["time"] + int(due_s * 1000), "events": events,
             "counters": {"seen": 0, "emitted": 0, "suppressed": 0, "dropped": {}},
             "sources": [{"name": "log_file", "state": "ok", "detail": ""}],
             "spool": {"batches": 1, "bytes": 100, "cap": 1 << 30},
             "collect": {"cpu_ms": 1, "rss_kib": 3000, "uptime_s": 1},
             "ship": {"cert_days": 80, "error": ""}}
    inner.update(vigia)
    made["unmapped"] = {"vigia": inner}
    return made


def pack(lines):
    """gzip of lines: bytes as they are, all else as JSON."""
    text = b"".join((line if isinstance(line, bytes) else
                     json.dumps(line, separators=(",", ":"), ensure_ascii=False).encode())
                    + b"\n" for line in lines)
    return gzip.compress(text, 6, mtime=0)


def name_of(stream, seq, data):
    return "%s-%d-%s.ndjson.gz" % (stream, seq, hashlib.sha256(data).hexdigest()[:32])


class Agent:
    """An honest endpoint: makes its next batch, remembers what it told."""

    def __init__(self, name, stream="1a2b3c4d", institution=INSTITUTION):
        self.name, self.stream, self.institution = name, stream, institution
        self.seq, self.prev, self.low, self.lost = 0, "", 1, []
        self.told = []

    def batch(self, events=3, acked=True, **beat):
        """(name, data). `events`: a number, or a list of events."""
        self.seq += 1
        if isinstance(events, int):
            events = [event(self.name, uid_of(self.name, self.stream, self.seq, i),
                            self.institution) for i in range(events)]
        self.told += [one["metadata"]["uid"] for one in events]
        self.told.append(uid_of("beat", self.stream, self.seq))
        fields = {"prev": self.prev, "low": self.low, "lost": self.lost}
        fields.update(beat)
        head = heartbeat(self.name, self.stream, self.seq, len(events),
                         institution=self.institution, **fields)
        data = pack([head] + events)
        self.prev = name_of(self.stream, self.seq, data)
        if acked:
            self.low = self.seq + 1
        return self.prev, data


# ---- follow and what it leaves -----------------------------------------------------------------------

def command(name, *words, python=sys.executable):
    """Runs a command of scripts/soc to its end: status, stdout, stderr."""
    done = subprocess.run([python, SOC + name] + [str(word) for word in words],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Follow:
    """A running follow."""

    def __init__(self, center, folder, *words, bundle=None):
        self.folder = folder
        self.log = open(folder + ".log", "ab")
        self.out = open(folder + ".out", "ab")
        self.process = subprocess.Popen(
            [sys.executable, SOC + "follow", "--bundle", bundle or center.bundle, "--dir", folder,
             "--interval", "0.05"] + list(words), stdout=self.out, stderr=self.log)

    def stop(self, how=signal.SIGTERM):
        """Ends it; (exit status, its peak RSS in KiB)."""
        self.process.send_signal(how)
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = status
        self.log.close()
        self.out.close()
        return status, usage.ru_maxrss

    def said(self):
        with open(self.folder + ".log", errors="replace") as source:
            return source.read()


def lake_lines(folder):
    """All lines of the lake, parsed."""
    lines = []
    for path, _, files in os.walk(folder + "/lake"):
        for file in files:
            with gzip.open("%s/%s" % (path, file), "rb") as source:
                lines += [json.loads(line) for line in source]
    return lines


def lake_uids(folder):
    """[(endpoint, uid)] as often as they are in the lake."""
    return [(line["metadata"]["reporter"]["uid"], line["metadata"]["uid"])
            for line in lake_lines(folder)]


def alarms(folder, kind=None):
    try:
        with open(folder + "/alarms.ndjson") as source:
            rows = [json.loads(line) for line in source]
    except FileNotFoundError:
        return []
    return [row for row in rows if kind in (None, row["kind"])]


def wait_for(condition, seconds=10.0):
    """Whether it came true in time."""
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())

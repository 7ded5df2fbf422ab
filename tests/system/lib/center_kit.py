"""A real center in a temporary folder, clients with any certificate one can think of, and checks."""

import hashlib
import http.client
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import traceback

TREE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
SCRIPTS = TREE + "/scripts/center/"
WAIT = 5            # seconds, for anything that should come at once


class Checks:
    def __init__(self):
        self.passed = self.failed = 0

    def __call__(self, what, good, seen=""):
        if good:
            self.passed += 1
        else:
            self.failed += 1
            print("FAILED %s%s" % (what, ": " + str(seen)[:400] if seen != "" else ""), flush=True)

    def same(self, what, seen, expected):
        self(what, seen == expected, "%r, expected %r" % (seen, expected))

    def attempt(self, test, *what):
        """Runs a test; one that breaks off counts as failed and the others go on."""
        try:
            test(*what)
        except Exception:
            self(test.__name__ + " broke off", False, traceback.format_exc()[-400:])

    def done(self):
        print("%d passed, %d failed" % (self.passed, self.failed))
        sys.exit(1 if self.failed else 0)


def need_nginx():
    if not shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin"):
        print("nginx is not installed: apt-get install --no-install-recommends nginx-light")
        print("0 passed, 0 failed")
        sys.exit(77)


def script(name, *words, root):
    """Runs a command of scripts/center; status and all it printed."""
    done = subprocess.run([sys.executable,
                           SCRIPTS + name] + [str(word) for word in words] + ["--root", root],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    return done.returncode, done.stdout


def free_port():
    """A port below those that the kernel gives to connections: a center that is away for a while finds
    its port free when it comes back, whatever else connects on this machine meanwhile."""
    while True:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


# ---- certificates, byte by byte ------------------------------------------------------------------

def der(tag, *parts):
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def sequence(*parts):
    return der(0x30, *parts)


def oid(hexadecimal):
    return der(0x06, bytes.fromhex(hexadecimal))


TYPES = {"CN": "550403", "O": "55040a", "OU": "55040b", "C": "550406", "DC": "0992268993f22c640119"}
UTF8, PRINTABLE, BMP = 0x0c, 0x13, 0x1e


def name(*rdns):
    """A subject in DER order. An RDN is ("CN", b"value"[, tag]) or a list of those."""
    def one(part):
        kind, value = part[:2]
        return sequence(oid(TYPES[kind]), der(part[2] if len(part) > 2 else UTF8, value))
    return sequence(*(der(0x31, *map(one, rdn if isinstance(rdn, list) else [rdn]))
                      for rdn in rdns))


def subject(cn, role, institution):
    return name(("O", institution.encode()), ("OU", role.encode()), ("CN", cn.encode()))


CLIENT_AUTH, SERVER_AUTH, CODE_SIGNING = "2b06010505070302", "2b06010505070301", "2b06010505070303"
SIGNS, ENCIPHERS = b"\x07\x80", b"\x05\x20"
ECDSA_SHA256 = sequence(oid("2a8648ce3d040302"))


def extension(number, value, critical=True):
    return sequence(oid(number), der(0x01, b"\xff") if critical else b"", der(0x04, value))


def utc(seconds):
    return der(0x17, time.strftime("%y%m%d%H%M%SZ", time.gmtime(seconds)).encode())


def key_id(public):
    return hashlib.sha1(public[26:]).digest()       # behind the 26 bytes of any key on P-256


def to_be_signed(issuer, signer, whose, public, usage=CLIENT_AUTH, bits=SIGNS, is_ca=False,
                 begin=-3600, end=86400):
    """A TBSCertificate. signer and public: SubjectPublicKeyInfo of the CA's key and of the certificate's."""
    # by the key identifiers openssl tells a sub-CA from a trusted CA of the same name
    extensions = [extension("551d13", sequence(der(0x01, b"\xff") if is_ca else b"")),
                  extension("551d0f", der(0x03, b"\x01\x06" if is_ca else bits)),
                  extension("551d0e", der(0x04, key_id(public)), False),
                  extension("551d23", sequence(der(0x80, key_id(signer))), False)]
    if usage and not is_ca:
        extensions.append(extension("551d25", sequence(oid(usage)), False))
    now = time.time()
    return sequence(der(0xa0, der(0x02, b"\x02")), der(0x02, b"\x40" + os.urandom(15)),
                    ECDSA_SHA256, issuer, sequence(utc(now + begin), utc(now + end)), whose, public,
                    der(0xa3, sequence(*extensions)))


class Maker:
    """Signs certificates with the keys of a center's CAs, or of others."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.publics = {}
        self.key = self.new_key("leaf")

    def new_key(self, label):
        path = "%s/%s.key" % (self.folder, label)
        subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-out", path],
                       check=True, stderr=subprocess.DEVNULL)
        return path

    def public(self, key):
        """SubjectPublicKeyInfo of a private key's file."""
        if key not in self.publics:
            self.publics[key] = subprocess.run(["openssl", "pkey", "-in", key, "-pubout",
                                                "-outform", "DER"],
                                               check=True, stdout=subprocess.PIPE).stdout
        return self.publics[key]

    def certificate(self, issuer, issuer_key, whose, key=None, usage=CLIENT_AUTH, bits=SIGNS,
                    is_ca=False,
                    begin=-3600, end=86400, chain=()):
        """A PEM file: the certificate, then those of `chain`."""
        self.count += 1
        public, signer = self.public(key or self.key), self.public(issuer_key)
        body = to_be_signed(issuer, signer, whose, public, usage, bits, is_ca, begin, end)
        signature = subprocess.run(["openssl", "dgst", "-sha256", "-sign", issuer_key], check=True,
                                   input=body,
                                   stdout=subprocess.PIPE).stdout
        path = "%s/odd-%d.pem" % (self.folder, self.count)
        with open(path, "w") as out:
            out.write(ssl.DER_cert_to_PEM_cert(sequence(body, ECDSA_SHA256,
                                                        der(0x03, b"\0" + signature))))
            for other in chain:
                with open(other) as more:
                    out.write(more.read())
        return path


def ca_name(which):
    return name(("O", b"Vigia"), ("CN", b"Vigia %s CA" % which.encode()))


# ---- the center ----------------------------------------------------------------------------------

class Center:
    """setup has run; nginx runs after start(). A context manager that leaves nothing behind."""

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="vigia-center-")
        os.chmod(self.root, 0o755)              # nginx's workers must get through
        self.port = free_port()
        self.url = "https://127.0.0.1:%d" % self.port
        self.tree = self.root + "/srv/vigia/v1"
        self.cas = self.root + "/var/lib/vigia-ca"
        self.pki = self.root + "/etc/vigia-center/pki"
        self.bundles = tempfile.mkdtemp(prefix="vigia-bundles-")

    def __enter__(self):
        status, said = script("setup", "--listen", "127.0.0.1:%d" % self.port, root=self.root)
        if status != 0:
            raise SystemExit("setup failed: " + said)
        self.maker = Maker(self.bundles)
        return self

    def __exit__(self, *_):
        script("serve", "stop", root=self.root)
        shutil.rmtree(self.root)
        shutil.rmtree(self.bundles)

    def start(self):
        status, said = script("serve", "start", root=self.root)
        if status != 0:
            raise SystemExit("serve start failed: " + said)

    def issue(self, cn, role, institution="MX-SAT"):
        path = "%s/%s.bundle" % (self.bundles, cn)
        status, said = script("issue", "--cn", cn, "--role", role, "--institution", institution,
                              "--center", self.url,
                              "-o", path, root=self.root)
        if status != 0:
            raise SystemExit("issue failed: " + said)
        return Client(self, path, path)

    def odd(self, which, whose, **how):
        """A client with a certificate of this center's CA `which` that `issue` knows nothing of."""
        key = "%s/%s/ca.key" % (self.cas, which.lower())
        return Client(self, self.maker.certificate(ca_name(which), key, whose, **how),
                      self.maker.key)

    def read(self, path):
        with open("%s/%s" % (self.tree, path), "rb") as source:
            return source.read()

    def has(self, path):
        return os.path.exists("%s/%s" % (self.tree, path))


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()


class Client:
    def __init__(self, center, certificate=None, key=None, lowest=ssl.TLSVersion.TLSv1_2,
                 highest=ssl.TLSVersion.TLSv1_3, ciphers=None):
        self.center = center
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for folder in ("servers-1", "servers-2"):
            self.context.load_verify_locations("%s/%s/ca.crt" % (center.cas, folder))
        if ciphers:
            self.context.set_ciphers(ciphers)
        self.context.minimum_version, self.context.maximum_version = lowest, highest
        if certificate:
            with open(certificate) as source:           # a bundle's header is no PEM
                text = source.read()
            if text.startswith("[bundle]"):
                certificate = key = certificate + ".pem"
                with open(certificate, "w") as out:
                    out.write(text[text.index("-----BEGIN"):])
            self.context.load_cert_chain(certificate, key)

    def connect(self, **how):
        plain = socket.create_connection(("127.0.0.1", self.center.port), WAIT)
        try:
            return self.context.wrap_socket(plain, server_hostname="127.0.0.1", **how)
        except BaseException:
            plain.close()
            raise

    def ask(self, method, path, body=None, headers=(), on=None):
        """One request with the path as it is, byte for byte."""
        with Stream(on, self) as stream:
            stream.sendall(request(method, path, body, headers))
            return answer(stream, method)

    def status(self, method, path, body=None, headers=()):
        return self.ask(method, path, body, headers).status

    def raw(self, data):
        """What comes back until the center hangs up: b"" if it hangs up without a byte of HTTP."""
        return until_closed(self.connect, data)


class Stream:
    """The stream that was given, left open, or a new one, closed in the end."""

    def __init__(self, given, client):
        self.stream, self.mine = (given, False) if given else (client.connect(), True)

    def __enter__(self):
        return self.stream

    def __exit__(self, *_):
        if self.mine:
            self.stream.close()


def request(method, path, body=None, headers=()):
    lines = ["%s %s HTTP/1.1" % (method, path), "Host: center"] + list(headers)
    if body is not None and not any(line.lower().startswith(("content-length", "transfer-enc"))
                                    for line in headers):
        lines.append("Content-Length: %d" % len(body))
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b"")


def answer(stream, method="GET"):
    response = http.client.HTTPResponse(stream, method=method)
    response.begin()
    return Answer(response)


def until_closed(connect, data):
    got = b""
    try:
        with connect() as stream:
            stream.sendall(data)
            while True:
                more = stream.recv(65536)
                if not more:
                    return got
                got += more
    except ConnectionRefusedError:
        return b"(nobody listens)"
    except socket.timeout:
        return got + b"(no end)"
    except (ssl.SSLError, ConnectionError):
        return got

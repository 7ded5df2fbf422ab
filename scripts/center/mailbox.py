"""The folder v1/enroll of a center, where requests wait and answers go: on this machine, or over
mutual TLS with a bundle of the role `ca`. What comes from there was written by strangers: it is
bounded here and judged elsewhere. Both kinds have the same functions."""

import http.client
import json
import os
import re
import secrets
import ssl
import stat
from urllib.parse import urlsplit

from place import CN, Fail, INSTITUTION

REQUEST_MAX = 8192
REQUESTS_MAX = 1000             # in one round
LOG_TAIL = 1 << 20              # of requests.ndjson: who asked lately
LIST_MAX = 4 << 20
TIMEOUT = 20


ASKER = {"role": re.compile("[a-z-]{1,20}"), "cn": CN, "institution": INSTITUTION,
         "serial": re.compile("[0-9A-F]{1,64}")}


class Away(Exception):
    """The center cannot be asked now, in words."""


def last_askers(tail):
    """Who asked last for each name: {cn: row} from the end of requests.ndjson."""
    found = {}
    for line in tail.split(b"\n"):
        try:
            row = json.loads(line.decode("utf-8"))
            match = re.fullmatch(r"/v1/enroll/(.+)\.csr", row["uri"])
            if match and all(form.fullmatch(row[key]) for key, form in ASKER.items()):
                found[match.group(1)] = row
        except (ValueError, KeyError, TypeError):
            continue
    return found


def names_in(names):
    whole = (name[:-4] for name in names if name.endswith(".csr"))
    return sorted(cn for cn in whole if CN.fullmatch(cn))[:REQUESTS_MAX]


class Local:
    """nginx's user owns the folder and may put anything there: no link is followed."""

    def __init__(self, folder):
        self.folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)

    def names(self):
        return names_in(os.listdir(self.folder))

    def _open(self, name):
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY,
                         dir_fd=self.folder)
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            os.close(handle)
            raise OSError("no file")
        return os.fdopen(handle, "rb")

    def read(self, name, most):
        """At most one byte more than it may have; None: it is not there."""
        try:
            with self._open(name) as source:
                return source.read(most + 1)
        except FileNotFoundError:
            return None
        except OSError:
            return b""

    def request(self, cn):
        return self.read(cn + ".csr", REQUEST_MAX)

    def askers(self):
        try:
            with self._open("requests.ndjson") as source:
                source.seek(max(0, os.fstat(source.fileno()).st_size - LOG_TAIL))
                return last_askers(source.read(LOG_TAIL))
        except OSError:
            return {}

    def put(self, name, text):
        temporary = ".new-" + secrets.token_hex(8)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o640,
                         dir_fd=self.folder)
        with os.fdopen(handle, "w") as out:
            out.write(text)
            out.flush()
            owner = os.fstat(self.folder)
            if os.geteuid() == 0:
                os.fchown(handle, owner.st_uid, owner.st_gid)
            os.fsync(handle)
        os.rename(temporary, name, src_dir_fd=self.folder, dst_dir_fd=self.folder)

    def remove(self, cn):
        try:
            os.unlink(cn + ".csr", dir_fd=self.folder)
        except FileNotFoundError:
            pass


class Remote:
    def __init__(self, bundle):
        self.where, self.context = open_bundle(bundle)
        self.connection = None

    def _ask(self, method, path, body=None, headers=None, most=LIST_MAX):
        """(status, body). One more try if a kept connection was closed meanwhile."""
        for fresh in (self.connection is None, True):
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection(
                        self.where[0], self.where[1], timeout=TIMEOUT, context=self.context)
                self.connection.request(method, "/v1/enroll/" + path, body, headers or {})
                response = self.connection.getresponse()
                got = response.read(most + 1)
                if len(got) > most:
                    raise Away("%s:%d: %s is larger than can be" % (self.where + (path,)))
                return response.status, got
            except (OSError, http.client.HTTPException) as error:
                self.close()
                if fresh:
                    raise Away("the center %s:%d cannot be asked: %s; is the bundle of the role ca "
                               "revoked or expired?" % (self.where + (error or "it hangs up",)))
        raise AssertionError

    def close(self):
        if self.connection:
            self.connection.close()
        self.connection = None

    def _must(self, statuses, method, path, **more):
        status, got = self._ask(method, path, **more)
        if status not in statuses:
            raise Away("the center %s:%d answers %d to %s %s" % (self.where
                                                                 + (status, method, path)))
        return status, got

    def names(self):
        try:
            rows = json.loads(self._must((200,), "GET", "")[1].decode("utf-8"))
            return names_in(row["name"] for row in rows)
        except (ValueError, KeyError, TypeError):
            raise Away("the center %s:%d gives a list that cannot be read" % self.where)

    def request(self, cn):
        status, got = self._must((200, 404), "GET", cn + ".csr", most=REQUEST_MAX + 1)
        return got if status == 200 else None

    def askers(self):
        status, got = self._must((200, 206, 404, 416), "GET", "requests.ndjson",
                                 headers={"Range": "bytes=-%d" % LOG_TAIL}, most=LOG_TAIL * 4)
        return last_askers(got) if status in (200, 206) else {}

    def put(self, name, text):
        self._must((201, 204), "PUT", name, body=text.encode())

    def remove(self, cn):
        self._must((204, 404), "DELETE", cn + ".csr")


def open_bundle(path):
    """((host, port), TLS context) of an enrollment bundle for the role ca."""
    try:
        with open(path, encoding="ascii") as source:
            if stat.S_IMODE(os.fstat(source.fileno()).st_mode) & 0o077:
                raise Fail("%s holds a key and others can read it: chmod 600 it" % path, 2)
            text = source.read(65537)
    except (OSError, UnicodeDecodeError) as error:
        raise Fail("--bundle %s: %s" % (path, getattr(error, "strerror", None) or "no text"), 2)
    head, _, _ = text.partition("-----BEGIN")
    values = dict((part.strip() for part in line.split("=", 1))
                  for line in head.splitlines() if "=" in line)
    if values.get("role") != "ca":
        raise Fail("--bundle %s: is no bundle of the role ca" % path, 2)
    url = urlsplit(values.get("center", ""))
    if url.scheme != "https" or not url.hostname:
        raise Fail("--bundle %s: names no center" % path, 2)
    blocks = re.findall("-----BEGIN ([A-Z ]+)-----\n(.+?\n)-----END \\1-----", text, re.S)
    pem = ["-----BEGIN %s-----\n%s-----END %s-----\n" % (kind, body, kind) for kind, body in blocks]
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    memory = os.memfd_create("bundle")              # ssl wants a file; this one never meets a disk
    try:
        # issue writes its own certificate first, then the CAs
        certificates = [one for one in pem if "BEGIN CERT" in one]
        os.write(memory, (certificates[0] + "".join(one for one in pem if " KEY-" in one)).encode())
        context.load_cert_chain("/proc/self/fd/%d" % memory)
        context.load_verify_locations(cadata="".join(certificates[1:]))
    except (ssl.SSLError, IndexError) as error:
        raise Fail("--bundle %s: %s" % (path, error), 2)
    finally:
        os.close(memory)
    return (url.hostname, url.port or 443), context

"""Reads an enrollment bundle (an INI header, then PEM blocks in any order) into a TLS context."""

import datetime
import os
import re
import ssl
import stat
import time
from typing import Dict, List, NamedTuple, Tuple
from urllib.parse import urlsplit

from .common import CN, INSTITUTION, Fail, plain

SIZE_MAX = 256 << 10
PEM = re.compile("-----BEGIN ([A-Z0-9 ]+)-----\n.+?\n-----END \\1-----", re.S)
ROLES = ("soc", "soc-institution")


class Bundle(NamedTuple):
    host: str
    port: int
    role: str
    cn: str
    institution: str
    expires: float              # of our own certificate
    context: ssl.SSLContext


def read(path: str) -> Bundle:
    """Fails with exit 2 and the file's name if anything in it does not fit."""
    text = read_private(path).replace("\r\n", "\n")
    header = read_header(path, text.partition("-----BEGIN")[0])
    own, cas, key = sort_blocks(path, text)
    role, cn, institution = (header.get(name, "") for name in ("role", "cn", "institution"))
    if role not in ROLES:
        raise Fail("%s: role = %s: the bundle of a %s is needed" % (path, plain(role, 40),
                                                                   " or ".join(ROLES)), 2)
    if not CN.fullmatch(cn) or not INSTITUTION.fullmatch(institution):
        raise Fail("%s: cn or institution is missing or no name" % path, 2)
    try:
        url = urlsplit(header.get("center", ""))
        host, port = url.hostname, url.port or 443
        if url.scheme != "https" or not host or url.path.rstrip("/"):
            raise ValueError
    except ValueError:
        raise Fail("%s: center = %s: must be https://HOST:PORT"
                   % (path, plain(header.get("center", "")))) from None
    return Bundle(host, port, role, cn, institution, expiry(path, own),
                  make_context(path, own, cas, key))


def read_private(path: str) -> str:
    """The key inside is the SOC's: a bundle that others can read is refused."""
    try:
        with open(path, encoding="utf-8") as source:
            mode = os.fstat(source.fileno()).st_mode
            if stat.S_IMODE(mode) & 0o077:
                raise Fail("%s holds a key and others can read it: chmod 600 it" % path, 2)
            text = source.read(SIZE_MAX + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise Fail("%s: %s" % (path, getattr(error, "strerror", None) or "no text"), 2) from None
    if len(text) > SIZE_MAX:
        raise Fail("%s: too large for a bundle" % path, 2)
    return text


def read_header(path: str, text: str) -> Dict[str, str]:
    values = {}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if not line or line[0] in ";#" or line == "[bundle]":
            continue
        key, equals, value = line.partition("=")
        if not equals:
            raise Fail("%s:%d: key = value expected" % (path, number), 2)
        values[key.strip()] = value.strip()
    if values.get("version") != "1":
        raise Fail("%s: no bundle of version 1" % path, 2)
    return values


def sort_blocks(path: str, text: str) -> Tuple[str, List[str], str]:
    """(own certificate, CAs, key): told apart by what they are."""
    own, cas, keys = [], [], []
    for match in PEM.finditer(text):
        if match.group(1) == "CERTIFICATE":
            (cas if is_ca(path, match.group()) else own).append(match.group() + "\n")
        elif match.group(1) in ("PRIVATE KEY", "EC PRIVATE KEY"):
            keys.append(match.group() + "\n")
    if len(own) != 1 or len(keys) != 1 or not cas:
        raise Fail("%s: one certificate, its key and at least one CA are needed; found %d, %d, %d"
                   % (path, len(own), len(keys), len(cas)), 2)
    return own[0], cas, keys[0]


def is_ca(path: str, pem: str) -> bool:
    """A context lists what it has loaded if, and only if, it is a CA."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError) as error:
        raise Fail("%s: a certificate in it cannot be read: %s" % (path, error), 2) from None
    return bool(context.get_ca_certs(binary_form=True))


def make_context(path: str, own: str, cas: List[str], key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    memory = os.memfd_create("bundle")          # ssl wants a file; this one never meets a disk
    try:
        os.write(memory, (own + key).encode())
        context.load_verify_locations(cadata="".join(cas))
        context.load_cert_chain("/proc/self/fd/%d" % memory)
    except ssl.SSLError as error:
        raise Fail("%s: certificate and key: %s" % (path, error), 2) from None
    finally:
        os.close(memory)
    return context


# ---- the certificate's last day ------------------------------------------------------------------

def der_parts(data: bytes) -> List[Tuple[int, bytes]]:
    """(tag, content) of each element in a DER sequence's content."""
    parts, at = [], 0
    while at < len(data):
        tag, size = data[at], data[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7f
            size = int.from_bytes(data[at:at + count], "big")
            at += count
        parts.append((tag, data[at:at + size]))
        at += size
    return parts


def expiry(path: str, pem: str) -> float:
    """notAfter. The standard library reads it from no certificate but a peer's."""
    try:
        certificate = der_parts(ssl.PEM_cert_to_DER_cert(pem))[0][1]
        fields = der_parts(der_parts(certificate)[0][1])
        fields = fields[1:] if fields[0][0] == 0xa0 else fields
        tag, text = der_parts(fields[3][1])[1]
        form = "%y%m%d%H%M%SZ" if tag == 0x17 else "%Y%m%d%H%M%SZ"
        when = datetime.datetime.strptime(text.decode(), form)
        return when.replace(tzinfo=datetime.timezone.utc).timestamp()
    except (ValueError, IndexError) as error:
        raise Fail("%s: its certificate cannot be read: %s" % (path, error), 2) from None


def days_left(bundle: Bundle) -> float:
    return (bundle.expires - time.time()) / 86400

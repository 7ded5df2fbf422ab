"""The four CAs of a center: folders that `openssl ca` keeps, and what they may sign.

Each holds ca.key (0600), ca.crt, index.txt (openssl's database), crlnumber, certs/<serial>.pem."""

import calendar
import hashlib
import json
import os
import re
import ssl
import tempfile
import time

from place import Fail, ROLES, run, read, write

FOLDERS = {"endpoints": "Vigia Endpoints CA", "operators": "Vigia Operators CA",
           "servers-1": "Vigia Servers CA 1", "servers-2": "Vigia Servers CA 2"}
CLIENTS = ("endpoints", "operators")
SERVERS = ("servers-1", "servers-2")
CA_DAYS = 3650
CRL_DAYS = 7
CRL_LOW = 3         # days left at which an alarm is due
SKEW = 3600         # seconds: certificates begin that much earlier, for clocks that are late
DAY = 86400

# SubjectPublicKeyInfo of an uncompressed point on P-256, up to the point
P256 = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d030107034200")

CONFIG = """
[ca]
default_ca = this
[this]
database = {folder}/index.txt
new_certs_dir = {folder}/certs
certificate = {folder}/ca.crt
private_key = {folder}/ca.key
crlnumber = {folder}/crlnumber
default_md = sha256
policy = subject
rand_serial = yes
unique_subject = no
email_in_dn = no
[subject]
organizationName = supplied
organizationalUnitName = optional
commonName = supplied
[req]
distinguished_name = nothing
string_mask = utf8only
[nothing]
[ca_certificate]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[client]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = clientAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[server]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
subjectAltName = {names}
"""


def openssl(*words, stdin=None):
    status, out, said = run("openssl", *words, stdin=stdin)
    if status != 0:
        raise Fail("openssl %s: %s" % (words[0], said.strip()))
    return out


def when(text):
    """Seconds of a time as openssl prints it ("notAfter=Nov 24 02:06:04 2026 GMT")."""
    return ssl.cert_time_to_seconds(text.strip().split("=", 1)[1])


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def day(seconds):
    return time.strftime("%Y-%m-%d", time.gmtime(seconds))


def skew(life):
    """How much earlier than now a certificate begins: a tenth of a short life."""
    return min(SKEW, life / 10)


def days_left(seconds):
    return (seconds - time.time()) / DAY


def ends(certificate):
    return when(openssl("x509", "-in", certificate, "-noout", "-enddate"))


def begins(certificate):
    return when(openssl("x509", "-in", certificate, "-noout", "-startdate"))


def new_key():
    return openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                   "-pkeyopt", "ec_param_enc:named_curve")


def request_for(key):
    """A certificate request for a key in PEM; the CA writes the subject itself."""
    with tempfile.NamedTemporaryFile("w", suffix=".key") as file:       # 0600
        file.write(key)
        file.flush()
        return openssl("req", "-new", "-key", file.name, "-subj", "/CN=request")


def check_request(path):
    """The text of a request from elsewhere: signed by its own key, and that on P-256."""
    try:
        with open(path, encoding="ascii") as source:
            text = source.read(8193)
    except UnicodeDecodeError:
        raise Fail("%s: no PEM" % path, 2)
    except OSError as error:
        raise Fail("--csr %s: %s" % (path, error.strerror), 2)
    if len(text) > 8192:
        raise Fail("%s: over 8 KiB: no certificate request is that large" % path, 2)
    return checked_request(text, path)


def public_der(public):
    """A public key in PEM as SubjectPublicKeyInfo."""
    with tempfile.TemporaryDirectory() as folder:
        der = folder + "/key.der"
        openssl("pkey", "-pubin", "-outform", "DER", "-out", der, stdin=public)
        with open(der, "rb") as source:
            return source.read()


def key_id(public):
    """SHA-256 of a public key: the same for a request, a certificate, and in the agent."""
    return hashlib.sha256(public_der(public)).hexdigest()


def key_of(certificate):
    return key_id(openssl("x509", "-in", certificate, "-noout", "-pubkey"))


def checked_request(text, path):
    """The same for a text that was read already; path is for the words."""
    status, out, said = run("openssl", "req", "-verify", "-noout", stdin=text)
    if status != 0 or "verify OK" not in out + said:    # old openssl exits 0 on a bad signature
        raise Fail("%s: not a certificate request signed by its own key: %s"
                   % (path, said.strip()), 2)
    key = public_der(openssl("req", "-pubkey", "-noout", stdin=text))
    if not key.startswith(P256) or len(key) != len(P256) + 65:
        raise Fail("%s: the key is not ECDSA P-256: make a new request with `vigia enroll`"
                   % path, 2)
    return text


class Ca:
    def __init__(self, place, folder):
        self.short = folder
        self.name = FOLDERS[folder]
        self.folder = "%s/%s" % (place.ca, folder)
        self.certificate = self.folder + "/ca.crt"

    def _with_config(self, work, names="DNS:none"):
        with tempfile.NamedTemporaryFile("w", suffix=".cnf") as file:
            file.write(CONFIG.format(folder=self.folder, names=names))
            file.flush()
            return work(file.name)

    def exists(self):
        return os.path.exists(self.certificate)

    def create(self):
        """Makes key, self-signed certificate and an empty database. The certificate comes last:
        where it is missing, a setup was cut short and nothing has been signed."""
        for folder in (self.folder, self.folder + "/certs"):
            os.makedirs(folder, mode=0o700, exist_ok=True)
        write(self.folder + "/ca.key", new_key(), 0o600)
        write(self.folder + "/index.txt", "", 0o600)
        write(self.folder + "/index.txt.attr", "unique_subject = no\n", 0o600)
        write(self.folder + "/crlnumber", "01\n", 0o600)
        text = self._with_config(lambda config: openssl(
            "req", "-x509", "-new", "-config", config, "-extensions", "ca_certificate", "-sha256",
            "-key", self.folder + "/ca.key", "-days", str(CA_DAYS),
            "-subj", "/O=Vigia/CN=" + self.name))
        write(self.certificate, text)

    def sign(self, request, subject, extensions, begin, end, names="DNS:none"):
        """Signs request (PEM text) for `subject` ("/O=.../CN=..."), from begin to end (seconds).
        Returns the certificate as PEM. Nothing of the request but its key gets into it."""
        if end > ends(self.certificate):
            raise Fail("%s ends on %s, before the certificate would: fewer --days, or a new CA"
                       % (self.name, day(ends(self.certificate))))
        with tempfile.TemporaryDirectory() as folder:
            write(folder + "/csr", request)
            self._with_config(lambda config: openssl(
                "ca", "-batch", "-notext", "-config", config, "-extensions", extensions,
                "-subj", subject, "-startdate", stamp(begin), "-enddate", stamp(end),
                "-in", folder + "/csr", "-out", folder + "/crt"), names)
            return read(folder + "/crt")

    def file_of(self, serial):
        return "%s/certs/%s.pem" % (self.folder, serial)

    def issued(self):
        """Every certificate of this CA: dicts of state (V, R), end (seconds), serial, subject."""
        rows = []
        for line in (read(self.folder + "/index.txt") or "").splitlines():
            state, end, _, serial, _, subject = line.split("\t")
            full = end if len(end) == 15 else "20" + end
            rows.append({"ca": self, "state": state, "serial": serial,
                         "end": calendar.timegm(time.strptime(full, "%Y%m%d%H%M%SZ")),
                         "subject": dict(part.split("=", 1) for part in subject.split("/")[1:])})
        return rows

    def revoke(self, serial):
        self._with_config(lambda config: openssl(
            "ca", "-config", config, "-revoke", self.file_of(serial)))

    def crl(self, seconds):
        return self._with_config(lambda config: openssl(
            "ca", "-config", config, "-gencrl", "-crlsec", str(int(seconds))))


def clients(place):
    """Every certificate that endpoints and operators ever got."""
    return [row for folder in CLIENTS for row in Ca(place, folder).issued()]


def live(row):
    return row["state"] == "V" and row["end"] > time.time()


def ca_of(role):
    assert role in ROLES
    return "endpoints" if role == "endpoint" else "operators"


def note(place, **what):
    """One line in the record of what was issued and revoked."""
    what = dict({"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}, **what)
    path = place.ca + "/issued.ndjson"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "w") as out:
        out.write(json.dumps(what) + "\n")
        out.flush()
        os.fsync(out.fileno())


def write_crls(place, days=CRL_DAYS):
    """New CRLs of the two CAs of clients, in the one file that nginx reads."""
    crls = [Ca(place, folder).crl(days * DAY) for folder in CLIENTS]
    write(place.pki + "/clients.crl", "".join(crls))


def crl_number(crl, issuer):
    """The number of a CRL (PEM) that this CA (PEM) has signed; Fail if it has not."""
    with tempfile.NamedTemporaryFile("w", suffix=".crt") as file:
        file.write(issuer)
        file.flush()
        status, out, said = run("openssl", "crl", "-noout", "-crlnumber", "-verify", "-CAfile",
                                file.name, stdin=crl)
    found = re.search("crlNumber=(?:0x)?([0-9A-Fa-f]+)", out)
    if status != 0 or "verify OK" not in out + said or not found:
        raise Fail("a CRL is not signed by the CA that it should be of: refused")
    return int(found.group(1), 16)


def crl_ends(place):
    """When the first CRL in nginx's file runs out, None if it is missing or holds less than two."""
    blocks = re.findall("-----BEGIN X509 CRL-----.+?-----END X509 CRL-----",
                        read(place.pki + "/clients.crl") or "", re.S)
    if len(blocks) < len(CLIENTS):
        return None
    return min(when(openssl("crl", "-noout", "-nextupdate", stdin=block)) for block in blocks)

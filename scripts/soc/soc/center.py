"""One kept-alive connection to the center, and words for every way in which it can fail."""

import email.utils
import http.client
import random
import socket
import ssl
import time
from typing import Dict, NamedTuple, Optional
from urllib.parse import quote

from .bundle import Bundle, days_left
from .common import plain

TIMEOUT = 20
BACKOFF_MAX = 10.0              # a center has few readers, and they are waited for


class Away(Exception):
    """No answer that could be used, in words; `wait` is what the center asked for, or 0."""

    def __init__(self, text: str, wait: float = 0) -> None:
        super().__init__(text)
        self.wait = wait


class Answer(NamedTuple):
    status: int
    headers: Dict[str, str]     # names in lower case
    body: bytes


class Center:
    def __init__(self, bundle: Bundle) -> None:
        self.bundle = bundle
        self.where = "%s:%d" % (bundle.host, bundle.port)
        self.connection: Optional[http.client.HTTPSConnection] = None
        self.ahead = 0.0        # the center's clock minus ours

    def now(self) -> float:
        """By the center's clock: that one names the feed's hours."""
        return time.time() + self.ahead

    def close(self) -> None:
        if self.connection:
            self.connection.close()
        self.connection = None

    def get(self, path: str, most: int, span: Optional[str] = None) -> Answer:
        """GET with at most `most` bytes of body; one more byte comes back if there was more. A
        kept connection that the center has closed meanwhile is opened again, once."""
        headers = {"Range": "bytes=" + span} if span else {}
        for fresh in (self.connection is None, True):
            try:
                return self.checked(self.ask(quote(path, safe="/~"), headers, most))
            except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError,
                    ssl.SSLError, OSError, http.client.HTTPException) as error:
                self.close()
                if fresh:
                    raise Away(self.words(error)) from None
        raise AssertionError

    def ask(self, path: str, headers: Dict[str, str], most: int) -> Answer:
        if not self.connection:
            self.connection = http.client.HTTPSConnection(
                self.bundle.host, self.bundle.port, timeout=TIMEOUT, context=self.bundle.context)
            self.connection.connect()
            self.connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connection.request("GET", path, headers=headers)
        response = self.connection.getresponse()
        size = response.getheader("Content-Length") or ""
        if size.isdigit() and int(size) > most:
            body = b"\0" * (most + 1)           # too much: not even read
        else:
            body = response.read(most + 1)
        if not response.isclosed():
            self.close()
        return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)

    def checked(self, answer: Answer) -> Answer:
        """Statuses that say nothing about the thing asked for become Away."""
        try:
            date = email.utils.parsedate_to_datetime(answer.headers["date"]).timestamp()
            if abs(date - self.now()) > 1.5:
                self.ahead = date - time.time()
        except (KeyError, TypeError, ValueError):
            pass
        if answer.status in (200, 206, 404, 416):
            return answer
        wait = answer.headers.get("retry-after", "")
        seconds = min(float(wait), 600.0) if wait.isdigit() else 0.0
        if answer.status == 429:
            raise Away("the center asks to slow down (429)", seconds)
        if answer.status in (401, 403):
            raise Away("the center forbids this to the role %s of %s (%d): is it the right bundle?"
                       % (self.bundle.role, self.bundle.institution, answer.status), BACKOFF_MAX)
        raise Away("the center answers %d" % answer.status, seconds)

    def words(self, error: Exception) -> str:
        """What happened, and whose turn it is."""
        left = days_left(self.bundle)
        own = ("our own certificate expired %d days ago: get a new bundle" % -left if left < 0
               else "ours (%s) lasts %d more days" % (self.bundle.cn, left))
        if isinstance(error, ssl.SSLCertVerificationError):
            return ("the certificate of center %s is not accepted: %s"
                    % (self.where, plain(error.verify_message)))
        if isinstance(error, http.client.RemoteDisconnected):
            return ("center %s hangs up without an answer, as it does on a certificate that is "
                    "revoked, expired or of no known CA; %s" % (self.where, own))
        if isinstance(error, ssl.SSLError):
            return ("TLS with center %s fails: %s; %s"
                    % (self.where, plain(error.reason or error), own))
        if isinstance(error, socket.timeout):
            return "center %s does not answer within %d s" % (self.where, TIMEOUT)
        if isinstance(error, OSError):
            return "center %s: %s" % (self.where, plain(error.strerror or error))
        return "center %s speaks no HTTP: %s" % (self.where, plain(repr(error)))


class Backoff:
    """1 s, doubled up to BACKOFF_MAX, with jitter so that readers do not come back all at once."""

    def __init__(self) -> None:
        self.step = 1.0

    def next(self, asked: float) -> float:
        wait = max(asked, self.step * random.uniform(0.7, 1.0))
        self.step = min(self.step * 2, BACKOFF_MAX)
        return wait

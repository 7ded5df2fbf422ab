"""Names, limits and the way a command fails. Every pattern here is matched with fullmatch: what the
center or an endpoint calls a thing becomes a path or a line on a terminal only if it fits."""

import io
import os
import re
import sqlite3
import sys
from typing import Any, Callable, Optional

CN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
INSTITUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}")
BATCH = re.compile(r"([0-9a-f]{8})-([1-9][0-9]{0,11})-([0-9a-f]{32})\.ndjson\.gz")
HOUR = re.compile(r"\d{4}-\d\d-\d\dT\d\d")
UID = re.compile(r"[0-9a-f]{32}")

SUFFIX = ".ndjson.gz"
DIR = "/var/lib/vigia-soc"
KEEP_DAYS = 35

FILE_MAX = 1 << 20              # a batch as it travels
INFLATED_MAX = 16 << 20         # an agent keeps to 8 MiB and 16384 events; reading more than twice
EVENTS_MAX = 1 << 15            # as much for a stranger would only make all others wait
LINE_MAX = 64 << 10
SEQ_MAX = 10 ** 12


class Fail(Exception):
    """Ends a command with one line; `code` 2 means that what was asked for is wrong."""

    def __init__(self, text: str, code: int = 1) -> None:
        super().__init__(text)
        self.code = code


class Broken(Exception):
    """A batch that must not enter the lake, in words."""


def plain(value: Any, most: int = 200) -> str:
    """Text that can do nothing to a terminal, whoever wrote it."""
    text = str(value)
    if len(text) > most:
        text = text[:most] + "..."
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else "\\x%02x" % ord(c) for c in text)


def say(text: str) -> None:
    """One line for the operator on stderr."""
    print("%s: %s" % (os.path.basename(sys.argv[0]), text), file=sys.stderr, flush=True)


def command(main: Callable[[], Optional[int]]) -> None:
    """Runs a command and turns what goes wrong into one line and an exit status."""
    if isinstance(sys.stdout, io.TextIOWrapper):    # a stranger's letters, a terminal without them
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        sys.exit(main() or 0)
    except Fail as error:
        say(plain(error, 1000))
        sys.exit(error.code)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        say("the reader of the output has gone")
        sys.exit(1)
    except OSError as error:
        say("%s: %s" % (error.filename or "system", error.strerror or error))
        sys.exit(1)
    except sqlite3.Error as error:
        say("the index: %s" % error)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)

"""JSON from a stranger: limits first, then the parser.

Python's json recurses with the nesting, takes quadratic time for long integers (before 3.11), and
accepts NaN, lone surrogates and the same key twice. So the line is first reduced to its skeleton
(all strings taken out, in one linear pass) on which depth, number of members and length of numbers
are measured; only then does json see it."""

import json
import re
from typing import Any, Dict, List, Tuple

from .common import Broken

DEPTH_MAX = 32
KEYS_MAX = 8192
ITEMS_MAX = 32768
NUMBER_MAX = 40

# Always matches once it has begun, an unclosed string up to the end: nothing is tried twice.
_STRING = re.compile(rb'"[^"\\]*(?:\\.?[^"\\]*)*(?:"|\Z)', re.S)
_CONTROL = re.compile(rb"[\x00-\x1f]")
_NUMBER = re.compile(rb"[0-9+.eE-]{%d}" % (NUMBER_MAX + 1))
_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def check_shape(line: bytes) -> None:
    """Broken if the line is deeper, wider or longer in a number than any event needs to be."""
    if _CONTROL.search(line):
        raise Broken("a raw control character")
    skeleton = _STRING.sub(b"", line)
    if skeleton.count(b":") > KEYS_MAX:
        raise Broken("more than %d keys" % KEYS_MAX)
    if skeleton.count(b",") > ITEMS_MAX:
        raise Broken("more than %d values" % ITEMS_MAX)
    if _NUMBER.search(skeleton):
        raise Broken("a number of more than %d characters" % NUMBER_MAX)
    depth = 0
    for bracket in skeleton.translate(None, _BRACKETS):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            raise Broken("nested deeper than %d" % DEPTH_MAX)


def _object(pairs: List[Tuple[str, Any]]) -> Dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("the same key twice in an object")
    return made


def _constant(name: str) -> Any:
    raise ValueError("%s is no JSON" % name)


def _float(text: str) -> float:
    value = float(text)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number beyond all bounds")
    return value


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant,
                            parse_float=_float)


def parse(line: bytes) -> Dict[str, Any]:
    """The object on the line, or Broken in words."""
    check_shape(line)
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Broken("no UTF-8 at byte %d" % error.start) from None
    try:
        value = _DECODER.decode(text)
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise Broken("half a surrogate pair") from None
    except (ValueError, RecursionError) as error:
        raise Broken("no JSON: %s" % error) from None
    if not isinstance(value, dict):
        raise Broken("no JSON object")
    return value


def printable(line: str) -> str:
    """The same JSON with every character escaped that a terminal might act on. In a line that
    parse() took such characters stand inside strings only, where an escape means the same."""
    return line if line.isprintable() else "".join(map(_escape, line))


def _escape(c: str) -> str:
    if c.isprintable():
        return c
    code = ord(c)
    if code < 0x10000:
        return "\\u%04x" % code
    code -= 0x10000
    return "\\u%04x\\u%04x" % (0xd800 | code >> 10, 0xdc00 | code & 0x3ff)

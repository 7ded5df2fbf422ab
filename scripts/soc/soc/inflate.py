"""Lines out of gzip bytes that a stranger made.

Input goes in by small slices and output comes out by small pieces, so that neither a bomb nor a
thousand tiny members make the reader copy or keep more than a few slices."""

import zlib
from typing import Iterator

from .common import INFLATED_MAX, LINE_MAX, Broken

SLICE = 16 << 10
PIECE = 64 << 10
MEMBERS_MAX = 4096


def pieces(data: bytes, most: int = INFLATED_MAX) -> Iterator[bytes]:
    """The inflated bytes of all members; Broken for anything that is not whole gzip to the end."""
    at, total, members = 0, 0, 0
    while at < len(data):
        members += 1
        if members > MEMBERS_MAX:
            raise Broken("more than %d gzip members" % MEMBERS_MAX)
        member = zlib.decompressobj(31)
        while not member.eof:
            part = data[at:at + SLICE]
            if not part:
                raise Broken("the gzip data end in the middle")
            try:
                out = member.decompress(part, PIECE)
            except zlib.error as error:
                where = "behind the last gzip member" if members > 1 else "in the gzip data"
                raise Broken("%s: %s" % (where, error)) from None
            at += len(part) - len(member.unused_data) - len(member.unconsumed_tail)
            total += len(out)
            if total > most:
                raise Broken("inflates to more than %d bytes" % most)
            if out:
                yield out
    if not members:
        raise Broken("an empty file")


def lines(data: bytes) -> Iterator[bytes]:
    """Each line without its newline. The last one may lack it."""
    rest = b""
    for piece in pieces(data):
        parts = (rest + piece).split(b"\n")
        rest = parts.pop()
        for line in parts:
            if len(line) > LINE_MAX:
                raise Broken("a line of more than %d bytes" % LINE_MAX)
            yield line
        if len(rest) > LINE_MAX:
            raise Broken("a line of more than %d bytes" % LINE_MAX)
    if rest:
        yield rest

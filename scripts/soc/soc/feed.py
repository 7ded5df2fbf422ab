"""The arrival feed: which files to read, from where, and what their lines say.

The cursor is an offset behind the last newline that was dealt with, for each hour still being read.
It moves after the index has the batches before it, so it may be old but never too new; batches that
it shows again are known by name. cursor.json may be lost: reading starts over, nothing doubles."""

import datetime
import json
import os
from typing import Dict, List, NamedTuple, Optional, Tuple

from .center import Center
from .common import BATCH, CN, HOUR, INSTITUTION, Broken, Fail, plain
from . import jsonguard

CHUNK = 256 << 10
LINE_MAX = 4096
LISTING_MAX = 4 << 20
DONE_MAX = 4000                 # hours whose size is remembered
LINGER = 60                     # seconds for which an hour that is over is read on


class Entry(NamedTuple):
    t: float
    endpoint: str
    institution: str
    name: str
    end: int                    # offset behind its line; -1 if it came by name, not by the feed


def hour_of(t: float) -> str:
    when = datetime.datetime.fromtimestamp(t, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H")


def start_of(hour: str) -> float:
    when = datetime.datetime.strptime(hour, "%Y-%m-%dT%H")
    return when.replace(tzinfo=datetime.timezone.utc).timestamp()


def check_hour(text: str) -> str:
    try:
        if not HOUR.fullmatch(text):
            raise ValueError
        start_of(text)
        return text
    except ValueError:
        raise Fail("--since %s: an hour in UTC as 2026-01-31T09" % plain(text), 2) from None


def parse_line(line: bytes) -> Entry:
    """Written by nginx, checked all the same: its fields become paths."""
    if len(line) > LINE_MAX:
        raise Broken("too long")
    value = jsonguard.parse(line)
    t, endpoint, institution, name = (value.get(key)
                                      for key in ("t", "endpoint", "institution", "name"))
    if type(t) not in (int, float) or not 0 < t < 1e11:
        raise Broken("no time")
    for pattern, text in ((CN, endpoint), (INSTITUTION, institution), (BATCH, name)):
        if not isinstance(text, str) or not pattern.fullmatch(text):
            raise Broken("%s is no name" % plain(text, 80))
    return Entry(float(t), endpoint, institution, name, -1)


class Cursor:
    """Offsets by hour, kept in cursor.json together with the time the center last answered."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.hours: Dict[str, int] = {}
        self.done: Dict[str, int] = {}      # how long an hour was when it was left alone
        self.since = ""                     # the first hour that is read
        self.heard = 0.0
        try:
            with open(path, encoding="utf-8") as source:
                value = json.loads(source.read(1 << 20))
            self.hours, self.done = (
                {hour: int(at) for hour, at in value.get(key, {}).items()
                 if HOUR.fullmatch(hour) and int(at) >= 0} for key in ("hours", "done"))
            self.since = value.get("since") or min(self.hours, default="")
            self.heard = float(value.get("heard", 0))
        except FileNotFoundError:
            pass
        except (ValueError, KeyError, TypeError, AttributeError):
            self.hours, self.done = {}, {}

    def save(self) -> None:
        with open(self.path + ".new", "w", encoding="utf-8") as out:
            json.dump({"hours": self.hours, "heard": round(self.heard, 3), "since": self.since,
                       "done": self.done}, out)
        os.rename(self.path + ".new", self.path)


class Feed:
    def __init__(self, center: Center, cursor: Cursor, institution: Optional[str],
                 since: str) -> None:
        self.center, self.cursor, self.institution = center, cursor, institution
        if not cursor.hours:
            cursor.hours[since] = 0
        cursor.since = cursor.since or since

    def path(self, hour: str) -> str:
        if self.institution:
            return "/v1/arrivals/by/%s~%s.ndjson" % (self.institution, hour)
        return "/v1/arrivals/arrivals-%s.ndjson" % hour

    def read(self, hour: str) -> Tuple[List[Entry], int, List[str]]:
        """(entries, offset behind the last whole line, complaints) of the next chunk of an hour;
        the offset is the old one when nothing is new."""
        at = self.cursor.hours[hour]
        answer = self.center.get(self.path(hour), CHUNK, "%d-%d" % (at, at + CHUNK - 1))
        if answer.status == 404:
            return [], at, []
        if answer.status == 416:
            size = answer.headers.get("content-range", "").rpartition("/")[2]
            if size.isdigit() and int(size) < at:
                return [], 0, ["the feed of %s is shorter than it was: read again from its start"
                               % hour]
            return [], at, []
        body = answer.body
        if answer.status == 200 and at:
            return [], at, ["the center does not honour Range"]
        return self.parse(hour, at, body[:CHUNK])

    def parse(self, hour: str, at: int, body: bytes) -> Tuple[List[Entry], int, List[str]]:
        entries, complaints = [], []
        *lines, rest = body.split(b"\n")
        if not lines and len(rest) >= CHUNK:
            return [], at + len(rest), ["%d bytes without a newline in the feed" % len(rest)]
        for line in lines:
            at += len(line) + 1
            try:
                entry = parse_line(line)
                if self.institution and entry.institution != self.institution:
                    raise Broken("it is of %s" % entry.institution)
                entries.append(entry._replace(end=at))
            except Broken as error:
                complaints.append("a line of the feed of %s cannot be used: %s"
                                  % (hour, plain(error)))
        return entries, at, complaints

    def turn(self, hour: str) -> bool:
        """After `hour` was read to its end: goes on to the next one if it is time. True if the
        cursor moved. A center whose clock went back writes into an hour that was done with; it is
        read again from its start, as is what lies between it and a clock that was far ahead."""
        now, hours = self.center.now(), self.cursor.hours
        over = now - start_of(hour) - 3600
        following = hour_of(start_of(hour) + 3600)
        moved = False
        if over >= 0 and hour == max(hours):
            hours[following] = 0
            moved = True
        if hour_of(now) not in hours and hour_of(now) < max(hours):
            hours[hour_of(now)] = 0
            moved = True
        if over > LINGER:
            self.leave(hour)
            moved = True
        return moved

    def leave(self, hour: str) -> None:
        done = self.cursor.done
        done[hour] = self.cursor.hours.pop(hour)
        if len(done) > DONE_MAX:
            del done[min(done)]

    def find_grown(self) -> None:
        """A center whose clock was wrong for a while has written into hours that are not read (any
        more), perhaps while nobody looked: they are in its list. Only the whole feed has one."""
        answer = self.center.get("/v1/arrivals/", LISTING_MAX) if not self.institution else None
        if not answer or answer.status != 200:
            return
        try:
            sizes = {row["name"][9:-7]: int(row["size"]) for row in json.loads(answer.body)
                     if row["type"] == "file"}
        except (ValueError, KeyError, TypeError):
            return
        for hour, size in sizes.items():
            at = self.cursor.done.get(hour, 0)
            if HOUR.fullmatch(hour) and hour >= self.cursor.since and size > at:
                self.cursor.hours.setdefault(hour, at)

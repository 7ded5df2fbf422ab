"""follow's loop: feed -> fetch -> verify -> index and lake -> stdout, one group of batches a commit."""

import fcntl
import os
import sqlite3
import sys
import time
from typing import Callable, List, NamedTuple, Optional, Set, Tuple, Union

from . import jsonguard, lake, machine
from .alarms import Alarms
from .batch import Batch, split_name, verify
from .bundle import Bundle, days_left
from .center import Away, Backoff, Center
from .chain import Chain, Want
from .common import FILE_MAX, Broken, Fail, say
from .feed import Cursor, Entry, Feed, hour_of
from .index import DAY, Index
from .lake import Lake
from .quarantine import Quarantine

GROUP_BYTES = 8 << 20           # compressed, held in memory at once
GROUP_EVENTS = 20000
GROUP_BATCHES = 256
LIST_EVERY = 300.0              # seconds between looks at the list of the feed's hours
HEARD_EVERY = 10.0              # seconds between notes in cursor.json while nothing comes
ONCE_TRIES = 4


class Options(NamedTuple):
    folder: str
    since: Optional[str]
    institution: Optional[str]
    show: str                   # all, findings, none
    interval: float
    grace: float
    keep_days: int


class Taken(NamedTuple):
    """An entry with what came of it: a batch, or why it is none; data None: the center has none."""
    entry: Entry
    what: Union[Batch, str]
    data: Optional[bytes]


class Follower:
    def __init__(self, bundle: Bundle, options: Options) -> None:
        self.options = options
        lake.make_dirs(options.folder)
        self.lock = lock(options.folder + "/follow.lock")
        self.index = Index(options.folder + "/index.sqlite", write=True)
        self.alarms = Alarms(self.index, options.folder + "/alarms.ndjson")
        self.lake = Lake(options.folder, self.index)
        self.quarantine = Quarantine(options.folder + "/quarantine", self.index, self.alarms)
        self.chain = Chain(self.index, self.alarms, walk_back=options.since is None)
        self.center = Center(bundle)
        self.cursor = Cursor(options.folder + "/cursor.json")
        self.oldest = time.time() - (options.keep_days - 1) * DAY
        self.feed = Feed(self.center, self.cursor, options.institution,
                         options.since or hour_of(self.oldest))
        self.reached_since = 0.0    # when the center began to answer
        self.listed = 0.0           # when the list of hours was looked at
        self.pruned = time.time()
        self.lake.sweep()
        self.lake.publish(self.show)
        self.alarms.tell()
        if days_left(bundle) < 14:
            say("the certificate of this bundle ends in %.1f days" % days_left(bundle))

    # ---- the loop -----------------------------------------------------------------------------------

    def once(self) -> int:
        """All there is now; 1 if the center stays away or something is wrong."""
        backoff = Backoff()
        for turn in range(ONCE_TRIES):
            try:
                while self.step():
                    pass
                break
            except Away as away:
                say(str(away))
                if turn == ONCE_TRIES - 1:
                    return 1
                time.sleep(min(backoff.next(away.wait), 5))
        self.chain.expire(time.time(), at_once=True)
        self.alarms.tell()
        self.heard(force=True)
        return 1 if self.alarms.raised else 0

    def forever(self) -> None:
        backoff, said, said_at = Backoff(), "", 0.0
        while True:
            try:
                busy = self.step()
                if said:
                    say("center %s answers again" % self.center.where)
                backoff, said = Backoff(), ""
                self.idle_work()
                if not busy:
                    time.sleep(self.options.interval)
            except Away as away:
                self.reached_since = 0.0
                if str(away) != said or time.time() - said_at > 600:
                    say("%s; trying again" % away)
                    said, said_at = str(away), time.time()
                time.sleep(backoff.next(away.wait))
            except OSError as error:
                say("%s: %s: nothing is lost, trying again"
                    % (error.filename or self.options.folder, error.strerror or error))
                time.sleep(backoff.next(0))
            except sqlite3.OperationalError as error:       # a full disk, most of all
                say("%s/index.sqlite: %s: nothing is lost, trying again"
                    % (self.options.folder, error))
                time.sleep(backoff.next(0))

    def step(self) -> bool:
        """Reads on in the feed and asks for what it missed. True if there may be more at once."""
        more = False
        if not self.reached_since or abs(time.time() - self.listed) > LIST_EVERY:
            self.feed.find_grown()
            self.listed = time.time()
        for hour in sorted(self.cursor.hours):
            entries, end, complaints = self.feed.read(hour)
            for text in complaints:
                say(text)
            moved = end != self.cursor.hours[hour]
            if entries:
                self.take_all(entries, lambda at, hour=hour: self.advance(hour, at))
            if moved:
                self.advance(hour, end)
                more = True
            elif self.feed.turn(hour):
                self.cursor.save()
                more = True
        if not self.reached_since:
            self.reached_since = time.time()
        self.heard()
        return self.fetch_wanted() or more

    def idle_work(self) -> None:
        now = self.center.now()
        live = hour_of(now) in self.cursor.hours
        if live and time.time() - self.reached_since > self.options.grace:
            self.chain.quiet(now, self.options.grace)
        self.chain.expire(now)
        self.alarms.tell()
        if time.time() - self.pruned > DAY:
            self.index.prune(now, self.options.keep_days)
            self.pruned = time.time()

    def advance(self, hour: str, at: int) -> None:
        self.cursor.hours[hour] = at
        self.cursor.save()

    def heard(self, force: bool = False) -> None:
        """Tells fleet how old its knowledge is."""
        if force or abs(time.time() - self.cursor.heard) > HEARD_EVERY:
            self.cursor.heard = time.time()
            self.cursor.save()

    # ---- fetching -----------------------------------------------------------------------------------

    def take_all(self, entries: List[Entry], done: Callable[[int], None]) -> None:
        """Takes entries in, group by group; done(offset) after each."""
        group: List[Taken] = []
        names: Set[Tuple[str, str]] = set()
        size = events = 0
        for entry in entries:
            key = (entry.endpoint, entry.name)
            if key in names or self.is_known(entry):
                continue
            taken = self.fetch(entry)
            names.add(key)
            group.append(taken)
            size += len(taken.data or b"")
            events += len(taken.what.events) if isinstance(taken.what, Batch) else 0
            if size >= GROUP_BYTES or events >= GROUP_EVENTS or len(group) >= GROUP_BATCHES:
                self.commit(group)
                done(entry.end)
                group, size, events = [], 0, 0
        if group:
            self.commit(group)

    def is_known(self, entry: Entry) -> bool:
        if entry.t < self.oldest - 2 * DAY:     # nobody remembers whether it was taken in
            return True
        return self.index.knows(entry.endpoint, *split_name(entry.name))

    def fetch(self, entry: Entry) -> Taken:
        """A copy that differs from its name is asked for once more: it may have been cut short."""
        path = "/v1/store/%s/%s/%s" % (entry.institution, entry.endpoint, entry.name)
        why, data = "", b""
        for _ in range(2):
            answer = self.center.get(path, FILE_MAX)
            if answer.status != 200:
                return Taken(entry, "", None)
            data = answer.body
            try:
                return Taken(entry, verify(data, entry.endpoint, entry.institution, entry.name),
                             data)
            except Broken as error:
                why = str(error)
                if "SHA-256" not in why:
                    break
        return Taken(entry, why, b"" if len(data) > FILE_MAX else data)

    def fetch_wanted(self) -> bool:
        """Batches that the feed missed, by the names that others gave them."""
        asked = False
        for want in self.chain.wanted():
            asked = True
            entry = Entry(want.t, want.endpoint, want.institution, want.name, -1)
            taken = None if self.is_known(entry) else self.fetch(entry)
            if taken and taken.data is not None:
                self.commit([taken])
            if not taken or not isinstance(taken.what, Batch):
                self.give_up(want)
        return asked

    def give_up(self, want: Want) -> None:
        with self.index:
            self.chain.not_there(want)
        self.alarms.tell()

    # ---- taking in ------------------------------------------------------------------------------------

    def commit(self, group: List[Taken]) -> None:
        try:
            with self.index:
                for taken in group:
                    self.take(taken)
                self.lake.seal()
        except BaseException:
            self.lake.forget()
            raise
        self.alarms.tell()
        self.lake.publish(self.show)

    def take(self, taken: Taken) -> None:
        entry, batch = taken.entry, taken.what
        if taken.data is None:
            self.quarantine.missing(entry)
        elif isinstance(batch, Batch):
            self.take_batch(entry, batch)
        else:
            self.quarantine.take(entry, taken.data, str(batch))

    def take_batch(self, entry: Entry, batch: Batch) -> None:
        endpoint, _ = self.index.add_endpoint(entry.endpoint, entry.institution, entry.t)
        day = int(entry.t / DAY)
        fresh = [self.index.do("INSERT OR IGNORE INTO seen VALUES(?,?,?)", endpoint, event.uid, day)
                 == 1 for event in batch.events]
        kept, hour = sum(fresh), hour_of(entry.t)
        if kept:
            self.lake.segment(hour).add(batch, fresh)
        self.index.do("INSERT INTO hours VALUES(?,?,?,1) ON CONFLICT DO UPDATE SET"
                      " lines=lines+excluded.lines, batches=batches+1", endpoint, hour, kept)
        self.chain.note(endpoint, batch, entry.t)
        findings = sum(new and event.finding for new, event in zip(fresh, batch.events))
        machine.update(self.index, self.alarms, endpoint, batch, entry.t, kept, findings)

    # ---- stdout -----------------------------------------------------------------------------------------

    def show(self, path: str) -> None:
        """The lines of a lake file for a SIEM, flushed; they are on disk and committed."""
        if self.options.show == "none":
            return
        out = sys.stdout.buffer
        for line in lake.lines(path):
            if self.options.show == "all" or is_finding(line):
                text = jsonguard.printable(line[:-1].decode("utf-8"))
                out.write(text.encode("utf-8") + b"\n")
        out.flush()


def is_finding(line: bytes) -> bool:
    event = jsonguard.parse(line[:-1])
    severity = event.get("severity_id", 0)
    return event.get("class_uid") == 2004 or 3 <= severity <= 6


def lock(path: str) -> int:
    """One follow a folder."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise Fail("another follow works on this folder: %s is locked" % path) from None
    return handle

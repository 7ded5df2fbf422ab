"""DIR/quarantine: what must not enter the lake, each file with a .why in words beside it.

An endpoint can't fill the SOC's disk with rubbish: behind CAP bytes of its own only the .why is
kept, and behind A_DAY_MAX batches a day nothing (a million small files fill a disk too); all are
counted."""

import os
import time

from .alarms import ALARM, Alarms
from .common import plain
from .batch import split_name
from .feed import Entry
from .index import DAY, Index
from .lake import fsync_dir, make_dirs

CAP = 64 << 20
A_DAY_MAX = 1000                # of one endpoint: that many files and .whys


class Quarantine:
    def __init__(self, folder: str, index: Index, alarms: Alarms) -> None:
        self.folder, self.index, self.alarms = folder, index, alarms
        make_dirs(folder)

    def take(self, entry: Entry, data: bytes, why: str) -> None:
        """Inside a transaction. The same batch again writes the same files."""
        stream, seq, digest = split_name(entry.name)
        endpoint, _ = self.index.add_endpoint(entry.endpoint, entry.institution, entry.t)
        name = "%s~%s" % (entry.endpoint, entry.name)
        used = self.index.value("SELECT quarantined_bytes FROM endpoints WHERE id=?", endpoint)
        today = self.index.value("SELECT n FROM alarm_counts WHERE endpoint=? AND kind=? AND day=?",
                                 entry.endpoint, "quarantined", int(time.time() / DAY)) or 0
        told = today < A_DAY_MAX
        keep = told and bool(data) and used + len(data) <= CAP
        if told:
            self.write(name + ".why", self.words(entry, len(data), keep, why).encode())
        if keep:
            self.write(name, data)
        if told:
            fsync_dir(self.folder)
        self.index.do("INSERT INTO batches VALUES(?,?,?,?,?,'quarantined','')", endpoint, stream,
                      seq, digest, entry.t)
        self.index.do("UPDATE endpoints SET quarantined=quarantined+1, quarantined_bytes="
                      "quarantined_bytes+?, last_t=max(last_t, ?) WHERE id=?",
                      len(data) if keep else 0, entry.t, endpoint)
        self.alarms.add(ALARM, "quarantined", entry.endpoint, "%s: %s" % (entry.name, why))

    def missing(self, entry: Entry) -> None:
        """The feed says that it came, the center has no such file."""
        stream, seq, digest = split_name(entry.name)
        endpoint, _ = self.index.add_endpoint(entry.endpoint, entry.institution, entry.t)
        self.index.do("INSERT INTO batches VALUES(?,?,?,?,?,'missing','')", endpoint, stream, seq,
                      digest, entry.t)
        self.index.do("UPDATE endpoints SET missing=missing+1 WHERE id=?", endpoint)
        self.alarms.add(ALARM, "missing", entry.endpoint, "%s stands in the feed, the center does "
                        "not have it (any more)" % entry.name)

    def write(self, name: str, data: bytes) -> None:
        with open("%s/%s" % (self.folder, name), "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())

    @staticmethod
    def words(entry: Entry, size: int, kept: bool, why: str) -> str:
        arrived = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(entry.t))
        return ("batch: %s\nendpoint: %s\ninstitution: %s\narrived: %s\nbytes: %d%s\nwhy: %s\n"
                % (entry.name, entry.endpoint, entry.institution, arrived, size,
                   "" if kept else " (not kept here)", plain(why, 1000)))

"""The lake: DIR/lake/dt=YYYY-MM-DD/hour=HH/<first batch>[+n].ndjson.gz, by hour of arrival.

Exactly once, killed at any moment:

    1. the new lines are written to DIR/incoming/<hour>~<name>, fsynced, the folder too
    2. one commit in the index: uids, batches, chain, and the file's name in `incoming`
    3. lines go to stdout, the file is renamed into the lake, the folder fsynced
    4. the cursor moves

At start a file in incoming/ that the index knows goes on at 3; one that it doesn't know is removed
and its batches are fetched again, because the cursor has not passed them. So the lake never holds
a line that the index does not, and readers of the lake see whole files alone. stdout gets each
line at least once (a kill within 3 repeats it).

Batches that arrive together share a file. Each is compressed anew: what a stranger's gzip header
holds would break readers of the lake (DuckDB knows few header flags)."""

import gzip
import os
import zlib
from typing import Callable, Dict, Iterator, List

from . import inflate
from .batch import Batch
from .common import SUFFIX
from .index import Index

PART = ".part"


def fsync_dir(path: str) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_dirs(path: str) -> None:
    """As makedirs, and durable."""
    if not os.path.isdir(path):
        parent = os.path.dirname(path)
        make_dirs(parent)
        os.mkdir(path)
        fsync_dir(parent)


def hour_dir(folder: str, hour: str) -> str:
    """folder/lake/dt=.../hour=.. of an hour as 2026-01-31T09."""
    day, _, clock = hour.partition("T")
    return "%s/lake/dt=%s/hour=%s" % (folder, day, clock)


class Segment:
    """One file being written: the lines of batches that arrived in the same hour."""

    def __init__(self, folder: str, hour: str) -> None:
        self.folder, self.hour = folder, hour
        self.names: List[str] = []
        self.path = "%s/%s~%s" % (folder, hour, PART)
        self.file = open(self.path, "wb")
        self.deflate = zlib.compressobj(6, zlib.DEFLATED, 31)

    def add(self, batch: Batch, fresh: List[bool]) -> None:
        """The lines marked fresh. The batch is inflated again: its lines are never all in memory."""
        self.names.append("%s~%s" % (batch.endpoint, batch.name[:-len(SUFFIX)]))
        for line, new in zip(inflate.lines(batch.data), fresh):
            if new:
                self.file.write(self.deflate.compress(line + b"\n"))

    def close(self) -> str:
        """On disk under its name in incoming/; the name is returned."""
        self.file.write(self.deflate.flush())
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
        more = "+%d" % (len(self.names) - 1) if len(self.names) > 1 else ""
        name = "%s~%s%s%s" % (self.hour, self.names[0], more, SUFFIX)
        os.rename(self.path, self.folder + "/" + name)
        return name


class Lake:
    def __init__(self, folder: str, index: Index) -> None:
        self.folder, self.index = folder, index
        self.incoming = folder + "/incoming"
        for path in (folder, folder + "/lake", self.incoming):
            make_dirs(path)
        self.open: Dict[str, Segment] = {}

    def segment(self, hour: str) -> Segment:
        if hour not in self.open:
            self.open[hour] = Segment(self.incoming, hour)
        return self.open[hour]

    def seal(self) -> None:
        """Step 1, and the names of step 2: inside the transaction."""
        for segment in self.open.values():
            self.index.do("INSERT OR REPLACE INTO incoming VALUES(?,?)", segment.close(),
                          segment.hour)
        if self.open:
            fsync_dir(self.incoming)
        self.open.clear()

    def forget(self) -> None:
        """The transaction failed: what was written is not wanted."""
        segments = list(self.open.values())
        self.open.clear()
        for segment in segments:
            try:
                segment.file.close()
            except OSError:                     # a full disk again: nor is what it still held
                pass
        self.sweep()

    def publish(self, show: Callable[[str], None]) -> None:
        """Step 3 for all that is committed. `show` is given each file before it moves."""
        rows = self.index.all("SELECT file, hour FROM incoming")
        for file, hour in rows:
            source, folder = self.incoming + "/" + file, hour_dir(self.folder, hour)
            if os.path.exists(source):          # else the last run got as far as the rename
                show(source)
                make_dirs(folder)
                os.rename(source, folder + "/" + file.partition("~")[2])
                fsync_dir(folder)
        if rows:
            with self.index:
                self.index.db.executemany("DELETE FROM incoming WHERE file=?",
                                          [(file,) for file, _ in rows])

    def sweep(self) -> None:
        """Removes what no commit knows."""
        known = {row[0] for row in self.index.all("SELECT file FROM incoming")}
        for name in os.listdir(self.incoming):
            if name not in known:
                os.unlink(self.incoming + "/" + name)


def hours(folder: str) -> Iterator[str]:
    """The hours that the lake has a folder for, in order."""
    top = folder + "/lake"
    for day in sorted(os.listdir(top)) if os.path.isdir(top) else []:
        if day.startswith("dt=") and os.path.isdir(top + "/" + day):
            for hour in sorted(os.listdir(top + "/" + day)):
                if hour.startswith("hour="):
                    yield "%sT%s" % (day[3:], hour[5:])


def files(folder: str, hour: str) -> List[str]:
    """Paths of an hour's files, as a reader of the lake would glob them."""
    path = hour_dir(folder, hour)
    return sorted("%s/%s" % (path, name) for name in os.listdir(path)
                  if name.endswith(SUFFIX) and not name.startswith("."))


def lines(path: str) -> Iterator[bytes]:
    """Lines of a lake file, newline included."""
    with gzip.open(path, "rb") as source:
        yield from source

"""DIR/index.sqlite: what the SOC knows. One writer (follow); every commit is on disk.

    endpoints  one row a machine: what fleet shows
    streams    how far each stream's chain has been judged (`checked`: every seq below is)
    batches    every batch heard of; state ok, quarantined or missing
    seen       (endpoint, uid) of every line in the lake, for --keep-days
    hours      how many lines of an endpoint the lake holds in an hour, for verify
    lost       ranges of seqs that an endpoint gave up, with its reason
    gaps       ranges of seqs that should be here: sought, open (alarmed), before (we joined later)
    incoming   lake files committed but perhaps not yet moved into the lake
    alarms     what was told
    retired    names out of service (fleet --retire): nobody waits for them
"""

import os
import sqlite3
from typing import Any, Optional, Tuple

from .common import Fail

SCHEMA = """
CREATE TABLE IF NOT EXISTS endpoints(
    id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, institution TEXT NOT NULL,
    first_t REAL NOT NULL, last_t REAL NOT NULL, due_t REAL NOT NULL, silent INTEGER NOT NULL DEFAULT 0,
    day INTEGER NOT NULL DEFAULT 0, findings INTEGER NOT NULL DEFAULT 0,
    batches INTEGER NOT NULL DEFAULT 0, lines INTEGER NOT NULL DEFAULT 0,
    duplicates INTEGER NOT NULL DEFAULT 0, quarantined INTEGER NOT NULL DEFAULT 0,
    quarantined_bytes INTEGER NOT NULL DEFAULT 0, missing INTEGER NOT NULL DEFAULT 0,
    beat_t REAL NOT NULL DEFAULT 0, beat_ms INTEGER NOT NULL DEFAULT 0,
    version TEXT NOT NULL DEFAULT '', beat TEXT NOT NULL DEFAULT '{}',
    patch_ms INTEGER NOT NULL DEFAULT 0, patch TEXT NOT NULL DEFAULT '{}');
CREATE TABLE IF NOT EXISTS streams(
    endpoint INTEGER, stream TEXT, checked INTEGER NOT NULL, top INTEGER NOT NULL,
    dropped TEXT NOT NULL DEFAULT '{}', PRIMARY KEY(endpoint, stream)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches(
    endpoint INTEGER, stream TEXT, seq INTEGER, id TEXT, t REAL NOT NULL, state TEXT NOT NULL,
    prev TEXT NOT NULL, PRIMARY KEY(endpoint, stream, seq, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS seen(
    endpoint INTEGER, uid BLOB, day INTEGER NOT NULL, PRIMARY KEY(endpoint, uid)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS hours(
    endpoint INTEGER, hour TEXT, lines INTEGER NOT NULL, batches INTEGER NOT NULL,
    PRIMARY KEY(endpoint, hour)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS lost(
    endpoint INTEGER, stream TEXT, low INTEGER, high INTEGER, events INTEGER NOT NULL,
    reason TEXT NOT NULL, PRIMARY KEY(endpoint, stream, low, high)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gaps(
    endpoint INTEGER, stream TEXT, low INTEGER, high INTEGER NOT NULL, t REAL NOT NULL,
    want TEXT NOT NULL, state TEXT NOT NULL, PRIMARY KEY(endpoint, stream, low)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS gaps_state ON gaps(state);
CREATE TABLE IF NOT EXISTS incoming(file TEXT PRIMARY KEY, hour TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alarms(
    id INTEGER PRIMARY KEY AUTOINCREMENT, t REAL NOT NULL, level TEXT NOT NULL, kind TEXT NOT NULL,
    endpoint TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS alarm_counts(
    endpoint TEXT, kind TEXT, day INTEGER, n INTEGER NOT NULL,
    PRIMARY KEY(endpoint, kind, day)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS retired(name TEXT PRIMARY KEY, t REAL NOT NULL) WITHOUT ROWID;
"""
VERSION = 1
DAY = 86400


class Index:
    def __init__(self, path: str, write: bool = False) -> None:
        if not write and not os.path.exists(path):
            raise Fail("%s is not there: has follow run with this --dir?" % path, 2)
        self.db = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            self.set_up(write)
        except sqlite3.DatabaseError as error:
            raise Fail("%s: %s" % (path, error)) from None

    def set_up(self, write: bool) -> None:
        self.one("PRAGMA cache_size=-16000")
        if not write:
            self.one("PRAGMA query_only=1")
            return
        self.one("PRAGMA journal_mode=WAL")
        self.one("PRAGMA synchronous=FULL")
        self.one("PRAGMA journal_size_limit=33554432")
        version = self.value("PRAGMA user_version")
        if version not in (0, VERSION):
            raise Fail("the index is of version %d, this follow knows %d" % (version, VERSION))
        self.db.executescript(SCHEMA)
        self.one("PRAGMA user_version=%d" % VERSION)

    def __enter__(self) -> "Index":
        """A transaction: all of it or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        return self

    def __exit__(self, kind: Any, *_: Any) -> None:
        if kind is None:
            self.db.execute("COMMIT")
        elif self.db.in_transaction:
            self.db.execute("ROLLBACK")

    def do(self, sql: str, *values: Any) -> int:
        """Rows changed."""
        return self.db.execute(sql, values).rowcount

    def one(self, sql: str, *values: Any) -> Optional[Tuple[Any, ...]]:
        return self.db.execute(sql, values).fetchone()

    def all(self, sql: str, *values: Any) -> Any:
        return self.db.execute(sql, values).fetchall()

    def value(self, sql: str, *values: Any) -> Any:
        row = self.one(sql, *values)
        return row[0] if row else None

    def endpoint(self, name: str) -> Optional[int]:
        return self.value("SELECT id FROM endpoints WHERE name=?", name)

    def add_endpoint(self, name: str, institution: str, t: float) -> Tuple[int, bool]:
        """(id, is it new)."""
        found = self.endpoint(name)
        if found is not None:
            return found, False
        cursor = self.db.execute("INSERT INTO endpoints(name, institution, first_t, last_t, due_t)"
                                 " VALUES(?,?,?,?,?)", (name, institution, t, t, t + DAY))
        return int(cursor.lastrowid or 0), True

    def knows(self, endpoint: str, stream: str, seq: int, digest: str) -> bool:
        return self.one("SELECT 1 FROM batches b JOIN endpoints e ON b.endpoint=e.id WHERE e.name=?"
                        " AND stream=? AND seq=? AND b.id=?", endpoint, stream, seq,
                        digest) is not None

    def prune(self, now: float, days: int) -> None:
        """Forgets what is older; one endpoint at a time, so that nobody waits long."""
        oldest = int(now / DAY) - days
        for (endpoint,) in self.all("SELECT id FROM endpoints"):
            with self:
                self.do("DELETE FROM seen WHERE endpoint=? AND day<?", endpoint, oldest)
                self.do("DELETE FROM batches WHERE endpoint=? AND t<?", endpoint, oldest * DAY)
        with self:
            self.do("DELETE FROM alarm_counts WHERE day<?", oldest)

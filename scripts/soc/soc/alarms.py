"""What the operator must hear of: one row in the index, one line in DIR/alarms.ndjson, one on stderr.

The row belongs to the transaction that found the matter. The lines follow after the commit; which
of them are out already is read from the end of the file itself, so a kill neither loses an alarm
nor tells it twice. `alarm` asks for somebody to look, `notice` is worth knowing."""

import json
import os
import time
from typing import Any, List

from .common import plain, say
from .index import DAY, Index

ALARM, NOTICE = "alarm", "notice"
A_DAY_MAX = 50                  # of one kind from one endpoint; the rest is only counted


class Alarms:
    def __init__(self, index: Index, path: str) -> None:
        self.index, self.path = index, path
        self.raised = 0         # alarms (not notices) told by this process
        self.told = self.last_told()

    def add(self, level: str, kind: str, endpoint: str, text: str) -> None:
        """Inside a transaction. `text` may hold what strangers wrote."""
        now = time.time()
        self.index.do("INSERT INTO alarm_counts VALUES(?,?,?,1) ON CONFLICT DO UPDATE SET n=n+1",
                      endpoint, kind, int(now / DAY))
        n = self.index.value("SELECT n FROM alarm_counts WHERE endpoint=? AND kind=? AND day=?",
                             endpoint, kind, int(now / DAY))
        if n > A_DAY_MAX:
            return
        text = plain(text, 600)
        if n == A_DAY_MAX:
            text += "; more of this kind from here are only counted today"
        self.index.do("INSERT INTO alarms(t, level, kind, endpoint, text) VALUES(?,?,?,?,?)",
                      round(now, 3), level, kind, endpoint, text)

    def last_told(self) -> int:
        """The id on the last whole line; a torn one behind it is cut off."""
        try:
            with open(self.path, "r+b") as log:
                size = log.seek(0, os.SEEK_END)
                log.seek(max(0, size - 65536))
                tail = log.read()
                whole = tail[:tail.rfind(b"\n") + 1]
                log.truncate(size - len(tail) + len(whole))
        except FileNotFoundError:
            return 0
        for line in reversed(whole.split(b"\n")):
            try:
                return int(json.loads(line)["id"])
            except (ValueError, KeyError, TypeError):
                continue
        return 0

    def tell(self) -> None:
        """After a commit."""
        rows = self.index.all("SELECT id, t, level, kind, endpoint, text FROM alarms WHERE id>?"
                              " ORDER BY id", self.told)
        if not rows:
            return
        with open(self.path, "a", encoding="utf-8") as log:
            log.write("".join(self.line(row) for row in rows))
            log.flush()
            os.fsync(log.fileno())
        for number, _, level, kind, endpoint, text in rows:
            say("%s %s%s: %s" % (level.upper(), kind, " " + endpoint if endpoint else "", text))
            self.told = number
            self.raised += level == ALARM

    @staticmethod
    def line(row: List[Any]) -> str:
        keys = ("id", "t", "level", "kind", "endpoint", "text")
        return json.dumps(dict(zip(keys, row))) + "\n"

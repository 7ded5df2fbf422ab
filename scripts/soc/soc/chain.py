"""Is anything missing? Judges the chain of batches that an endpoint says it has sent.

Every heartbeat names its stream and seq, the batch before (prev), the lowest seq that the center had
not acknowledged (low) and the seqs given up (lost). So below `low` everything must be here or in
`lost`; what is not is a gap: looked for at the center under the name that its follower's prev gives
(the feed may have missed it), and alarmed if it is not there either. Each seq is judged once
(streams.checked), whatever range a hostile heartbeat makes up costs one row."""

import json
from typing import Any, Dict, List, NamedTuple, Tuple

from .alarms import ALARM, NOTICE, Alarms
from .batch import Batch, split_name
from .index import DAY, Index

SOUGHT = "sought"               # asked for by name, or waiting for the batch that names it
EARLY = "early"                 # the same, but may be from before this SOC knew the endpoint
OPEN = "open"                   # alarmed
BEFORE = "before"               # from before our time
WAIT = 120.0                    # seconds in which the follower of a gap must have come
DUE_LEAST, DUE_MOST = 60.0, float(DAY)
LOST_ROWS_MAX = 1024
PARTED_SPAN = 32                # numbers below `low` whose names are looked at after a rollback
Range = Tuple[int, int]


class Want(NamedTuple):
    """A batch to be fetched by name."""
    endpoint: str
    institution: str
    name: str
    t: float


def words(low: int, high: int) -> str:
    return "batch %d" % low if low == high else "batches %d to %d" % (low, high)


class Chain:
    def __init__(self, index: Index, alarms: Alarms, walk_back: bool) -> None:
        """walk_back: also fetch what an endpoint sent before it was first seen here."""
        self.index, self.alarms, self.walk_back = index, alarms, walk_back

    # ---- a batch that entered the lake ------------------------------------------------------------

    def note(self, endpoint: int, batch: Batch, t: float) -> None:
        """Inside the transaction that takes the batch in."""
        prev = batch.beat["prev"]
        self.check_identity(endpoint, batch, prev)
        self.index.do("INSERT INTO batches VALUES(?,?,?,?,?,'ok',?)", endpoint, batch.stream,
                      batch.seq, batch.id, t, prev)
        checked, top = self.stream(endpoint, batch)
        self.fill(endpoint, batch.stream, batch.seq, batch.seq, prev, batch.endpoint)
        self.point(endpoint, batch.stream, batch.seq, prev)
        self.take_losses(endpoint, batch)
        if batch.beat["low"] > checked:
            self.judge(endpoint, batch, checked, batch.beat["low"] - 1, t)
            checked = batch.beat["low"]
        self.seek_parted(endpoint, batch, t)
        if batch.seq > top:
            self.check_dropped(endpoint, batch)
        self.index.do("UPDATE streams SET checked=?, top=max(top, ?) WHERE endpoint=? AND stream=?",
                      checked, batch.seq, endpoint, batch.stream)

    def check_identity(self, endpoint: int, batch: Batch, prev: str) -> None:
        """One seq with two ids, or a chain that parts: a copy of the machine, or its past."""
        same = "SELECT id FROM batches WHERE endpoint=? AND stream=? AND seq=? AND state='ok'"
        others = self.index.all(same, endpoint, batch.stream, batch.seq)
        before = {row[0] for row in self.index.all(same, endpoint, batch.stream, batch.seq - 1)}
        after = {row[0] for row in self.index.all(
            "SELECT prev FROM batches WHERE endpoint=? AND stream=? AND seq=? AND state='ok'"
            " AND prev!=''", endpoint, batch.stream, batch.seq + 1)}
        if others:
            text = "batch %d of stream %s came as %s and as %s" % (
                batch.seq, batch.stream, others[0][0], batch.id)
        elif prev and before and split_name(prev)[2] not in before:
            text = "batch %d of stream %s continues another batch %d than the one that is here" % (
                batch.seq, batch.stream, batch.seq - 1)
        elif after and batch.name not in after:
            text = "batch %d of stream %s is another one than batch %d continues" % (
                batch.seq, batch.stream, batch.seq + 1)
        else:
            return
        self.alarms.add(ALARM, "cloned", batch.endpoint,
                        text + ": the machine was cloned or rolled back")

    def stream(self, endpoint: int, batch: Batch) -> Tuple[int, int]:
        """(checked, top) of the batch's stream, made if it is new."""
        row = self.index.one("SELECT checked, top FROM streams WHERE endpoint=? AND stream=?",
                             endpoint, batch.stream)
        if row:
            return row[0], row[1]
        if self.index.one("SELECT 1 FROM streams WHERE endpoint=?", endpoint):
            self.alarms.add(ALARM, "state-lost", batch.endpoint,
                            "a new stream %s begins: the state of the agent was lost (installed "
                            "again, or its folder removed)" % batch.stream)
        self.index.do("INSERT INTO streams(endpoint, stream, checked, top) VALUES(?,?,1,0)",
                      endpoint, batch.stream)
        return 1, 0

    # ---- gaps ---------------------------------------------------------------------------------------

    def judge(self, endpoint: int, batch: Batch, low: int, high: int, t: float) -> None:
        """Every seq from low to high was acknowledged to the endpoint: what is not here is a gap."""
        rows = self.index.all(
            "SELECT seq, seq FROM batches WHERE endpoint=?1 AND stream=?2 AND seq BETWEEN ?3 AND ?4"
            " UNION SELECT low, high FROM lost WHERE endpoint=?1 AND stream=?2 AND low<=?4"
            " AND high>=?3 ORDER BY 1", endpoint, batch.stream, low, high)
        for first, last in missing(rows, low, high):
            state = EARLY if first == 1 and self.is_first_stream(endpoint) else SOUGHT
            self.put_gap(endpoint, batch.stream, first, last, t,
                         self.named(endpoint, batch.stream, last), state)
        if not self.walk_back:
            self.settle_early(endpoint, batch.endpoint)

    def seek_parted(self, endpoint: int, batch: Batch, t: float) -> None:
        """A machine that was rolled back uses numbers again. There is a batch for each of them then,
        but it may be the other one: what one names as the batch before it must be here, too."""
        low = batch.beat["low"]
        rows = self.index.all(
            "SELECT b.seq-1, b.prev FROM batches b WHERE endpoint=?1 AND stream=?2 AND seq BETWEEN"
            " ?3 AND ?4 AND state='ok' AND prev!='' AND EXISTS(SELECT 1 FROM batches WHERE"
            " endpoint=?1 AND stream=?2 AND seq=b.seq-1) AND NOT EXISTS(SELECT 1 FROM gaps WHERE"
            " endpoint=?1 AND stream=?2 AND low=b.seq-1) AND NOT EXISTS(SELECT 1 FROM lost WHERE"
            " endpoint=?1 AND stream=?2 AND low<=b.seq-1 AND high>=b.seq-1)",
            endpoint, batch.stream, low - PARTED_SPAN, low)
        for seq, prev in rows:
            if not self.index.knows(batch.endpoint, *split_name(prev)):
                self.put_gap(endpoint, batch.stream, seq, seq, t, prev, SOUGHT)

    def is_first_stream(self, endpoint: int) -> bool:
        return self.index.value("SELECT count(*) FROM streams WHERE endpoint=?", endpoint) == 1

    def named(self, endpoint: int, stream: str, seq: int) -> str:
        """The name of batch seq as the one behind it gives it, "" while that is not here."""
        return self.index.value("SELECT prev FROM batches WHERE endpoint=? AND stream=? AND seq=?"
                                " AND state='ok' AND prev!=''", endpoint, stream, seq + 1) or ""

    def put_gap(self, endpoint: int, stream: str, low: int, high: int, t: float, want: str,
                state: str) -> None:
        if low <= high:
            self.index.do("INSERT OR REPLACE INTO gaps VALUES(?,?,?,?,?,?,?)", endpoint, stream,
                          low, high, t, want, state)

    def fill(self, endpoint: int, stream: str, first: int, last: int, prev: str,
             name: str) -> None:
        """Takes first..last out of the gaps; prev names the batch before `first`, if known."""
        rows = self.index.all("SELECT low, high, t, want, state FROM gaps WHERE endpoint=? AND"
                              " stream=? AND low<=? AND high>=?", endpoint, stream, last, first)
        for low, high, t, want, state in rows:
            self.index.do("DELETE FROM gaps WHERE endpoint=? AND stream=? AND low=?", endpoint,
                          stream, low)
            self.put_gap(endpoint, stream, low, min(high, first - 1), t, prev,
                         SOUGHT if state == OPEN and prev else state)
            self.put_gap(endpoint, stream, max(low, last + 1), high, t, want,
                         SOUGHT if state == EARLY else state)
            if state == OPEN:
                self.alarms.add(NOTICE, "gap-closed", name, "%s of stream %s, missed before: here "
                                "or accounted for now" % (words(max(low, first), min(high, last)),
                                                         stream))

    def point(self, endpoint: int, stream: str, seq: int, prev: str) -> None:
        """A gap that ended just before seq has a name to ask for now."""
        if prev:
            self.index.do("UPDATE gaps SET want=?, state=CASE state WHEN ? THEN ? ELSE state END"
                          " WHERE endpoint=? AND stream=? AND high=? AND want=''", prev, OPEN,
                          SOUGHT, endpoint, stream, seq - 1)

    def wanted(self) -> List[Want]:
        """What is to be asked for by name now."""
        return [Want(*row) for row in self.index.all(
            "SELECT e.name, e.institution, g.want, g.t FROM gaps g JOIN endpoints e"
            " ON g.endpoint=e.id WHERE g.state IN (?,?) AND g.want!='' LIMIT 64", SOUGHT, EARLY)]

    def not_there(self, want: Want) -> None:
        """Inside a transaction: the center has no batch of that name either."""
        self.give_up("g.want=? AND e.name=? AND g.state IN (?,?)",
                     (want.name, want.endpoint, SOUGHT, EARLY))

    def expire(self, now: float, at_once: bool = False) -> bool:
        """Gaps whose follower, which would have named them, has not come in time."""
        where = "g.state IN (?,?) AND g.want='' AND g.t<?"
        values = (SOUGHT, EARLY, now + DAY if at_once else now - WAIT)
        if not self.index.one("SELECT 1 FROM gaps g WHERE " + where, *values):
            return False
        with self.index:
            self.give_up(where, values)
        return True

    def settle_early(self, endpoint: int, name: str) -> None:
        self.give_up("g.endpoint=? AND g.state=?", (endpoint, EARLY))

    def give_up(self, where: str, values: Tuple[Any, ...]) -> None:
        rows = self.index.all("SELECT g.endpoint, g.stream, g.low, g.high, g.state, e.name FROM"
                              " gaps g JOIN endpoints e ON g.endpoint=e.id WHERE " + where, *values)
        for endpoint, stream, low, high, state, name in rows:
            self.index.do("UPDATE gaps SET state=?, want='' WHERE endpoint=? AND stream=? AND"
                          " low=?", BEFORE if state == EARLY else OPEN, endpoint, stream, low)
            if state == EARLY:
                self.alarms.add(NOTICE, "joined", name, "%s of stream %s came before this SOC knew "
                                "the endpoint and the center has not kept them"
                                % (words(low, high), stream))
            else:
                self.alarms.add(ALARM, "gap", name, "%s of stream %s: the endpoint was told that "
                                "they had arrived, they are not here and not declared lost"
                                % (words(low, high), stream))

    # ---- declared losses, counters --------------------------------------------------------------

    def take_losses(self, endpoint: int, batch: Batch) -> None:
        for one in batch.beat["lost"]:
            low, high = one["from"], one["to"]
            if self.index.one("SELECT 1 FROM lost WHERE endpoint=? AND stream=? AND low<=? AND"
                              " high>=?", endpoint, batch.stream, low, high):
                continue
            known = self.index.value("SELECT count(*) FROM lost WHERE endpoint=? AND stream=?",
                                     endpoint, batch.stream)
            if known >= LOST_ROWS_MAX:
                self.alarms.add(ALARM, "losses", batch.endpoint, "more than %d separate losses in "
                                "stream %s: no more are noted" % (LOST_ROWS_MAX, batch.stream))
                return
            # an agent merges its oldest ranges: the wider one takes their place
            merged = self.index.do("DELETE FROM lost WHERE endpoint=? AND stream=? AND low>=? AND"
                                   " high<=?", endpoint, batch.stream, low, high)
            events, reason = one["events"], one["reason"]
            self.index.do("INSERT INTO lost VALUES(?,?,?,?,?,?)", endpoint, batch.stream, low, high,
                          events, reason)
            self.fill(endpoint, batch.stream, low, high, "", batch.endpoint)
            if not merged:
                self.alarms.add(NOTICE, "loss", batch.endpoint, "gave up %s of stream %s with %d "
                                "events: %s" % (words(low, high), batch.stream, events, reason))

    def check_dropped(self, endpoint: int, batch: Batch) -> None:
        """Events that the agent itself says it never put into a batch."""
        now = batch.beat["dropped"]
        sql = "SELECT dropped FROM streams WHERE endpoint=? AND stream=?"
        before: Dict[str, int] = json.loads(self.index.value(sql, endpoint, batch.stream) or "{}")
        more = {key: n - before.get(key, 0) for key, n in now.items() if n > before.get(key, 0)}
        if more:
            self.alarms.add(NOTICE, "dropped", batch.endpoint, "did not tell %s"
                            % ", ".join("%d events (%s)" % (n, key) for key, n in more.items()))
        self.index.do("UPDATE streams SET dropped=? WHERE endpoint=? AND stream=?",
                      json.dumps(now), endpoint, batch.stream)

    # ---- silence ------------------------------------------------------------------------------------

    def quiet(self, now: float, grace: float) -> bool:
        """Alarms for endpoints whose next batch is overdue. Only asked while the feed is read up
        to its end: a center that was away makes nobody silent."""
        rows = self.index.all("SELECT id, name, last_t, due_t FROM endpoints WHERE silent=0 AND"
                              " due_t<? AND name NOT IN (SELECT name FROM retired)", now - grace)
        if rows:
            with self.index:
                for endpoint, name, last, due in rows:
                    self.index.do("UPDATE endpoints SET silent=1 WHERE id=?", endpoint)
                    self.alarms.add(ALARM, "silent", name, "nothing came for %d s, the next batch "
                                    "was due %d s ago" % (now - last, now - due))
        return bool(rows)


def missing(rows: List[Range], low: int, high: int) -> List[Range]:
    """The parts of low..high that no row covers; rows in order of their beginning."""
    gaps = []
    for first, last in rows:
        if first > low:
            gaps.append((low, first - 1))
        low = max(low, last + 1)
    if low <= high:
        gaps.append((low, high))
    return gaps


def due_after(batch: Batch) -> float:
    """Seconds until the next batch must come: a span by the endpoint's clock, so that a wrong clock
    makes nobody silent, and bounded, so that no endpoint excuses itself for a year."""
    span = (batch.beat["due"] - batch.beat_time) / 1000 if batch.beat_time else DUE_MOST
    return min(max(span, DUE_LEAST), DUE_MOST)

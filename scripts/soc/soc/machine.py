"""The endpoint's row in the index: what its newest heartbeat says of it, for fleet."""

import json

from .alarms import ALARM, NOTICE, Alarms
from .batch import Batch
from .chain import due_after
from .index import DAY, Index


def update(index: Index, alarms: Alarms, endpoint: int, batch: Batch, t: float, kept: int,
           findings: int) -> None:
    """Inside the transaction that takes the batch in. `findings`: among the `kept` new lines."""
    last_t, due_t, silent, day, beat_t, beat = index.one(
        "SELECT last_t, due_t, silent, day, beat_t, beat FROM endpoints WHERE id=?", endpoint) or ()
    before = json.loads(beat)
    newest = before.get("stream") != batch.stream or batch.seq > before.get("seq", 0)
    due = t + due_after(batch)
    if beat_t and not newest:
        due = max(due_t, due)
    if silent:
        alarms.add(NOTICE, "back", batch.endpoint, "sends again after %d s" % max(0, t - last_t))
    index.do("UPDATE endpoints SET institution=?, last_t=max(last_t, ?), due_t=?, silent=0,"
             " batches=batches+1, lines=lines+?, duplicates=duplicates+? WHERE id=?",
             batch.institution, t, due, kept, len(batch.events) - kept, endpoint)
    retired = index.value("SELECT t FROM retired WHERE name=?", batch.endpoint)
    if retired is not None and t > retired:
        alarms.add(ALARM, "retired-sends", batch.endpoint,
                   "is out of service by fleet --retire and sends: is its certificate revoked, "
                   "and who has it?")
    today = int(t / DAY)
    if today >= day:
        index.do("UPDATE endpoints SET day=?, findings=? + CASE day WHEN ? THEN findings ELSE 0 END"
                 " WHERE id=?", today, findings, today, endpoint)
    if newest:
        index.do("UPDATE endpoints SET beat_t=?, beat_ms=?, version=?, beat=? WHERE id=?", t,
                 batch.beat_time, batch.version, json.dumps(batch.shown), endpoint)
    if batch.patch:
        index.do("UPDATE endpoints SET patch_ms=?, patch=? WHERE id=? AND patch_ms<=?",
                 batch.patch["time"], json.dumps(batch.patch), endpoint, batch.patch["time"])

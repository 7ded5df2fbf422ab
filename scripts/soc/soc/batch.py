"""Is this file what it says it is? An endpoint is hostile until it is proven otherwise.

verify() reads a batch line by line and either returns what the index needs to know or raises
Broken. It trusts two things alone: the name under which nginx stored the file, and the certificate's
CN and O, which stand in the feed."""

import hashlib
from typing import Any, Dict, List, NamedTuple, Tuple

from . import inflate, jsonguard
from .common import BATCH, EVENTS_MAX, FILE_MAX, SEQ_MAX, UID, Broken, plain

HEARTBEAT = (6002, 99)
FINDING = 2004
PATCH_STATE = 5004
CLASSES = frozenset((1001, 1008, 2002, 2003, 2004, 5001, 5004, 5020, 5021, 6002, 6007,
                     201001, 201002, 201004))
SEVERITIES = frozenset((0, 1, 2, 3, 4, 5, 6, 99))
NOTED_SEVERITY = 3              # from here on an event counts as a finding
LOST_MAX = 32
SOURCES_MAX = 16


class Event(NamedTuple):
    uid: bytes
    finding: bool


class Batch(NamedTuple):
    endpoint: str
    institution: str
    name: str
    stream: str
    seq: int
    id: str
    data: bytes
    beat: Dict[str, Any]        # what the chain goes by: see compact()
    shown: Dict[str, Any]       # what fleet shows
    beat_time: int              # ms by the endpoint's clock, 0 if not said
    version: str
    events: List[Event]         # one a line, the heartbeat first
    patch: Dict[str, Any]       # the newest 5004's {"time", "security", "total", "reboot"} or {}


def split_name(name: str) -> Tuple[str, int, str]:
    """(stream, seq, id) of a well-formed name."""
    match = BATCH.fullmatch(name)
    if not match:
        raise Broken("no name of a batch: %s" % plain(name))
    return match.group(1), int(match.group(2)), match.group(3)


def verify(data: bytes, endpoint: str, institution: str, name: str) -> Batch:
    """The batch, or Broken: in which line, and why."""
    stream, seq, digest = split_name(name)
    if len(data) > FILE_MAX:
        raise Broken("more than %d bytes" % FILE_MAX)
    found = hashlib.sha256(data).hexdigest()[:32]
    if found != digest:
        raise Broken("its SHA-256 begins with %s, not as its name says" % found)
    events: List[Event] = []
    head: Dict[str, Any] = {}
    beat: Dict[str, Any] = {}
    patch: Dict[str, Any] = {}
    number = 0
    try:
        for number, line in enumerate(inflate.lines(data), 1):
            if number > EVENTS_MAX:
                raise Broken("more than %d events" % EVENTS_MAX)
            event = jsonguard.parse(line)
            kind = (event.get("class_uid"), event.get("activity_id"))
            events.append(check_event(event, endpoint, institution))
            if number == 1:
                head, beat = event, check_heartbeat(event, kind, stream, seq)
            elif kind == HEARTBEAT:
                raise Broken("a second heartbeat")
            elif kind[0] == PATCH_STATE:
                patch = patch_state(event, patch)
    except Broken as error:
        raise Broken("line %d: %s" % (max(number, 1), error)) from None
    if not events:
        raise Broken("no line in it")
    if len(events) - 1 != beat["events"]:
        raise Broken("the heartbeat says %d events, %d follow" % (beat["events"], len(events) - 1))
    if len({event.uid for event in events}) != len(events):
        raise Broken("the same metadata.uid twice")
    version = text_in(text_in(head, "metadata", dict), "product", dict).get("version")
    return Batch(endpoint, institution, name, stream, seq, digest, data, compact(beat),
                 shown(beat), integer(head.get("time")), plain(version or "", 40), events, patch)


def text_in(where: Any, key: str, kind: type = str) -> Any:
    """where[key] if it is of that kind, else an empty one."""
    value = where.get(key) if isinstance(where, dict) else None
    return value if isinstance(value, kind) else kind()


def integer(value: Any, lowest: int = 0, most: int = 1 << 53) -> int:
    """A number within bounds, else 0: for figures that are only shown."""
    good = isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= most
    return value if good else 0


def check_event(event: Dict[str, Any], endpoint: str, institution: str) -> Event:
    kind, severity = event.get("class_uid"), event.get("severity_id", 0)
    if type(kind) is not int or kind not in CLASSES:
        raise Broken("class_uid %s is none that an agent tells" % plain(kind, 40))
    if type(severity) is not int or severity not in SEVERITIES:
        raise Broken("severity_id %s" % plain(severity, 40))
    metadata = text_in(event, "metadata", dict)
    tenant = metadata.get("tenant_uid")
    reporter = text_in(metadata, "reporter", dict).get("uid")
    if tenant != institution:
        raise Broken("tenant_uid %s, the certificate says %s" % (plain(tenant, 80), institution))
    if reporter != endpoint:
        raise Broken("reporter.uid %s, the certificate says %s" % (plain(reporter, 80), endpoint))
    uid = metadata.get("uid")
    if not isinstance(uid, str) or not UID.fullmatch(uid):
        raise Broken("metadata.uid %s is not 32 hex digits" % plain(uid, 60))
    return Event(bytes.fromhex(uid), kind == FINDING or NOTED_SEVERITY <= severity <= 6)


def check_heartbeat(event: Dict[str, Any], kind: Any, stream: str, seq: int) -> Dict[str, Any]:
    """unmapped.vigia of the first line, with every member that the chain goes by checked."""
    if kind != HEARTBEAT:
        raise Broken("the first line is no heartbeat")
    beat = text_in(text_in(event, "unmapped", dict), "vigia", dict)
    if beat.get("stream") != stream or type(beat.get("seq")) is not int or beat["seq"] != seq:
        raise Broken("the heartbeat is of another batch: stream %s, seq %s"
                     % (plain(beat.get("stream"), 20), plain(beat.get("seq"), 20)))
    for key, lowest, most in (("low", 1, seq), ("events", 0, EVENTS_MAX), ("due", 0, 1 << 53)):
        if type(beat.get(key)) is not int or not lowest <= beat[key] <= most:
            raise Broken("the heartbeat's %s is %s" % (key, plain(beat.get(key), 40)))
    check_prev(beat.get("prev"), stream, seq)
    check_lost(beat.get("lost"), seq)
    return beat


def check_prev(prev: Any, stream: str, seq: int) -> None:
    if prev == "":
        return
    match = BATCH.fullmatch(prev) if isinstance(prev, str) else None
    if not match or match.group(1) != stream or int(match.group(2)) != seq - 1:
        raise Broken("prev is not the batch before: %s" % plain(prev, 80))


def check_lost(lost: Any, seq: int) -> None:
    if not isinstance(lost, list) or len(lost) > LOST_MAX:
        raise Broken("lost is no list of at most %d ranges" % LOST_MAX)
    for one in lost:
        low, high, events = (one.get(key) if isinstance(one, dict) else None
                             for key in ("from", "to", "events"))
        numbers = all(type(n) is int for n in (low, high, events))
        # its own number: of a journal that was damaged, what could be read arrives, the rest is lost
        if not numbers or not 1 <= low <= high <= SEQ_MAX or low > seq or events < 0:
            raise Broken("a range in lost is none: %s" % plain(one, 80))
        if not isinstance(one.get("reason"), str):
            raise Broken("a range in lost has no reason")


def compact(beat: Dict[str, Any]) -> Dict[str, Any]:
    """Only what is used: many batches are held at once, and a line full of keys is large in memory."""
    dropped = text_in(text_in(beat, "counters", dict), "dropped", dict)
    return {"prev": beat["prev"], "low": beat["low"], "due": beat["due"],
            "lost": [{"from": one["from"], "to": one["to"], "events": min(one["events"], 1 << 53),
                      "reason": plain(one["reason"], 60)} for one in beat["lost"]],
            "dropped": {plain(key, 60): integer(n) for key, n in list(dropped.items())[:32]}}


def shown(beat: Dict[str, Any]) -> Dict[str, Any]:
    """The few figures that fleet shows, each of the type and size it should have."""
    spool, ship = text_in(beat, "spool", dict), text_in(beat, "ship", dict)
    sources = [{"name": plain(text_in(one, "name"), 40), "state": plain(text_in(one, "state"), 12),
                "detail": plain(text_in(one, "detail"), 120)}
               for one in text_in(beat, "sources", list)[:64]
               if text_in(one, "state") not in ("ok", "off")][:SOURCES_MAX]
    told = isinstance(ship.get("cert_days"), int)
    roles = (("collect", text_in(beat, "collect", dict)), ("ship", ship))
    free = ["%s: %s" % (role, text_in(of, "confinement_error")) for role, of in roles
            if text_in(of, "confinement_error")]
    return {"stream": beat["stream"], "seq": beat["seq"], "sources": sources,
            "spool_batches": integer(spool.get("batches")),
            "spool_bytes": integer(spool.get("bytes")),
            "cert_days": integer(ship.get("cert_days"), -36500, 36500) if told else None,
            "error": plain(text_in(ship, "error"), 120),
            "renewal_error": plain(text_in(ship, "renewal_error"), 200),
            "confinement_error": plain("; ".join(free), 200),
            "clock_offset_ms": integer(ship.get("clock_offset_ms"), -(1 << 53))}


def patch_state(event: Dict[str, Any], newest: Dict[str, Any]) -> Dict[str, Any]:
    """What fleet shows of a 5004, the newest by its own time."""
    when = integer(event.get("time"))
    if newest and when < newest["time"]:
        return newest
    vigia = text_in(text_in(event, "unmapped", dict), "vigia", dict)
    pending = text_in(vigia, "pending", dict)
    known = vigia.get("lists_known") is not False     # else its zeros say nothing
    return {"time": when, "security": integer(pending.get("security")) if known else None,
            "total": integer(pending.get("total")) if known else None,
            "reboot": vigia.get("reboot_required") is True}

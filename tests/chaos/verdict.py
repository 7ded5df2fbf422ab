"""The end: the test's own view of the lake and of the center's store, and whether the SOC's verify says the same."""

import collections
import glob
import json
import os
import subprocess
import sys

from center_kit import TREE
from told import numbers_in, storms_in


class View:
    """What the test sees by itself."""

    def __init__(self, world):
        self.events = list(world.lake())
        self.lines, self.changes = numbers_in(self.events)
        self.storms = storms_in(self.events)
        self.uids = collections.Counter(event["metadata"]["uid"] for event in self.events)
        self.ids = collections.defaultdict(set)      # (stream, seq): ids
        self.lost, self.lost_events, self.dropped = set(), {}, {}
        self.batches, self.never = 0, set()
        for path, events in world.stored():
            self.take(os.path.basename(path), events)
            self.never.update(event["metadata"]["uid"] for event in events)
        self.never -= set(self.uids)

    def take(self, name, events):
        stream, seq, digest = name.partition(".")[0].split("-")
        self.batches += 1
        self.ids[stream, int(seq)].add(digest)
        beat = events[0]["unmapped"]["vigia"]
        for one in beat["lost"]:
            key = (stream, one["from"], one["to"], one["reason"])
            self.lost.update((stream, n) for n in range(one["from"], one["to"] + 1))
            self.lost_events[key] = max(self.lost_events.get(key, 0), one["events"])
        for reason, n in beat["counters"]["dropped"].items():
            self.dropped[reason] = max(self.dropped.get(reason, 0), n)

    @property
    def clones(self):
        return sum(len(ids) > 1 for ids in self.ids.values())

    @property
    def streams(self):
        return {stream for stream, _ in self.ids}

    def declared(self):
        """How many events lie in declared losses at most."""
        return sum(self.lost_events.values()) + sum(self.dropped.values())


def verify(world):
    """(exit status, what verify says of the endpoint, what it complains of)."""
    done = subprocess.run([sys.executable, TREE + "/scripts/soc/verify", "--dir", world.soc, "--json"],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, universal_newlines=True)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return done.returncode, rows[0] if rows else {}, done.stderr


def in_ranges(ranges):
    return {(one["stream"], n) for one in ranges for n in range(one["from"], one["to"] + 1)}


def judge_numbers(check, world, view):
    """Each number once, or explained."""
    left = view.declared()
    totals = (("line", view.lines, world.lines_wanted, 0), ("change", view.changes, world.changes_wanted, 1))
    for what, counted, total, which in totals:
        missing = {n for n in range(total) if counted[n] == 0}
        doubled = [n for n, times in counted.items() if times > 1]
        with_state = {n for n in missing if any(n in lost[which] for lost in world.lost)}
        rest = missing - with_state
        by_storm = in_storms(view, world, rest) if which else set()
        rest -= by_storm
        print("%ss: %d of %d in the lake once, %d lost with the state folder, %d told in counts, %d in declared losses"
              % (what, sum(times == 1 for times in counted.values()), total, len(with_state), len(by_storm),
                 min(len(rest), left)))
        check("every %s is in the lake, or declared" % what, len(rest) <= left, (len(rest), sorted(rest)[:20], left))
        left -= len(rest)
        check("no %s is there twice" % what, not doubled, doubled[:20])
    check("no uid is in the lake twice", max(view.uids.values()) == 1)
    check("what the center has is in the lake", not view.never, len(view.never))


def in_storms(view, world, missing):
    """Those that counts of storms stand for."""
    left, covered = collections.Counter(view.storms), set()
    for number in sorted(missing):
        for folder in (str(number % world.folders), ""):
            if left[folder] > 0:
                left[folder] -= 1
                covered.add(number)
                break
    return covered


def quarantined(world):
    """Why, in follow's words."""
    words = []
    for path in glob.glob(world.soc + "/quarantine/**/*.why", recursive=True):
        with open(path, encoding="utf-8") as file:
            words.append(file.read())
    return words


def judge_words(check, world, view):
    """verify says what the test sees."""
    status, said, complaints = verify(world)
    print("verify: exit %d, %s" % (status, {key: value for key, value in said.items()
                                            if key not in ("lost", "streams")}))
    check("verify knows each batch that the center has", said.get("batches") == view.batches,
          (said.get("batches"), view.batches))
    check("verify counts the lake's lines", said["lines"] == len(view.events), (said["lines"], len(view.events)))
    check("verify names the declared losses", in_ranges(said["lost"]) == view.lost,
          (sorted(in_ranges(said["lost"]) ^ view.lost)[:10]))
    check("verify names the streams", {one["stream"] for one in said["streams"]} == view.streams, said["streams"])
    check("verify names what was dropped", said["dropped"] == view.dropped, (said["dropped"], view.dropped))
    check("verify counts the cloned numbers", said["clones"] == view.clones, (said["clones"], view.clones))
    for key in ("gaps", "missing", "twice_in_lake", "not_in_index", "not_in_lake", "quarantined", "chain"):
        check("verify: no %s" % key, not said[key], (said[key], quarantined(world) if key == "quarantined" else ""))
    check("verify has no other complaint", complaints == "", complaints)
    check("verify's exit says so", status == (1 if view.clones else 0), status)


def judge(check, world):
    view = View(world)
    judge_numbers(check, world, view)
    judge_words(check, world, view)
    return view


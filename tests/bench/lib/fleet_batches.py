"""Batches as an agent makes them, for thousands of endpoints: a real collect tells what happens on a host, and each
endpoint tells the same with its own name, uids and times."""

import gzip
import hashlib
import json
import os
import re
import time
import zlib

from line_kit import INSTITUTION, Line, is_class

UID, CN, HOST, TENANT, TIME = "@uid@", "@cn@", "@host@", "@tenant@", 1700000000123
LOG = (
    "sshd[{n}]: Failed password for invalid user test from 203.0.113.{k} port 4{n} ssh2",
    "sudo:     ana : TTY=pts/{k} ; PWD=/home/ana ; USER=root ; COMMAND=/bin/bash",
    "useradd[{n}]: new user: name=t{k}, UID={n}, GID={n}, home=/home/t{k}, shell=/bin/bash, from=/dev/pts/1",
)


def record(rules):
    """The events of a host on which lines are logged and files change: dicts."""
    line = Line(inventory="yes", seal_age="60s", heartbeat="60s")
    try:
        for name in os.listdir(rules):
            os.symlink("%s/%s" % (rules, name), "%s/etc/vigia/rules/%s" % (line.agent, name))
        collect = line.part("collect")
        collect.start()
        outbox = line.agent + "/var/lib/vigia/outbox"
        status = line.agent + "/run/vigia/status.json"
        if not line.wait_for(lambda: os.path.exists(status), 20):
            raise SystemExit("collect does not start: " + collect.messages()[-400:])
        time.sleep(3)       # the first scan, so that changes are seen as such
        with open(line.log, "a") as log:
            for i in range(40):
                log.write("%s host %s\n" % (time.strftime("%b %e %H:%M:%S"), LOG[i % 3].format(n=1000 + i, k=i)))
        for i in range(60):
            with open("%s/changed-%d.conf" % (line.watched, i % 30), "a") as file:
                file.write("setting %d\n" % i)
            time.sleep(0.02)
        time.sleep(3)
        collect.kill(15)    # seals what is open
        return [json.loads(text) for text in read_outbox(outbox)]
    finally:
        line.close()


def read_outbox(outbox):
    for part in ("urgent", "routine"):
        for name in sorted(os.listdir(outbox + "/" + part)):
            with gzip.open("%s/%s/%s" % (outbox, part, name), "rt", encoding="utf-8") as lines:
                yield from lines


def template(event):
    """Its text with places to fill in."""
    metadata = event["metadata"]
    metadata["uid"], metadata["tenant_uid"] = UID, TENANT
    metadata["reporter"]["uid"] = CN
    host = metadata["reporter"].get("hostname")
    event["time"] = TIME
    text = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
    return text.replace('"%s"' % host, '"%s"' % HOST) if host else text


class Templates:
    def __init__(self, told):
        """Events that come again and again, not the start or the first inventory."""
        beat = next(e for e in told if is_class(e, 6002, 99))
        beat["unmapped"]["vigia"].update(stream="@stream@", seq="@seq@", prev="@prev@", low="@seq@", lost=[],
                                         events="@events@", due="@due@")
        beat["unmapped"]["vigia"].get("counters", {})["dropped"] = {}
        self.beat = re.sub('"(@(?:seq|events|due)@)"', r"\1", template(beat))
        self.events = [template(e) for e in told if e["class_uid"] in (1001, 2004)]
        kinds = {e["class_uid"] for e in told}
        if not {1001, 2004} <= kinds:
            raise SystemExit("the recorded events lack a kind: %s" % sorted(kinds))


def member(text):
    deflate = zlib.compressobj(6, zlib.DEFLATED, 31)
    return deflate.compress(text.encode()) + deflate.flush()


class Teller:
    """One endpoint's stream: its next batch, and the uids in all of them."""

    def __init__(self, number, institution, templates):
        self.number, self.institution, self.templates = number, institution, templates
        self.cn = "pc-%05d" % number
        self.stream = hashlib.sha256(b"stream %d" % number).hexdigest()[:8]
        self.seq, self.prev = 0, ""

    def uids(self, seq):
        """The heartbeat's and those of the events: 1 to 20 of them, 10.5 on average."""
        n = 1 + (self.number * 7 + seq * 13) % 20
        return [hashlib.sha256(b"%d %d %d" % (self.number, seq, i)).hexdigest()[:32] for i in range(n + 1)]

    def filled(self, text, uid, now):
        text = text.replace(UID, uid).replace(CN, self.cn).replace(HOST, self.cn).replace(TENANT, self.institution)
        return text.replace(str(TIME), str(now))

    def next(self):
        """(name, data)"""
        self.seq += 1
        now, uids, known = int(time.time() * 1000), self.uids(self.seq), self.templates.events
        beat = self.filled(self.templates.beat, uids[0], now)
        for key, value in (("@stream@", self.stream), ("@seq@", self.seq), ("@prev@", self.prev),
                           ("@events@", len(uids) - 1), ("@due@", now + 600000)):
            beat = beat.replace(key, str(value))
        at = self.number * 31 + self.seq * 17
        events = "".join(self.filled(known[(at + i) % len(known)], uid, now - 50 * i) + "\n"
                         for i, uid in enumerate(uids[1:]))
        data = member(beat + "\n") + member(events)
        self.prev = "%s-%d-%s.ndjson.gz" % (self.stream, self.seq, hashlib.sha256(data).hexdigest()[:32])
        return self.prev, data


def institution_of(number):
    return "%s-%02d" % (INSTITUTION, number % 32)

"""The line (tests/system/lib/line_kit.py) with what faults take hold of: small disks, a clock for each of the three
machines, a front before the center, and somebody who writes numbers."""

import glob
import gzip
import json
import os
import random
import shutil
import sqlite3
import struct
import subprocess
import sys
import threading
import time

from center_kit import SCRIPTS
from front import Front
from line_kit import Line, Part, is_class

BUILD = os.path.abspath(os.environ.get("BUILD", "build/release"))
HOUR, DAY = 3600, 86400
BORN = -5 * DAY         # when the center was set up, so that clocks may go back without a certificate being too young
KEPT = ("collect", "ship", "follow", "sign")    # what is started again when it ends
HOLD_MOST = 600         # seconds until what must come after a fault has to be there

NUMBERED = """title: a numbered line
id: 6f6f3c0e-5b5f-4c39-9f7e-0d6f6b1f1a01
status: test
level: low
logsource:
    product: linux
    service: auth
detection:
    keywords:
        - 'numbered line'
    condition: keywords
"""


class Clock:
    """The clock of a machine: what its programs take for now."""

    def __init__(self, folder, name):
        self.path = "%s/clock-%s" % (folder, name)
        self.set(0)

    def set(self, seconds):
        with open(self.path, "r+b" if os.path.exists(self.path) else "w+b") as file:
            file.write(struct.pack("q", int(seconds)))

    def environment(self, before=""):
        return {"LD_PRELOAD": before + BUILD + "/clock.so", "VIGIA_CLOCK_FILE": self.path}


class Disk:
    """A tmpfs over a folder. Full: its size is what it holds, and a little that is drawn."""

    def __init__(self, folder, size):
        self.folder, self.size = folder, size
        kept = folder + ".kept"
        os.makedirs(folder, exist_ok=True)
        os.rename(folder, kept)
        os.mkdir(folder)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%d,mode=755" % size, "tmpfs", folder], check=True)
        subprocess.run(["cp", "-a", kept + "/.", folder], check=True)
        shutil.rmtree(kept)

    def resize(self, size):
        return subprocess.run(["mount", "-o", "remount,size=%d" % size, self.folder],
                              stderr=subprocess.DEVNULL).returncode == 0

    def fill(self, slack):
        for _ in range(20):     # it grows meanwhile
            of = os.statvfs(self.folder)
            if self.resize((of.f_blocks - of.f_bfree) * of.f_frsize + slack):
                return
            slack += 65536

    def free(self):
        self.resize(self.size)

    def close(self):
        subprocess.run(["umount", "-l", self.folder], stderr=subprocess.DEVNULL)


class World(Line):
    def __init__(self, seed, lines, changes, folders):
        super().__init__(rules=(NUMBERED,), cap="1M")
        self.lines_wanted, self.changes_wanted, self.folders = lines, changes, folders
        self.clocks = {name: Clock(self.root, name) for name in ("agent", "center", "soc", "birth")}
        self.disks = {}
        self.front = Front(self.port, seed)
        self.url = "https://127.0.0.1:%d" % self.front.port
        self.held = {}          # part: how many faults keep it from running
        self.lost = []          # what a lost state may have taken with it: (numbers of lines, of changes)
        self.unsettled = []     # lost states whose new baseline is not done
        self.look_due = 0.0
        self.struck = 0         # times a part was killed inside a write
        self.seed = seed

    # ---- setting up --------------------------------------------------------------------------------

    def set_up(self):
        for number in range(self.folders):
            os.mkdir("%s/%d" % (self.watched, number))
        for number in range(0, self.changes_wanted, 2):
            with open(self.path_of("changed", number), "w") as file:
                file.write("as it was\n")
        self.clocks["birth"].set(BORN)
        self.set_up_center()
        self.enroll()
        self.start_center()
        for name, folder, size in (("agent", self.agent + "/var", 64), ("soc", self.soc, 256)):
            self.disks[name] = Disk(folder, size << 20)
        crash = {"VIGIA_CRASH_EVERY": "600", "VIGIA_CRASH_UNDER": self.agent + "/var",
                 "VIGIA_CRASH_STATE": self.root + "/crashes", "VIGIA_CRASH_LOG": self.root + "/crash.log",
                 "VIGIA_CRASH_SEED": str(self.seed),
                 "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
        both = self.clocks["agent"].environment(BUILD + "/crash.so:")
        for name in ("collect", "ship"):
            self.part(name, dict(crash, **both))
        self.part("follow", self.clocks["soc"].environment())
        self.parts["sign"] = Part("sign", [sys.executable, SCRIPTS + "sign", "--rules", self.write_rules(), "--every", "1",
                                           "--root", self.center], self.root)
        self.held.update((name, 0) for name in KEPT)
        self.look_after()

    def write_rules(self):
        """Of the CA, which has a machine and a clock of its own."""
        path = self.root + "/sign.ini"
        with open(path, "w") as file:
            file.write("[rule all]\nname = pc-*\ninstitution = MX-TEST\nlife = 90d\n")
        return path

    def set_up_center(self):
        self.at_center("setup", "--listen", "127.0.0.1:%d" % self.port, clock="birth")
        self.disks["center"] = Disk(self.center + "/srv", 256 << 20)
        self.bundles = {"endpoint": self.root + "/endpoint.bundle", "soc": self.root + "/soc.bundle"}
        for role, name in (("endpoint", "pc-1"), ("soc", "soc-1")):
            self.issue(role, name, clock="birth")

    def issue(self, role, name, *words, clock="birth"):
        self.at_center("issue", "--cn", name, "--institution", "MX-TEST", "--role", role, "--center", self.url, "-o",
                       self.bundles[role], *words, clock=clock)

    def at_center(self, name, *words, clock="center"):
        """A command of scripts/center by one of the clocks."""
        done = subprocess.run([sys.executable, SCRIPTS + name, *words, "--root", self.center],
                              env=dict(os.environ, **self.clocks[clock].environment()), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, universal_newlines=True)
        if done.returncode != 0:
            raise RuntimeError("%s: %s" % (name, done.stdout))
        return done.stdout

    def start_center(self):
        if self.center_pid() is None and not self.held.get("center"):
            self.at_center("serve", "start")

    def path_of(self, kind, number):
        return "%s/%d/%s-%d" % (self.watched, number % self.folders, kind, number)

    # ---- keeping it running ----------------------------------------------------------------------------

    def hold(self, name):
        self.held[name] = self.held.get(name, 0) + 1

    def let_go(self, name):
        self.held[name] -= 1

    def look_after(self):
        """What ended is started again, as a service manager would."""
        for name in KEPT:
            part = self.parts[name]
            if not part.runs() and not self.held[name]:
                self.struck += part.process is not None and part.process.returncode == -9
                part.start()

    def look_at_lost(self):
        """What a lost state took with it is known once the new baseline is done."""
        if not self.unsettled or time.monotonic() < self.look_due:
            return
        self.look_due = time.monotonic() + 1
        if self.unsettled[-1].settled():
            for fault in self.unsettled:
                fault.close()
            self.unsettled = []

    def calm(self):
        """From here on nothing happens: what is still under way has to arrive."""
        for name in ("collect", "ship"):
            part = self.parts[name]
            part.environment.pop("VIGIA_CRASH_EVERY", None)
            part.kill()
        self.look_after()
        self.start_center()

    def renewals(self):
        """How many certificates the CA gave to a ship that asked for its next one."""
        with open(self.center + "/var/lib/vigia-ca/issued.ndjson") as file:
            return sum(json.loads(row).get("did") == "renewed" for row in file)

    # ---- what there is -----------------------------------------------------------------------------------

    def stored(self):
        """(path, events) of every batch that the center has."""
        for path in sorted(glob.glob(self.center + "/srv/vigia/v1/store/*/*/*.ndjson.gz")):
            yield path, read_batch(path)

    def sealed(self, stream=""):
        """(path, events) of every batch, waiting or stored. What is gone from the outbox by the time it is read is at
        the center, which is looked at after it."""
        for path in self.waiting():
            if os.path.basename(path).startswith(stream):
                try:
                    yield path, read_batch(path)
                except FileNotFoundError:
                    pass
        for path in sorted(glob.glob(self.center + "/srv/vigia/v1/store/MX-TEST/pc-1/%s*.ndjson.gz" % stream)):
            yield path, read_batch(path)

    def waiting(self):
        return glob.glob(self.agent + "/var/lib/vigia/outbox/[ur][ro]*/*.ndjson.gz")

    def rest(self):
        """Until nothing moves any more: the agent is told to end, which seals what is open; what waits is delivered;
        follow has it all and seeks nothing. False if that takes too long."""
        time.sleep(15)      # a scan after the last start, and what it finds
        self.wait_for(lambda: self.look_at_lost() or not self.unsettled, 60, 1)
        self.hold("collect")
        self.parts["collect"].kill(15)
        delivered = self.wait_for(lambda: len(self.undelivered()) == 0, HOLD_MOST, 1)
        taken = self.wait_for(lambda: self.follow_has_all(), HOLD_MOST, 1)
        self.hold("follow")
        self.parts["follow"].kill(15)
        return delivered and taken

    def undelivered(self):
        """What waits in the outbox and is not at the center; collect, which would remove the rest, is gone."""
        stored = self.center + "/srv/vigia/v1/store/MX-TEST/pc-1/"
        return [path for path in self.waiting() if not os.path.exists(stored + os.path.basename(path))]

    def follow_has_all(self):
        self.look_after()
        stored = len(glob.glob(self.center + "/srv/vigia/v1/store/*/*/*.ndjson.gz"))
        return query(self.soc, "SELECT count(*) FROM batches") == [(stored,)] and \
            query(self.soc, "SELECT * FROM gaps WHERE state='sought'") == []

    def close(self, keep=False):
        self.front.close()
        for part in self.parts.values():
            part.kill()
        self.kill_center()
        if keep:    # the disks go with this process: what they hold is copied
            for disk in self.disks.values():
                subprocess.run(["cp", "-a", disk.folder, disk.folder + ".kept"])
        for disk in self.disks.values():
            disk.close()
        super().close(keep)


def read_batch(path):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def query(soc, sql):
    """Rows of the SOC's index; none while it cannot be read."""
    try:
        db = sqlite3.connect("file:%s/index.sqlite?mode=ro" % soc, uri=True)
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()
    except sqlite3.Error:
        return []


class Writer(threading.Thread):
    """Numbered lines into the log, rotated by rename and by copytruncate on the way, and numbered changes in the
    watched folders: half of them new files, half changes of files that were there."""

    STEPS_A_SECOND = 4

    def __init__(self, world, seconds, seed):
        super().__init__(daemon=True)
        self.world, self.seconds, self.random = world, seconds, random.Random(seed)
        self.rotations = self.lines = self.changes = 0

    def rotate(self):
        log, n = self.world.log, self.rotations
        for old in range(n, 0, -1):
            os.replace("%s.%d" % (log, old), "%s.%d" % (log, old + 1))
        if n % 2 == 0:
            os.replace(log, log + ".1")
        else:
            with open(log, "rb") as source, open(log + ".1", "wb") as copy:
                copy.write(source.read())
            os.truncate(log, 0)
        self.rotations += 1

    def write_lines(self, up_to):
        stamp = time.strftime("%b %e %H:%M:%S")
        with open(self.world.log, "a") as log:
            while self.lines < up_to:
                log.write("%s host app[1]: numbered line %d.\n" % (stamp, self.lines))
                self.lines += 1

    def change(self, number):
        if number % 2 == 0:
            with open(self.world.path_of("changed", number), "a") as file:
                file.write("change\n")
        else:
            path = "%s/new-%d" % (self.world.outside, number)
            with open(path, "w") as file:
                file.write("new %d\n" % number)
            os.rename(path, self.world.path_of("new", number))
        self.changes = number + 1

    def run(self):
        steps = max(20, int(self.seconds * self.STEPS_A_SECOND))
        begun = time.monotonic()
        rotate_at = {int(steps * (k + 0.5) / 8) for k in range(8)}
        for step in range(1, steps + 1):
            self.write_lines(self.world.lines_wanted * step // steps)
            while self.changes < self.world.changes_wanted * step // steps:
                self.change(self.changes)
            if step in rotate_at:
                self.rotate()
            time.sleep(max(0.0, begun + self.seconds * step / steps - time.monotonic()))


def is_scan(event):
    return is_class(event, 6007)

"""A host whose users are hostile: collect as root over a scratch tree, attackers as an unprivileged user, file
systems that never answer, and how collect bears it (silence of its watchdog, descriptors, memory, threads, CPU)."""

import ctypes
import fcntl
import glob
import gzip
import json
import os
import resource
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from center_kit import TREE
from line_kit import VIGIA, is_class
from sanitized import role_environment

NOBODY = 65534
LIBC = ctypes.CDLL(None, use_errno=True)
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE, MNT_DETACH = 2, 4, 4096, 16384, 1 << 18, 2
CLONE_NEWNS, RENAME_EXCHANGE, PR_SET_PDEATHSIG = 0x20000, 2, 1

CONFIG = """[agent]
root = {agent}
host_root = {host}
[spool]
seal_age = 1s
heartbeat = 5s
cap = 1G
[integrity]
{paths}
scan_every = 1h
scan_rate = {scan_rate}
hash_max = {hash_max}
[detect]
repeat_window = 0
budget = 0
[patch]
enabled = yes
every = 60s
{logs}
"""
RULE = """title: a canary sang
id: 6f6f3c0e-5b5f-4c39-9f7e-0d6f6b1f1a02
status: test
level: low
logsource:
    product: linux
detection:
    keywords:
        - 'canary '
    condition: keywords
"""


def call(name, *arguments):
    if getattr(LIBC, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, "%s: %s" % (name, os.strerror(number)))


def mount(source, target, kind, flags=0, data=None):
    call("mount", os.fsencode(source), os.fsencode(target), kind.encode(), ctypes.c_ulong(flags),
         None if data is None else data.encode())


def unmount(target):
    call("umount2", os.fsencode(target), MNT_DETACH)


def end_with_parent():
    """This process goes when the one goes that forked it."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def own_mounts():
    """What is mounted from here on goes with the last process that sees it, however that ends."""
    call("unshare", CLONE_NEWNS)
    mount("none", "/", "none", MS_REC | MS_PRIVATE)


def exchange(a, b):
    call("renameat2", -100, os.fsencode(a), -100, os.fsencode(b), RENAME_EXCHANGE)


class HungFuse:
    """A FUSE file system whose server says hello (if so much) and then nothing more."""

    INIT = 26

    def __init__(self, path, greets=True, options="allow_other", user=0):
        self.path = path
        self.fd = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        kind = 0o100000 if os.path.isfile(path) else 0o040000
        data = "fd=%d,rootmode=%o,user_id=%d,group_id=%d" % (self.fd, kind, user, user)
        try:
            mount("hung", path, "fuse", MS_NOSUID | MS_NODEV, ",".join(filter(None, (data, options))))
            if greets:
                self.greet()
        except OSError:
            os.close(self.fd)
            raise

    def greet(self):
        if not select.select([self.fd], [], [], 5)[0]:
            raise OSError("FUSE asks nothing")
        _, opcode, unique = struct.unpack("<IIQ", os.read(self.fd, 1 << 20)[:16])
        if opcode != self.INIT:
            raise OSError("FUSE asks %d first" % opcode)
        body = struct.pack("<IIIIHHIIHH8I", 7, 23, 65536, 0, 12, 10, 65536, 1, 0, 0, *[0] * 8)[:64]
        os.write(self.fd, struct.pack("<IiQ", 16 + len(body), 0, unique) + body)

    def asked(self):
        """Whether anybody waits for an answer."""
        return bool(select.select([self.fd], [], [], 0)[0])

    def close(self):
        if self.fd >= 0:
            try:
                unmount(self.path)
            finally:
                os.close(self.fd)   # whoever waits in there gets an error
                self.fd = -1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Attacker:
    """A forked child that does something as an unprivileged user, over and over until it is stopped if so wanted."""

    def __init__(self, work, *what, uid=NOBODY, forever=False):
        ready, tell = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            status = 1
            try:
                os.close(ready)
                os.setgroups([])
                os.setgid(uid)
                os.setuid(uid)
                end_with_parent()
                os.umask(0o022)
                if not forever:
                    work(*what)
                os.write(tell, b"x")
                while forever:
                    work(*what)
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                os._exit(status)
        os.close(tell)
        os.read(ready, 1)   # it has begun, or is gone
        os.close(ready)
        self.status = None

    def wait(self):
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.status

    def stop(self):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
        return self.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


def as_nobody(work, *what):
    status = Attacker(work, *what).wait()
    if status != 0:
        raise RuntimeError("%s ended with %s" % (work.__name__, status))


class Host:
    """The scratch tree, its collect, and what that tells; it is acknowledged as ship would."""

    def __init__(self, paths, logs, hash_max="8M", scan_rate="0"):
        self.root = tempfile.mkdtemp(prefix="vigia-hostile-")
        os.chmod(self.root, 0o755)
        self.host, self.agent = self.root + "/host", self.root + "/agent"
        self.config = self.agent + "/etc/vigia/vigia.ini"
        for folder in (self.host, self.agent + "/etc/vigia/rules"):
            os.makedirs(folder)
        self.put(self.agent + "/etc/vigia/rules/canary.yml", RULE)
        self.put(self.config, CONFIG.format(
            agent=self.agent, host=self.host, hash_max=hash_max, scan_rate=scan_rate,
            paths="\n".join("path = " + path for path in paths),
            logs="\n".join("[log %s]\npath = %s\nservice = auth\nformat = plain" % log for log in logs)))
        self.events, self.seen = [], set()
        self.process, self.sung, self.tail = None, 0, ""
        self.pings, self.last_ping, self.longest = None, 0, 0.0

    @staticmethod
    def put(path, text, mode=0o644, owner=0):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
        os.chown(path, owner, owner)

    def folder(self, path, owner=0):
        os.makedirs(self.host + path, exist_ok=True)
        os.chown(self.host + path, owner, owner)
        return self.host + path

    # ---- the process ----

    def start(self):
        self.pings = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = "%s/notify-%d" % (self.root, self.sung)
        self.pings.bind(name)
        environment = role_environment("collect", dict(os.environ, NOTIFY_SOCKET=name, WATCHDOG_USEC="500000"))
        with open(self.root + "/collect.log", "ab") as log:
            self.process = subprocess.Popen([VIGIA, "collect", "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
        self.last_ping, self.longest = self.own_time(), 0.0
        threading.Thread(target=self.listen, args=(self.pings,), daemon=True).start()

    def listen(self, pings):
        while True:
            try:
                message = pings.recv(4096)
            except OSError:
                return
            if b"WATCHDOG" in message or b"READY" in message:
                self.longest, self.last_ping = max(self.longest, self.since_ping()), self.own_time()

    def own_time(self):
        """Seconds, without those in which the loop wanted to run and other programs had the processors."""
        try:
            with open("/proc/%d/task/%d/schedstat" % (self.process.pid, self.process.pid)) as file:
                return time.monotonic() - int(file.read().split()[1]) / 1e9
        except OSError:
            return time.monotonic()

    def since_ping(self):
        return self.own_time() - self.last_ping

    def silence(self):
        """The longest time since the last call in which the loop gave no sign of life."""
        longest = max(self.longest, self.since_ping())
        self.longest = 0.0
        return longest

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def stop(self, sign=signal.SIGTERM, seconds=20):
        if not self.runs():
            return self.process and self.process.returncode
        self.process.send_signal(sign)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(20)
            return "killed"

    def messages(self):
        with open(self.root + "/collect.log", errors="replace") as log:
            return log.read()

    def request(self, what):
        folder = self.agent + "/var/lib/vigia/requests"
        self.sung += 1
        name = "%s/%s-%d" % (folder, what, self.sung)
        with open(name, "w") as file:
            json.dump({"request": what}, file)
        os.rename(name, name + ".json")

    def cost(self):
        """Descriptors, resident MiB, threads, CPU seconds of collect."""
        folder = "/proc/%d/" % self.process.pid
        with open(folder + "status") as file:
            fields = dict(line.split(":", 1) for line in file)
        with open(folder + "stat") as file:
            times = file.read().rsplit(")", 1)[1].split()
        return {"fds": len(os.listdir(folder + "fd")), "mib": int(fields["VmRSS"].split()[0]) / 1024,
                "threads": int(fields["Threads"]),
                "cpu": (int(times[11]) + int(times[12])) / os.sysconf("SC_CLK_TCK")}

    # ---- what it tells ----

    def take(self):
        """Reads what is new in the outbox and acknowledges it."""
        var = self.agent + "/var/lib/vigia/"
        for path in sorted(glob.glob(var + "outbox/urgent/*.gz") + glob.glob(var + "outbox/routine/*.gz")):
            name = os.path.basename(path)
            if name in self.seen:
                continue
            try:
                with gzip.open(path, "rt", encoding="utf-8") as lines:
                    self.events += [json.loads(line) for line in lines]
            except FileNotFoundError:
                continue
            self.seen.add(name)
            with open(var + "inbox/ack/" + name, "w"):
                pass
        return self.events

    def wait_for(self, condition, seconds, step=0.1):
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.runs():
            if condition():
                return True
            time.sleep(step)
        return bool(condition())

    def told(self, wanted, seconds, since=0):
        def found():
            return next((e for e in self.take()[since:] if wanted(e)), None)
        self.wait_for(found, seconds)
        return found()

    def status(self):
        try:
            with open(self.agent + "/run/vigia/status.json") as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def source(self, name):
        return next((s for s in self.status().get("sources", []) if s["name"] == name), {})

    def dropped(self, reason):
        return self.status().get("counters", {}).get("dropped", {}).get(reason, 0)

    def scan(self, seconds):
        """Has everything looked at; the event of a scan that began after this was asked for."""
        since, asked = len(self.take()), int(time.time() * 1000)   # whole milliseconds, as in the uid
        self.request("scan")
        told = self.told(lambda e: is_class(e, 6007) and int(e["scan"]["uid"].split("-")[1]) >= asked, seconds, since)
        if not told and self.runs():
            print("no scan within %d s: %s" % (seconds, self.where()), flush=True)
        return told

    def where(self):
        """What collect says of its scan, and what each of its threads is in."""
        folder, words = "/proc/%d/task/" % self.process.pid, [self.source("integrity").get("detail", "")]
        for task in os.listdir(folder):
            try:
                with open(folder + task + "/stat") as stat, open(folder + task + "/stack") as stack:
                    words.append("%s %s: %s" % (task, stat.read().rsplit(")", 1)[1].split()[0], stack.read().strip()))
            except OSError as e:
                words.append(str(e))
        return "; ".join(words)

    def scan_skips(self, wanted, seconds):
        """Has everything looked at until wanted() likes the counts of what is skipped; the last ones."""
        counts, until = None, time.monotonic() + seconds
        while time.monotonic() < until and not (counts is not None and wanted(counts)):
            scan = self.scan(max(1, until - time.monotonic()))
            counts = scan["unmapped"]["vigia"]["skipped"] if scan else None
        return counts is not None and wanted(counts), counts

    def sing(self, seconds):
        """Writes a file and a line and waits for both to be told: the seconds that took, or None."""
        self.sung += 1
        word, began, since = "song%d" % self.sung, time.monotonic(), len(self.take())
        self.put("%s/watched/canary/%s" % (self.host, word), "canary %s" % word)
        with open(self.host + "/canary/canary.log", "a") as log:
            log.write("canary %s\n" % word)
        file = self.told(lambda e: is_class(e, 1001) and word in e["file"]["path"], seconds, since)
        line = self.told(lambda e: is_class(e, 2004) and word in json.dumps(e), seconds, since)
        return round(time.monotonic() - began, 1) if file and line else None

    def export(self):
        """Leaves what was told where tests/shared/ocsf checks it against the full schemas."""
        folder = os.path.join(os.environ.get("BUILD", TREE + "/build/release"), "events")
        os.makedirs(folder, exist_ok=True)
        with open("%s/%s.ndjson" % (folder, os.path.basename(sys.argv[0])), "a", encoding="utf-8") as file:
            fcntl.flock(file, fcntl.LOCK_EX)   # another host may leave its own at the same time
            for event in self.take():
                file.write(json.dumps(event) + "\n")

    def close(self, keep=False):
        if self.runs():
            self.stop(signal.SIGKILL)
        if keep:
            print("kept: " + self.root)
        else:   # rm: trees deeper than Python's stack
            subprocess.run(["rm", "-rf", self.root], stderr=subprocess.DEVNULL, check=False)

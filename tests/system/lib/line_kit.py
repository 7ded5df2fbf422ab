"""The whole line in a temporary folder: a real center, the real agent, the SOC's follow; each part can
be killed and started again, and the lake can be read."""

import glob
import gzip
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from center_kit import TREE, free_port, script
from sanitized import role_environment, tell_report

VIGIA = os.environ.get("VIGIA", TREE + "/build/release/vigia")
INSTITUTION = "MX-TEST"

CONFIG = """[agent]
root = {root}
host_root = {host}
log_level = {log_level}
[spool]
seal_age = {seal_age}
heartbeat = {heartbeat}
cap = {cap}
[center]
retry_max = 2s
timeout = 5s
[integrity]
enabled = {integrity}
path = {watched}
scan_every = {scan_every}
scan_rate = 0
[log auth]
path = {log}
service = auth
[detect]
repeat_window = 0
budget = 0
[patch]
enabled = {patch}
[inventory]
enabled = {inventory}
look_every = 5s
"""

DEFAULTS = {"seal_age": "1s", "heartbeat": "5s", "cap": "1G", "integrity": "yes", "patch": "no",
            "inventory": "no",
            "scan_every": "60s", "host": "", "log_level": "info"}


class Part:
    """A process that can be killed and started again; its messages go to a file."""

    def __init__(self, name, argv, folder, environment=None):
        self.name, self.argv, self.process = name, argv, None
        self.log = "%s/%s.log" % (folder, name)
        self.environment = role_environment(name, dict(os.environ, **(environment or {})))

    def start(self):
        if not self.runs():
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(self.argv, stdin=subprocess.DEVNULL, stdout=log,
                                                stderr=log, env=self.environment)

    def runs(self):
        return self.process is not None and self.process.poll() is None

    def kill(self, sign=signal.SIGKILL):
        if self.runs():
            self.process.send_signal(sign)
        return self.wait()

    def wait(self, seconds=20):
        return self.process.wait(seconds) if self.process is not None else None

    def messages(self):
        try:
            with open(self.log, errors="replace") as log:
                return log.read()
        except OSError:
            return ""


class Line:
    def __init__(self, rules=(), **settings):
        self.root = tempfile.mkdtemp(prefix="vigia-line-")
        os.chmod(self.root, 0o755)   # the center's nginx works as another user
        self.agent, self.center, self.soc = (self.root + "/" + part for part in
                                             ("agent", "center", "soc"))
        self.watched, self.log = self.root + "/watched", self.root + "/logs/auth.log"
        self.outside = self.root + "/outside"
        for folder in (self.agent + "/etc/vigia/rules", self.watched, self.outside,
                       self.root + "/logs", self.soc):
            os.makedirs(folder)
        open(self.log, "w").close()
        for name in ("severity", "support.ini"):
            shutil.copy(TREE + "/conf/" + name, self.agent + "/etc/vigia/" + name)
        self.port = free_port()
        self.url = "https://127.0.0.1:%d" % self.port
        self.config = self.agent + "/etc/vigia/vigia.ini"
        self.settings = dict(DEFAULTS, root=self.agent, watched=self.watched, log=self.log,
                             **settings)
        self.write_config()
        for number, rule in enumerate(rules):
            with open("%s/etc/vigia/rules/rule-%d.yml" % (self.agent, number), "w") as file:
                file.write(rule)
        self.parts, self.bundles = {}, {}

    def write_config(self, **settings):
        self.settings.update(settings)
        with open(self.config, "w") as file:
            file.write(CONFIG.format(**self.settings))

    def must(self, name, *words):
        status, said = script(name, *words, root=self.center)
        if status != 0:
            raise RuntimeError("%s: %s" % (name, said))
        return said

    def set_up_center(self):
        self.must("setup", "--listen", "127.0.0.1:%d" % self.port)
        for cn, role in (("pc-1", "endpoint"), ("soc-1", "soc")):
            self.bundles[role] = "%s/%s.bundle" % (self.root, role)
            self.must("issue", "--cn", cn, "--institution", INSTITUTION, "--role", role,
                      "--center", self.url, "-o", self.bundles[role])
        self.must("serve", "start")

    def vigia(self, *words, **more):
        return subprocess.run([VIGIA, words[0], "--config", self.config, *words[1:]],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, timeout=60, **more)

    def enroll(self):
        done = self.vigia("enroll", "--bundle", self.bundles["endpoint"])
        if done.returncode != 0:
            raise RuntimeError(done.stdout)

    def part(self, name, environment=None):
        argv = {"follow": [sys.executable, TREE + "/scripts/soc/follow", "--bundle",
                           self.bundles.get("soc", ""), "--dir", self.soc]}
        return self.parts.setdefault(name, Part(
            name, argv.get(name, [VIGIA, name, "--config", self.config]), self.root, environment))

    def center_pid(self):
        try:
            with open(self.center + "/run/vigia-center/nginx.pid") as file:
                return int(file.read())
        except (OSError, ValueError):
            return None

    def kill_center(self):
        """nginx as it ends at a power cut: master and workers at once, with no word to anybody. The
        master is stopped first, so that none of its workers begins meanwhile; and one that waits for
        the disk (its inbox is durable) holds the port until the disk answers."""
        pid = self.center_pid()
        if pid is None:
            return
        os.kill(pid, signal.SIGSTOP)
        self.wait_for(lambda: state_of(pid) in "TZX", 5, 0.01)
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            every = [pid] + [int(word) for word in file.read().split()]
        for one in every:
            try:
                os.kill(one, signal.SIGKILL)
            except ProcessLookupError:
                pass
        if not self.wait_for(lambda: all(state_of(one) in "ZX" for one in every), 60, 0.02):
            raise RuntimeError("nginx outlives SIGKILL: %s"
                               % {one: state_of(one) for one in every})
        os.remove(self.center + "/run/vigia-center/nginx.pid")

    def start_center(self):
        if self.center_pid() is None:
            self.must("serve", "start")

    def lake(self):
        """Every event in the lake, as often as it is there."""
        for path in sorted(glob.glob(self.soc + "/lake/dt=*/hour=*/*.ndjson.gz")):
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)

    def wait_for(self, condition, seconds, step=0.1):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition():
                return True
            time.sleep(step)
        return bool(condition())

    def wait_for_event(self, wanted, seconds):
        return self.wait_for(lambda: any(wanted(event) for event in self.lake()), seconds, 0.5)

    def export(self):
        """Leaves the lake's events where tests/shared/ocsf checks them against the full schemas."""
        folder = os.path.join(os.environ.get("BUILD", TREE + "/build/release"), "events")
        os.makedirs(folder, exist_ok=True)
        name = "%s/%s.ndjson" % (folder, os.path.basename(sys.argv[0]))
        with open(name, "a", encoding="utf-8") as file:
            for event in self.lake():
                file.write(json.dumps(event) + "\n")

    def close(self, keep=False):
        for part in self.parts.values():
            part.kill()
            tell_report(part.name, part.messages())
        self.export()
        try:
            script("serve", "stop", root=self.center)
        finally:
            if keep:
                print("kept: " + self.root)
            else:
                shutil.rmtree(self.root, ignore_errors=True)


def state_of(pid):
    """R, S, D, T, Z of /proc/pid/stat; X of one that is gone."""
    try:
        with open("/proc/%d/stat" % pid) as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except OSError:
        return "X"


def is_class(event, class_uid, activity=None):
    return event["class_uid"] == class_uid and activity in (None, event["activity_id"])

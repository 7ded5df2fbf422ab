"""The collecting half of the agent alone, over a scratch host: what it tells is read from its outbox, and
acknowledged as ship would."""

import glob
import gzip
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from center_kit import TREE
from sanitized import role_environment

VIGIA = os.environ.get("VIGIA", TREE + "/build/release/vigia")

CONFIG = """[agent]
root = {agent}
host_root = {host}
[spool]
seal_age = 1s
heartbeat = 5s
[integrity]
{paths}
scan_every = 6h
scan_rate = 0
[patch]
enabled = no
[detect]
enabled = no
"""


class Collect:
    def __init__(self, host, paths=()):
        self.root = tempfile.mkdtemp(prefix="vigia-collect-")
        self.agent, self.host, self.process = self.root + "/agent", host, None
        self.events, self.all = [], []   # since the test cleared them; since ever
        os.makedirs(self.agent + "/etc/vigia/rules")
        for name in ("severity", "support.ini"):
            shutil.copy(TREE + "/conf/" + name, self.agent + "/etc/vigia/" + name)
        self.config = self.agent + "/etc/vigia/vigia.ini"
        with open(self.config, "w") as file:
            file.write(CONFIG.format(agent=self.agent, host=host,
                                     paths="".join("path = %s\n" % path for path in paths)))
        self.log = self.root + "/log"

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([VIGIA, "collect", "--config", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            env=role_environment("collect", os.environ))

    def stop(self, sign=signal.SIGTERM):
        if self.process is not None:
            self.process.send_signal(sign)
            self.process.wait(30)
            self.process = None
        self.take()

    def take(self):
        """Reads what is in the outbox and acknowledges it."""
        acks = self.agent + "/var/lib/vigia/inbox/ack"
        for path in sorted(glob.glob(self.agent + "/var/lib/vigia/outbox/*/*.ndjson.gz")):
            mark = acks + "/" + os.path.basename(path)
            if os.path.exists(mark):
                continue
            with gzip.open(path, "rt", encoding="utf-8") as lines:
                new = [json.loads(line) for line in lines]
            self.events += new
            self.all += new
            os.makedirs(acks, exist_ok=True)
            open(mark, "w").close()
        return self.events

    def wait_for(self, condition, seconds):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if condition(self.take()):
                return True
            time.sleep(0.2)
        return bool(condition(self.take()))

    def health(self):
        done = subprocess.run([VIGIA, "status", "--json", "--config", self.config],
                              stdout=subprocess.PIPE, universal_newlines=True)
        return done.stdout

    def close(self):
        self.stop(signal.SIGKILL)
        folder = os.path.join(os.environ.get("BUILD", TREE + "/build/release"), "events")
        os.makedirs(folder, exist_ok=True)
        with open("%s/collect-%d.ndjson" % (folder, os.getpid()), "a", encoding="utf-8") as file:
            file.writelines(json.dumps(event) + "\n" for event in self.all)
        shutil.rmtree(self.root, ignore_errors=True)

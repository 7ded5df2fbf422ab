"""vigia.exe's collect under wine, with a stand-in for wevtapi.dll whose channels are files, and what is in its outbox."""

import glob
import gzip
import json
import os
import shutil
import subprocess
import time

import wine_kit
from channels import Channels

SOON = 40  # seconds, for a finding to be in the outbox
CONFIG = """[agent]
root = {root}
[spool]
seal_age = 1s
heartbeat = 5s
[integrity]
enabled = no
[detect]
repeat_window = 0
budget = 0
"""


def put_stand_in():
    shutil.copy(wine_kit.BUILD + "/wevtapi.dll", os.environ["WINEPREFIX"] + "/drive_c/windows/system32/wevtapi.dll")
    os.environ["WINEDLLOVERRIDES"] += ";wevtapi=n"


class Agent:
    def __init__(self, folder, rules=(), text="", channels=None):
        """rules: files and folders; text: more of them; channels: those to be followed beside those that always are,
        with their service."""
        self.root = folder + "/agent"
        self.channels = Channels(folder + "/channels")
        os.environ["VIGIA_CHANNELS"] = wine_kit.windows(self.channels.folder)
        self.log, self.process, self.read = folder + "/collect.log", None, {}
        for part in ("rules", "sigma"):
            os.makedirs(self.root + "/etc/vigia/" + part)
        shutil.copy(wine_kit.TREE + "/conf/sigma/windows.ini", self.root + "/etc/vigia/sigma")
        for rule in rules:
            (shutil.copytree if os.path.isdir(rule) else shutil.copy)(
                rule, self.root + "/etc/vigia/rules/" + os.path.basename(rule))
        with open(self.root + "/etc/vigia/rules/more.yml", "w") as file:
            file.write(text)
        with open(self.root + "/etc/vigia/vigia.ini", "w") as file:
            file.write(CONFIG.format(root=wine_kit.windows(self.root)))
            for number, (channel, service) in enumerate((channels or {}).items()):
                file.write("[log %d]\nchannel = %s\nservice = %s\n" % (number, channel, service))

    def run(self, *words):
        return ["wine", wine_kit.PROGRAM, words[0], "--config",
                wine_kit.windows(self.root + "/etc/vigia/vigia.ini"), *words[1:]]

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.run("collect"), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def kill(self):
        self.process.kill()
        self.process.wait(20)

    def processor_time(self):
        with open("/proc/%d/stat" % self.process.pid) as file:
            return sum(int(ticks) for ticks in file.read().rsplit(")", 1)[1].split()[11:13]) / os.sysconf("SC_CLK_TCK")

    def source(self):
        try:
            with open(self.root + "/run/vigia/status.json") as file:
                return next(s for s in json.load(file)["sources"] if s["name"] == "log_events")
        except (OSError, ValueError, KeyError, StopIteration):
            return {}

    def events(self):
        """All that was sealed, batch by batch."""
        for path in glob.glob(self.root + "/var/lib/vigia/outbox/*/*.gz"):
            if path not in self.read:
                with gzip.open(path) as batch:
                    self.read[path] = [json.loads(line) for line in batch]
        return [event for batch in self.read.values() for event in batch]

    def findings(self, title):
        return [e for e in self.events() if e["class_uid"] == 2004 and e["finding_info"]["title"] == title]

    def activities(self):
        return [e for e in self.events() if e["class_uid"] == 1008]

    def dropped(self, reason):
        """What the latest heartbeat says."""
        beats = [e for e in self.events() if e["class_uid"] == 6002 and e["activity_id"] == 99]
        beats.sort(key=lambda e: e["time"])
        return beats[-1]["unmapped"]["vigia"]["counters"]["dropped"].get(reason, 0) if beats else 0


def wait_for(what, seconds=SOON):
    until = time.monotonic() + seconds
    while not what() and time.monotonic() < until:
        time.sleep(0.3)
    return what()

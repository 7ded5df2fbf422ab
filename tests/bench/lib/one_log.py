"""A collect that follows one log and does nothing else: what it is given, and what it weighs."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

TREE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
DATA = os.path.join(os.environ.get("SHARED", TREE + "/../shared"), "data/dev")
BUILD = os.environ.get("BUILD", TREE + "/build/release")
NEVER_REPEATS = 100000
CONFIG = """[agent]
root = {root}
[spool]
heartbeat = 5s
[integrity]
enabled = no
[patch]
enabled = no
[checks]
enabled = no
[inventory]
enabled = no
[journal]
enabled = no
[log auth]
path = {root}/auth.log
service = auth
[detect]
enabled = {detect}
"""


def cpu_s(pid):
    """Of its threads; /proc/PID/stat knows but hundredths."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/schedstat" % (pid, task)) as file:
            total += int(file.read().split()[0])
    return total / 1e9


def unpack(name, folder, keep):
    with tarfile.open(os.path.join(DATA, name)) as archive:
        for member in archive:
            path = os.path.normpath(os.path.join(folder, member.name))
            if member.isfile() and path.startswith(folder + os.sep) and keep(path):
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "wb") as out:
                    out.write(archive.extractfile(member).read())


def known_lines(work):
    """2,000 real ones."""
    with open(work + "/lines/Linux/Linux_2k.log", encoding="utf-8", errors="replace") as file:
        return file.read().splitlines()


def new_lines():
    """Words that no other line has, and a failed login from an address that no other line has."""
    stamp = time.strftime("%b %e %H:%M:%S")
    for i in range(NEVER_REPEATS // 2):
        word = "".join(chr(97 + (i * 7919 >> 4 * k) % 26) for k in range(5))
        yield "%s host prog%s[1]: %s%d never %s was here %s" % (stamp, word, word, i, word[::-1], word[1:])
        yield ("%s host sshd[1]: Failed password for u%s from 10.%d.%d.%d port 4000 ssh2"
               % (stamp, word, i >> 16, i >> 8 & 255, i & 255))


class Collect:
    """program: its arguments, to which the path of the configuration is added. rules: folders of them."""

    def __init__(self, work, program, rules, detect="yes"):
        self.root = tempfile.mkdtemp(dir=work)
        etc = self.root + "/etc/vigia"
        os.makedirs(etc + "/rules")
        for folder in rules:
            shutil.copytree(folder, "%s/rules/%s" % (etc, os.path.basename(folder)))
        shutil.copytree(TREE + "/conf/sigma", etc + "/sigma")
        open(self.root + "/auth.log", "w").close()
        with open(etc + "/vigia.ini", "w") as file:
            file.write(CONFIG.format(root=self.root, detect=detect))
        self.process = subprocess.Popen(program + [etc + "/vigia.ini"], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.pid = self.process.pid
        self.wait(lambda: os.path.exists(self.root + "/run/vigia/status.json"))
        time.sleep(2)

    def wait(self, ready):
        until = time.monotonic() + 300
        while not ready():
            if self.process.poll() is not None or time.monotonic() > until:
                sys.exit("%s: collect does not get on" % sys.argv[0])
            time.sleep(0.1)

    def seen(self):
        with open(self.root + "/run/vigia/status.json") as file:
            return json.load(file)["counters"]["seen"]

    def feed(self, lines):
        """Until collect has read them."""
        lines = list(lines)
        wanted = self.seen() + len(lines)
        with open(self.root + "/auth.log", "a", encoding="utf-8") as log:
            log.writelines(line + "\n" for line in lines)
        self.wait(lambda: self.seen() >= wanted)

    def end(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.root)

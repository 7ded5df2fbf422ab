"""What the processes and folders of a line hold, sample by sample; a CSV of it."""

import csv
import glob
import os
import time

TICK = os.sysconf("SC_CLK_TCK")
SQLITE_CACHE_KIB = 16000        # scripts/soc/soc/index.py: what follow keeps of its index at most
PROCESS = ("rss", "uss", "anon", "fds", "threads", "cpu")
DISK = ("state", "journal", "outbox", "waiting", "marks", "index", "lake", "center")
ROLES = ("collect", "ship", "nginx", "follow")


def memory_kib(pid):
    """(RSS, USS, anonymous)"""
    values = {}
    with open("/proc/%d/smaps_rollup" % pid) as file:
        for row in file.read().splitlines()[1:]:
            name, value = row.split(":")
            values[name] = int(value.split()[0])
    return values["Rss"], values["Private_Clean"] + values["Private_Dirty"], values["Anonymous"]


def cpu_seconds(pid):
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def look(pid):
    rss, uss, anon = memory_kib(pid)
    return {"rss": rss, "uss": uss, "anon": anon, "fds": len(os.listdir("/proc/%d/fd" % pid)),
            "threads": len(os.listdir("/proc/%d/task" % pid)), "cpu": cpu_seconds(pid)}


def with_children(pid):
    with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
        return [pid] + [int(word) for word in file.read().split()]


def on_disk(pattern):
    """(bytes that the files occupy, how many); what vanishes meanwhile is not there."""
    size = count = 0
    for path in glob.iglob(pattern, recursive=True):
        try:
            state = os.lstat(path)
        except OSError:
            continue
        size, count = size + state.st_blocks * 512, count + 1
    return size, count


class Samples:
    """rows: dicts of `s` and of "<role>.<quantity>"; a value that could not be had is missing."""

    def __init__(self, line):
        self.line, self.rows, self.began = line, [], time.monotonic()
        self.before = {}        # role: (pids, CPU seconds, when)

    def pids(self, role):
        if role == "nginx":
            pid = self.line.center_pid()
            return with_children(pid) if pid else []
        part = self.line.parts.get(role)
        return [part.process.pid] if part and part.runs() else []

    def take(self):
        row = {"s": round(time.monotonic() - self.began, 1)}
        self.disk(row)
        for role in ROLES:
            try:
                self.process(row, role)
            except (OSError, ValueError, KeyError):     # it ends just now
                self.before.pop(role, None)
        self.rows.append(row)

    def process(self, row, role):
        pids = self.pids(role)
        if not pids:
            return
        sums = dict.fromkeys(PROCESS, 0)
        for pid in pids:
            for key, value in look(pid).items():
                sums[key] += value
        now, cpu = time.monotonic(), sums.pop("cpu")
        before = self.before.get(role)
        self.before[role] = (pids, cpu, now)
        if before and before[0] == pids:
            sums["cpu"] = round(1000 * (cpu - before[1]) / (now - before[2]), 2)    # ms a second
        if role == "follow":    # its cache fills with the index, up to a bound, and is no leak
            sums["anon"] -= min(row["disk.index"], SQLITE_CACHE_KIB)
        row.update(("%s.%s" % (role, key), value) for key, value in sums.items())

    def disk(self, row):
        """KiB, and numbers of files."""
        agent, soc = self.line.agent + "/var/lib/vigia", self.line.soc
        places = {"state": agent + "/state/state.mdb", "journal": agent + "/state/[!s]*",
                  "outbox": agent + "/outbox/*/*.gz", "marks": agent + "/inbox/*/*",
                  "index": soc + "/index.sqlite*", "lake": soc + "/lake/**/*.gz",
                  "center": self.line.center + "/srv/vigia/v1/**/*"}
        for name, pattern in places.items():
            size, count = on_disk(pattern)
            row["disk." + name] = count if name == "marks" else size // 1024
            if name == "outbox":
                row["disk.waiting"] = count

    def column(self, name):
        return [(row["s"], row[name]) for row in self.rows if row.get(name) is not None]

    def save(self, path):
        names = ["s"] + ["%s.%s" % (role, key) for role in ROLES for key in PROCESS]
        names += ["disk." + key for key in DISK]
        with open(path, "w", newline="") as file:
            out = csv.DictWriter(file, names, extrasaction="ignore")
            out.writeheader()
            out.writerows(self.rows)

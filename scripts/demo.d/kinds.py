"""One finding of each kind: lines that provoke it, written into logs that the agent follows, and how it is known
among what lies in the SOC's lake. Nothing of a finding is made here: each comes from the agent's own detectors."""

import os
import socket
import subprocess
import tempfile
import threading
import time

LEARN = 8       # seconds; the demo's configuration, where the default is a week
SILENCE = 3     # where the default is an hour
REPEAT = 5      # where the default is an hour
USUAL_EVERY = 0.1
REPEATED = 20   # lines of one and the same finding

# Ids of rules in conf/rules.
ACCOUNT_CREATED = "0dea6af7-ffef-4eef-bbbc-e9e9a6d72703"
PASSWORDS_TRIED = "0b22dd9f-5d6a-4ad6-90f9-c7d1b0e7ffd1"

SETTINGS = """[detect]
# A week, an hour and an hour by default: nobody looks at a demo for so long.
learn = %ds
silence = %ds
repeat_window = %ds
""" % (LEARN, SILENCE, REPEAT)


def append(path, program, *messages):
    """Lines as syslog writes them."""
    stamp = time.strftime("%b %e %H:%M:%S", time.localtime())
    with open(path, "a", encoding="ascii") as log:
        log.writelines("%s %s %s[4242]: %s\n" % (stamp, socket.gethostname(), program, one) for one in messages)


class Habit(threading.Thread):
    """A service that always writes the same, as long as it lives."""

    def __init__(self, path):
        super().__init__(daemon=True)
        self.path, self.began, self.over = path, time.monotonic(), threading.Event()

    def run(self):
        number = 0
        while not self.over.wait(USUAL_EVERY):
            number += 1
            append(self.path, "demo-app", "copied %d files for user backup" % number)

    def is_learned(self):
        """Waits until the agent has seen the habit for long enough."""
        time.sleep(max(0.0, self.began + LEARN + 2 - time.monotonic()))

    def end(self):
        self.over.set()
        self.join()


def provoke(logs, habit):
    """What is found at once; the flood is told when its window is over, silence after a while of it."""
    habit.is_learned()
    append(logs + "/app.log", "demo-app", "copied 7 files for user mallory", "cannot open the database: disk is full")
    append(logs + "/auth.log", "useradd", *["new user: name=demo, UID=1099, GID=1099, home=/home/demo, shell=/bin/sh"]
           * REPEATED)
    habit.end()


def tamper(logs):
    """Somebody hides what a log says."""
    os.truncate(logs + "/auth.log", 0)


def rule_of(event):
    return event.get("finding_info", {}).get("analytic", {}).get("uid")


def is_first(event):
    return event["activity_id"] == 1


def by_rule(rule):
    return lambda event, _: rule_of(event) == rule and is_first(event)


def is_flood(event, _):
    return rule_of(event) == ACCOUNT_CREATED and not is_first(event) and event.get("count", 0) > 1


# What it is, what the SOC's events of it look like: each gets the event and where the demo lies.
KINDS = (
    ("Sigma rule", by_rule(ACCOUNT_CREATED)),
    ("correlation", by_rule(PASSWORDS_TRIED)),
    ("unknown message", by_rule("template-new")),
    ("new value", by_rule("template-value")),
    ("rate (silence)", by_rule("source-silent")),
    ("tampering", lambda event, demo: event["class_uid"] == 1008 and event["log_name"].startswith(demo)),
    ("integrity", lambda event, demo: event["class_uid"] == 1001 and event["file"]["path"].startswith(demo)),
    ("flood control", is_flood),
)


def spike(replay, conf):
    """(severity, message) of the first rate-spike, or None. What is usual at an hour takes days to know, so that nothing
    which runs for seconds can tell it: a service's lines of eight days and a burst go through the agent's detectors by
    the program `replay`, with the lines' own times for a clock."""
    begin, usual, hours, burst = 1790000000 // 86400 * 86400, 12, 8 * 24 + 10, 600
    times = [begin + 3600 * n // usual for n in range(usual * hours)]
    times += [begin + 3600 * hours + n for n in range(burst)]
    with tempfile.TemporaryDirectory() as folder:
        with open(folder + "/app.log", "w", encoding="ascii") as log:
            for number, at in enumerate(times):
                stamp = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(at))
                log.write("%s demo demo-app[4242]: copied %d files for user backup\n" % (stamp, number))
        done = subprocess.run([replay, str(7 * 86400), conf + "/rules", conf + "/sigma", folder + "/app.log"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True)
    for row in done.stdout.splitlines():
        _, severity, rule, _, message = row.split("\t", 4)
        if rule == "rate-spike":
            return int(severity), message
    return None


def evidence(event):
    """One line of what the event itself says."""
    if event["class_uid"] == 2004:
        line = event["evidences"][0].get("data", {}).get("line")
        count = " (count %d)" % event["count"] if event.get("count", 1) > 1 else ""
        return "%s%s: %s" % (event["finding_info"]["title"], count, line) if line else event["message"]
    if event["class_uid"] == 1001:
        return "%s %s" % (event.get("activity_name", "changed").lower(), event["file"]["path"])
    return event["message"]

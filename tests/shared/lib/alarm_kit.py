"""What the detectors tell while a log is replayed (tests/bench/alarms.c), counted by host and day."""

import collections
import os
import subprocess
import sys

TREE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
SHARED = os.environ.get("SHARED", TREE + "/../shared")
REPLAY = os.environ.get("BUILD", TREE + "/build/release") + "/bench/alarms"
AIM = 5
DAY = 86400
WEEK = 7 * DAY
SEVERITIES = ("", "informational", "low", "medium", "high", "critical", "fatal")


def heading():
    print("%-22s %6s %7s %7s %9s %9s %8s" % ("host", "lines", "learned", "days", "above Low", "worst day", "Low/day"))


def replay(path, count, learn):
    """Findings: (seconds, severity, rule, activity, message)."""
    done = subprocess.run([REPLAY, str(int(learn)), TREE + "/conf/rules", TREE + "/conf/sigma", path],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True)
    if not done.stderr.decode().endswith("\n%d records\n" % count):
        sys.exit("alarms: %s" % done.stderr.decode())
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        at, severity, rule, activity, message = line.split("\t", 4)
        yield int(at), int(severity), rule, int(activity), message


def measure(name, path, times, attack=False):
    """Replays a file whose lines have these times, and prints one row and what was told above Low after learning (a
    week, or half of a log that is shorter); whether no day of it had too many of those. Returns that, and the rules
    that told something Low with how often."""
    span = times[-1] - times[0]
    learn = min(WEEK, span / 2)
    days = len({int(at // DAY) for at in times if at >= times[0] + learn})     # with lines
    told, by_day, low = collections.Counter(), collections.Counter(), collections.Counter()
    for at, severity, rule, activity, message in replay(path, len(times), learn):
        if at < times[0] + learn or activity != 1:
            continue
        if severity > 2:
            told[(SEVERITIES[severity], message[:100])] += 1
            by_day[at // DAY] += 1
        else:
            low[rule] += 1
    worst = max(by_day.values(), default=0)
    print("%-22s %6d %7.1f %7d %9d %9d %8.2f%s" % (name, len(times), learn / DAY, days, sum(told.values()), worst,
                                                   sum(low.values()) / days, "  under attack" if attack else ""))
    for (severity, message), count in told.most_common():
        print("    %4d  %-8s %s" % (count, severity, message))
    return attack or worst <= AIM, low

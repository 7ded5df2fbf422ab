"""Is it flat? A line through the second half of the samples that outliers do not bend (Theil and Sen: the
median of the slopes of all pairs), and how much it rises from the middle to the end."""

from typing import NamedTuple, Tuple

WARM_SECONDS = 600      # until then tables and caches of a new process still fill
WARM_KIB = 2048
POINTS = 80     # the second half is brought down to that many medians, so that the pairs are few


class Limit(NamedTuple):
    """A rise within the second half is allowed up to `least`, or `part` of the level, whichever is more."""
    what: str
    unit: str
    least: float
    part: float
    columns: Tuple[str, ...]


# What a page, an allocator's last block or a busier minute explains is no leak. Resident pages of programs and
# libraries come and go with the host's memory: RSS and USS are drawn, what is judged is what a process made itself.
LIMITS = (
    Limit("memory made", "KiB", 256, 0.05, ("collect.anon", "ship.anon", "nginx.anon", "follow.anon")),
    Limit("open files", "", 1.5, 0.0, ("collect.fds", "ship.fds", "nginx.fds", "follow.fds")),
    Limit("threads", "", 0.5, 0.0, ("collect.threads", "ship.threads", "nginx.threads", "follow.threads")),
    Limit("CPU", "ms/s", 3.0, 0.4, ("collect.cpu", "ship.cpu", "nginx.cpu", "follow.cpu")),
    Limit("state", "KiB", 256, 0.05, ("disk.state", "disk.journal")),
    Limit("what waits", "KiB", 512, 0.0, ("disk.outbox",)),
    Limit("what waits", "files", 16, 0.0, ("disk.waiting", "disk.marks")),
)


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def thinned(points):
    """At most POINTS medians of neighbours."""
    step = -(-len(points) // POINTS)
    groups = [points[i:i + step] for i in range(0, len(points), step)]
    return [(median([x for x, _ in group]), median([y for _, y in group])) for group in groups]


def fit(points):
    """(value in the middle, value at the end) of the line through the second half; None for too few."""
    if not points:
        return None
    half = points[-1][0] / 2
    late = thinned([point for point in points if point[0] >= half])
    if len(late) < 8:
        return None
    slope = median([(y2 - y1) / (x2 - x1) for i, (x1, y1) in enumerate(late)
                    for x2, y2 in late[i + 1:] if x2 > x1])
    level = median([y - slope * x for x, y in late])
    return level + slope * half, level + slope * points[-1][0]


def judge(samples):
    """Prints a row a quantity. How many rise too much or were not seen."""
    bad, warming = 0, samples.rows[-1]["s"] < WARM_SECONDS
    if warming:
        print("a run of less than %d s: processes are still warming up, %d KiB more are allowed"
              % (WARM_SECONDS, WARM_KIB))
    print("%-16s %-12s %-5s %10s %10s %9s %9s" % ("column", "what", "unit", "middle", "end", "rise",
                                                 "allowed"))
    for limit in LIMITS:
        for column in limit.columns:
            line = fit(samples.column(column))
            if line is None:
                bad += 1
                print("%-16s %-12s: too few samples" % (column, limit.what))
                continue
            allowed = max(limit.least, limit.part * abs(line[0]))
            allowed += WARM_KIB if warming and limit.unit == "KiB" else 0
            rise = line[1] - line[0]
            bad += rise > allowed
            print("%-16s %-12s %-5s %10.1f %10.1f %9.1f %9.1f%s" % (
                column, limit.what, limit.unit, line[0], line[1], rise, allowed,
                "  RISES" if rise > allowed else ""))
    return bad

"""What the lake or a batch tells of numbers."""

import collections
import re

from line_kit import is_class

TITLE = "a numbered line"     # not what else is told with a line as evidence
LINE = re.compile(r"numbered line (\d+)\.")
CHANGE = re.compile(r"/(?:new|changed)-(\d+)$")


def numbers_in(events):
    """How often each number is told: of lines, of changes."""
    lines, changes = collections.Counter(), collections.Counter()
    for event in events:
        if is_class(event, 2004) and event["finding_info"]["title"] == TITLE:
            hit = LINE.search(event["evidences"][0]["data"].get("line", ""))
            if hit:
                lines[int(hit.group(1))] += 1
        elif is_class(event, 1001):
            hit = CHANGE.search(event["file"]["path"])
            if hit:
                changes[int(hit.group(1))] += 1
    return lines, changes


def storms_in(events):
    """How many changes were told in counts, by the folder's last name; "" for several folders together."""
    counts = collections.Counter()
    for event in events:
        storm = event.get("unmapped", {}).get("vigia", {}).get("storm") if is_class(event, 1001) else None
        if storm:
            folder = "" if storm["below"] else event["file"]["path"].rpartition("/")[2]
            counts[folder] += sum(storm.get(kind, 0) for kind in ("created", "changed", "deleted", "renamed"))
    return counts

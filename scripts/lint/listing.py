"""What the checks of the tree have in common: the files of the project, and how a check ends."""

import os
import subprocess
import sys

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
os.chdir(TREE)


def files(*suffixes, under=()):
    """The project's files (without what git ignores), sorted; those with one of the suffixes, below one of `under`."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout.split(b"\0")
    names = sorted({os.fsdecode(name) for name in listed if name})
    if not names:  # an unpacked tarball
        for folder, folders, found in os.walk("."):
            folders[:] = sorted(f for f in folders if f not in ("build", "demo", ".git", "__pycache__"))
            names += sorted(os.path.relpath(os.path.join(folder, name), ".") for name in found)
    return [n for n in names if os.path.isfile(n) and (not suffixes or n.endswith(suffixes))
            and (not under or n.startswith(tuple(under)))]


def lines(path):
    """(number, text) of each line."""
    with open(path, encoding="utf-8", errors="replace") as file:
        return list(enumerate(file.read().split("\n"), 1))


def end(faults, checked):
    """Prints the faults and ends the program; `checked` things were looked at."""
    for fault in faults:
        print(fault)
    print("%d passed, %d failed" % (0 if faults else 1, 1 if faults else 0))
    print("%s: %d looked at, %d faults" % (os.path.basename(sys.argv[0]), checked, len(faults)))
    sys.exit(1 if faults else 0)

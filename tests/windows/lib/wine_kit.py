"""vigia.exe under wine, in a prefix of the tests' own; paths of this system as Windows sees them."""

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile

TREE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
BUILD = os.environ.get("BUILD", TREE + "/build/windows")
PROGRAM = BUILD + "/vigia.exe"
ENVIRONMENT = {"WINEARCH": "win64", "WINEDEBUG": "-all",
               "WINEDLLOVERRIDES": "mscoree=d;mshtml=d;winemenubuilder.exe=d"}

QUIET = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def skip(why):
    print(why)
    print("0 passed, 0 failed")
    sys.exit(77)


def windows(path):
    """wine shows the whole tree as drive Z."""
    return "Z:" + path


def tear_down(prefix):
    subprocess.run(["wineserver", "-k"], timeout=60, **QUIET)
    subprocess.run(["wineserver", "-w"], timeout=60, **QUIET)
    shutil.rmtree(prefix, ignore_errors=True)


def boot():
    """A first boot hangs now and then; the second try goes on where it stopped."""
    for _ in range(3):
        try:
            subprocess.run(["wineboot", "-i"], check=True, timeout=120, **QUIET)
            subprocess.run(["wine", "winecfg", "-v", "win10"], check=True, timeout=60, **QUIET)
            # in the session that made the prefix no service starts
            subprocess.run(["wineserver", "-k"], check=True, timeout=60, **QUIET)
            subprocess.run(["wineserver", "-w"], check=True, timeout=60, **QUIET)
            return
        except subprocess.TimeoutExpired:
            subprocess.run(["wineserver", "-k"], timeout=60, **QUIET)
    skip("wine does not start here")


def set_up():
    """From now on wine runs in a prefix of this test's own, which goes away with it."""
    if not shutil.which("wine"):
        skip("wine is not installed: apt-get install --no-install-recommends wine wine64")
    prefix = tempfile.mkdtemp(prefix="vigia-wine-")
    os.environ.pop("DISPLAY", None)
    os.environ.update(ENVIRONMENT, WINEPREFIX=prefix)
    atexit.register(tear_down, prefix)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    boot()
    # services, and what makes a program start at once, end with the last program
    subprocess.Popen(["wine", "ping", "-n", "100000", "127.0.0.1"], **QUIET)
    # what the first program starts keeps its output open: not that of one whose output is read to its end
    subprocess.run(["wine", "cmd", "/c", "exit"], check=True, timeout=120, **QUIET)


def wrapper(folder):
    """A program of this system that becomes vigia.exe: a signal to it reaches the process itself."""
    path = folder + "/vigia"
    with open(path, "w") as file:
        file.write("#!/bin/sh\nexec wine %s \"$@\"\n" % PROGRAM)
    os.chmod(path, 0o755)
    return path

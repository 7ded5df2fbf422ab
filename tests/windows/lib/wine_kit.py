"""vigia.exe under wine, in a prefix of the tests' own; paths of this system as Windows sees them."""

import atexit
import fcntl
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
    sys.exit(77)


def windows(path):
    """wine shows the whole tree as drive Z."""
    return "Z:" + path


def tear_down(prefix):
    subprocess.run(["wineserver", "-k"], timeout=60, **QUIET)
    subprocess.run(["wineserver", "-w"], timeout=60, **QUIET)
    shutil.rmtree(os.path.dirname(prefix), ignore_errors=True)


def boot(prefix):
    """A first boot hangs now and then; the next try goes on where it stopped. False: wine does not start here."""
    settings = dict(os.environ, WINEPREFIX=prefix)

    def wine(*words, **limits):
        subprocess.run(words, env=settings, **limits, **QUIET)

    for _ in range(3):
        try:
            wine("wineboot", "-i", check=True, timeout=120)
            wine("wine", "winecfg", "-v", "win10", check=True, timeout=60)
            # in the session that made the prefix no service starts
            wine("wineserver", "-k", check=True, timeout=60)
            wine("wineserver", "-w", check=True, timeout=60)
            return True
        except (subprocess.TimeoutExpired, subprocess.CalledProcessError):
            wine("wineserver", "-k", timeout=60)
    return False


def booted():
    """A prefix that was booted once for all tests, each of which takes a copy: a boot takes longer than any of them needs."""
    version = subprocess.run(["wine", "--version"], stdout=subprocess.PIPE, check=True, timeout=60).stdout.decode().strip()
    folder = "%s/%s" % (BUILD, version.split()[0])
    os.makedirs(BUILD, exist_ok=True)
    with open(folder + ".lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(folder):
            shutil.rmtree(folder + ".new", ignore_errors=True)
            os.mkdir(folder + ".new")
            if boot(folder + ".new"):
                os.rename(folder + ".new", folder)
            else:
                os.mkdir(folder)     # so that the next test asks no more
    if not os.listdir(folder):
        skip("wine does not start here; remove %s before another try" % folder)
    return folder


def set_up():
    """From now on wine runs in a prefix of this test's own, which goes away with it."""
    if not shutil.which("wine"):
        skip("wine is not installed: apt-get install --no-install-recommends wine wine64")
    os.environ.pop("DISPLAY", None)
    os.environ.update(ENVIRONMENT)
    made = booted()
    place = tempfile.mkdtemp(prefix="vigia-wine-")
    prefix = os.environ["WINEPREFIX"] = place + "/prefix"
    atexit.register(tear_down, prefix)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    subprocess.run(["cp", "-a", "--reflink=auto", made, prefix], check=True)
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

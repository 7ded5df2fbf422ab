"""A center's folders, settings and nginx: what the commands of this folder share."""

import argparse
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

CN = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")
INSTITUTION = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}[A-Za-z0-9._-]|[A-Za-z0-9]")
PACKAGES = {"lsattr": "e2fsprogs", "chattr": "e2fsprogs"}
ROLES = ("endpoint", "soc", "soc-institution", "publisher", "enroll", "ca")


class Fail(Exception):
    """Told to the operator in one line; `code` is the exit status (2: what was asked is wrong)."""

    def __init__(self, text, code=1):
        super().__init__(text)
        self.code = code


def command(main):
    """Runs main() and turns what goes wrong into one line and an exit status."""
    name = os.path.basename(sys.argv[0])
    try:
        sys.exit(main() or 0)
    except Fail as error:
        print("%s: %s" % (name, error), file=sys.stderr)
        sys.exit(error.code)
    except OSError as error:
        print("%s: %s: %s" % (name, error.filename or "system", error.strerror), file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def parser_for(doc, root="the center's root (default /)"):
    """Options of a command whose text of help is the comment at its head."""
    parser = argparse.ArgumentParser(description=doc,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", default="/", metavar="DIR", help=root)
    return parser


def run(*words, env=None, stdin=None):
    """Runs a program, returns (status, stdout, stderr)."""
    try:
        done = subprocess.run(words, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              universal_newlines=True, env=env,
                              stdin=None if stdin is not None else subprocess.DEVNULL)
    except FileNotFoundError:
        return 127, "", "not installed: apt-get install " + PACKAGES.get(words[0], words[0])
    return done.returncode, done.stdout, done.stderr


def check_cn(text):
    if not CN.fullmatch(text):
        raise Fail("--cn %r: a-z 0-9 . _ - only, at most 63, first a letter or a digit" % text, 2)


def write(path, text, mode=0o644):
    """Replaces path in one step. A reader sees the old text or the new one."""
    folder = os.path.dirname(path)
    handle, temporary = tempfile.mkstemp(prefix=".new-", dir=folder)
    try:
        with os.fdopen(handle, "w") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        os.chmod(temporary, mode)
        os.rename(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def read(path):
    try:
        with open(path, encoding="utf-8") as source:
            return source.read()
    except FileNotFoundError:
        return None


class Place:
    """The paths of one center. root "" is the machine itself."""

    def __init__(self, root):
        root = os.path.abspath(root)
        if not re.fullmatch(r"[A-Za-z0-9/._+-]+", root):
            raise Fail("--root %s: letters, digits and / . _ + - only, for nginx.conf" % root, 2)
        self.root = "" if root == "/" else root
        self.tree = self.root + "/srv/vigia"
        self.etc = self.root + "/etc/vigia-center"
        self.pki = self.etc + "/pki"
        self.conf = self.etc + "/nginx.conf"
        self.settings_file = self.etc + "/setup.json"
        self.ca = self.root + "/var/lib/vigia-ca"
        self.log = self.root + "/var/log/vigia-center"
        self.run = self.root + "/run/vigia-center"
        self.pid_file = self.run + "/nginx.pid"

    def ca_bundle(self):
        """Of the role ca, on a machine with the CA whose center is another one; None if there is none."""
        path = self.etc + "/ca.bundle"
        return path if os.path.exists(path) else None

    def settings(self):
        """What the last setup was told, {} before the first."""
        text = read(self.settings_file)
        try:
            return json.loads(text) if text else {}
        except ValueError as error:
            raise Fail("%s: %s: put it right, or remove it and run setup with --name"
                       % (self.settings_file, error))

    def need_ca(self):
        if not os.path.isdir(self.ca):
            raise Fail("no CA in %s: run setup first, or name the right --root" % self.ca, 2)

    @contextlib.contextmanager
    def locked(self):
        """One command at a time changes the CAs."""
        with open(self.ca + "/lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    # ---- nginx ---------------------------------------------------------------------------------

    def pid(self):
        """The pid of this center's nginx master, None if it does not run. Another process that has
        got the pid of a dead nginx does not count: the master's title names the configuration."""
        text = (read(self.pid_file) or "").strip()
        if not text.isdigit():
            return None
        title = process_title(int(text))
        ours = title.startswith("nginx: master") and self.conf in title.split()
        return int(text) if ours else None

    def test(self):
        """Fails with nginx's own words if it would not take the configuration."""
        status, _, said = nginx("-t", "-q", "-c", self.conf)
        if status != 0:
            raise Fail("nginx refuses the configuration:\n" + said.strip())

    def reload(self, quiet=False):
        """Reloads a running nginx and returns when new connections meet the new files."""
        pid = self.pid()
        if pid is None:
            print("nginx is not running: nothing to reload")
            return
        self.test()
        old = set(children(pid))
        os.kill(pid, signal.SIGHUP)
        for _ in range(500):
            now = set(children(pid))
            busy = [worker for worker in old & now if "shutting down" not in process_title(worker)]
            if not busy and now - old:
                if not quiet:
                    print("reloaded nginx (pid %d)" % pid)
                return
            time.sleep(0.01)
        raise Fail("nginx (pid %d) did not reload within 5 s: see %s/error.log" % (pid, self.log))


def process_title(pid):
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as source:
            return source.read().replace(b"\0", b" ").decode("utf-8", "replace").strip()
    except OSError:
        return ""


def children(pid):
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as source:
            return [int(word) for word in source.read().split()]
    except OSError:
        return []


def nginx(*words):
    """Runs nginx with the one time zone in which it names feed files."""
    environment = dict(os.environ, TZ="UTC")
    environment["PATH"] = environment.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    for folder in environment["PATH"].split(":"):
        if os.access(folder + "/nginx", os.X_OK):
            return run(folder + "/nginx", *words, env=environment)
    raise Fail("nginx is not installed: apt-get install --no-install-recommends nginx-light")

"""A small Debian with a real systemd, booted in a container of its own: no network but its loopback."""

import os
import shutil
import subprocess
import sys
import tempfile
import time

TREE = os.path.realpath(os.path.join(os.path.dirname(os.path.realpath(__file__)), "../../.."))
BOOT_SECONDS = 90
# systemd-nspawn wants a /run that is no disk; without machined there is nobody to register with.
IN_OWN_RUN = ("mount -t tmpfs tmpfs /run && mkdir -p /run/lock && exec systemd-nspawn --quiet --register=no --keep-unit "
              "--private-network --boot --console=read-only --machine=%s --bind=%s:/res -D %s")


def need_containers():
    """Skips the test where it cannot run."""
    for reason, missing in (("systemd-nspawn is not installed: apt-get install systemd-container",
                             not shutil.which("systemd-nspawn")),
                            ("mmdebstrap is not installed", not shutil.which("mmdebstrap")),
                            ("only root boots containers", os.geteuid() != 0)):
        if missing:
            print(reason)
            print("0 passed, 0 failed")
            sys.exit(77)


def root_of(suite):
    """The packed root of a suite; made once, kept in build/."""
    done = subprocess.run([TREE + "/scripts/root", suite], stdout=subprocess.PIPE, universal_newlines=True, check=True)
    return done.stdout.strip().split("\n")[-1]


class Machine:
    """One machine, off at first. `shared` is seen inside as /res."""

    def __init__(self, suite):
        self.suite = suite
        self.folder = tempfile.mkdtemp(prefix="vigia-machine-")
        self.root, self.shared = self.folder + "/root", self.folder + "/res"
        os.makedirs(self.shared)
        os.makedirs(self.root)
        subprocess.run(["tar", "-xf", root_of(suite), "-C", self.root, "--exclude=./dev/*"], check=True)
        with open(self.root + "/etc/hostname", "w") as file:
            file.write("pc-042\n")
        with open(self.root + "/etc/machine-id", "w") as file:
            file.write(os.urandom(16).hex() + "\n")
        self.nspawn = None
        self.leader = None

    def path(self, inside):
        return self.root + inside

    def boot(self):
        environment = dict(os.environ, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY="1", LC_ALL="C.UTF-8")
        name = "vigia-%d" % os.getpid()
        with open(self.folder + "/console", "ab") as console:
            self.nspawn = subprocess.Popen(["unshare", "--mount", "--propagation", "private", "sh", "-c",
                                            IN_OWN_RUN % (name, self.shared, self.root)], stdin=subprocess.DEVNULL,
                                           stdout=console, stderr=console, env=environment)
        until = time.monotonic() + BOOT_SECONDS
        while time.monotonic() < until and self.nspawn.poll() is None:
            self.leader = self.leader or self.find_leader()
            if self.leader:
                state = self.run("systemctl is-system-running 2>/dev/null")[1].strip()
                if state in ("running", "degraded"):
                    return state
            time.sleep(0.2)
        raise RuntimeError("%s did not boot: %s" % (self.suite, self.console()[-400:]))

    def find_leader(self):
        """The pid, seen from here, of the init inside."""
        for pid in children_of(self.nspawn.pid):
            try:
                with open("/proc/%d/comm" % pid) as file:
                    if file.read().strip() in ("systemd", "init"):
                        return pid
            except OSError:
                pass
        return None

    def console(self):
        with open(self.folder + "/console", errors="replace") as file:
            return file.read()

    def run(self, command, timeout=120):
        """(status, output) of a command of sh inside."""
        words = ["nsenter", "-t", str(self.leader), "-a", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                 "HOME=/root", "DEBIAN_FRONTEND=noninteractive", "sh", "-c", command]
        done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              universal_newlines=True, errors="replace", timeout=timeout)
        return done.returncode, done.stdout

    def wait(self, command, seconds):
        """Until the command succeeds; its last output, and whether it did."""
        until = time.monotonic() + seconds
        while True:
            status, said = self.run(command)
            if status == 0 or time.monotonic() > until:
                return status == 0, said
            time.sleep(0.25)

    def off(self):
        if self.nspawn is None or self.nspawn.poll() is not None:
            return
        if self.leader:
            self.run("systemctl --no-block poweroff")
        try:
            self.nspawn.wait(40)
        except subprocess.TimeoutExpired:
            for pid in [self.leader] + children_of(self.nspawn.pid) if self.leader else []:
                try:
                    os.kill(pid, 9)
                except OSError:
                    pass
            self.nspawn.kill()
            self.nspawn.wait()
        self.leader = None

    def reboot(self):
        self.off()
        return self.boot()

    def close(self):
        self.off()
        shutil.rmtree(self.folder, ignore_errors=True)


def children_of(pid):
    """Children and theirs, two levels are enough: nspawn forks once before init."""
    try:
        with open("/proc/%d/task/%d/children" % (pid, pid)) as file:
            direct = [int(word) for word in file.read().split()]
    except OSError:
        return []
    return direct + [below for child in direct for below in children_of(child)]

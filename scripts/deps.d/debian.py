"""Packages through a private apt view: own list of sources, own folders, the machine's keys and proxy.

The mirror is the one that the machine's apt already uses; it is read at run time and written nowhere but below the
download folder. What arrives is checked by apt against the signed index."""

import functools
import glob
import os
import subprocess

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
RELEASES = {"oldstable", "stable", "testing", "unstable", "sid", "bullseye", "bookworm", "trixie", "forky"}


class Unavailable(Exception):
    pass


def deb822_uris(text):
    """URIs of a .sources file, each with its suites."""
    for stanza in text.replace("\r", "").split("\n\n"):
        fields, key = {}, None
        for line in stanza.split("\n"):
            if line.startswith("#"):
                continue
            if line[:1] in (" ", "\t") and key:
                fields[key] += " " + line.strip()
            elif ":" in line:
                key, value = line.split(":", 1)
                key = key.strip().lower()
                fields[key] = value.strip()
        if fields.get("enabled", "yes").lower() in ("no", "false", "0") or "main" not in fields.get("components", "").split():
            continue
        for uri in fields.get("uris", "").split():
            yield uri, fields.get("suites", "").split()


def one_line_uris(text):
    """URIs of a .list file: `deb [options] URI suite components`."""
    for line in text.split("\n"):
        line = line.split("#")[0].strip()
        if not line.startswith(("deb ", "deb-src ")):
            continue
        words = line.split(None, 1)[1]
        if words.startswith("["):
            words = words.split("]", 1)[-1]
        words = words.split()
        if len(words) >= 3 and "main" in words[2:]:
            yield words[0], [words[1]]


def machine_repositories():
    """(archive URIs, security URIs) that this machine's apt is set up with, in the order found."""
    etc = subprocess.run(["apt-config", "shell", "LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d"],
                         stdout=subprocess.PIPE, universal_newlines=True, check=True).stdout
    where = dict(line.split("=", 1) for line in etc.splitlines())
    parts = where["PARTS"].strip("'")
    files = [where["LIST"].strip("'")] + sorted(glob.glob(parts + "*.list") + glob.glob(parts + "*.sources"))
    archive, security = [], []
    for path in files:
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                text = file.read()
        except OSError:
            continue
        for uri, suites in (deb822_uris if path.endswith(".sources") else one_line_uris)(text):
            if not RELEASES.intersection(suite.split("-")[0].split("/")[0] for suite in suites):
                continue
            found = security if any("security" in suite for suite in suites) else archive
            if uri not in found:
                found.append(uri)
    return archive, security


class View:
    """kind: "deb-src" for source packages, "deb" for those of amd64."""

    def __init__(self, folder, suite, log, kind="deb-src"):
        self.folder, self.suite, self.log, self.kind = os.path.abspath(folder), suite, log, kind
        self.sources = []

    def apt(self, *command, capture=False):
        view = self.folder
        options = ["Dir::Etc::SourceList=" + view + "/sources.list", "Dir::Etc::SourceParts=/dev/null",
                   "Dir::State::Lists=" + view + "/lists",
                   "Dir::State::Status=/dev/null", "APT::Architecture=amd64", "APT::Architectures=amd64",
                   "Dir::Cache=" + view + "/cache", "APT::Sandbox::User=",
                   "APT::Update::Error-Mode=any", "Acquire::Retries=3", "Acquire::Languages=none", "Debug::NoLocking=1"]
        words = [command[0]] + [word for option in options for word in ("-o", option)] + list(command[1:])
        with open(self.log, "a", encoding="utf-8") as log:
            log.write("+ %s\n" % " ".join(words))
            log.flush()
            return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE if capture else log,
                                  stderr=log, universal_newlines=True, env=dict(os.environ, LC_ALL="C.UTF-8"))

    def update(self):
        """Reads the index of the suite, and of its security suite where the machine has that."""
        if not os.path.exists(KEYRING):
            raise Unavailable("no %s: install debian-archive-keyring" % KEYRING)
        archive, security = machine_repositories()
        if not archive:
            raise Unavailable("apt of this machine knows no Debian archive")
        for folder in ("lists/partial", "cache/archives/partial"):
            os.makedirs(os.path.join(self.folder, folder), exist_ok=True)
        main = [(uri, self.suite) for uri in archive]
        extra = [(uri, self.suite + "-security") for uri in security]
        for sources in [[a, s] for a in main for s in extra] + [[a] for a in main]:
            with open(self.folder + "/sources.list", "w", encoding="utf-8") as file:
                for uri, suite in sources:
                    file.write("%s [signed-by=%s] %s %s main\n" % (self.kind, KEYRING, uri, suite))
            if self.apt("apt-get", "update").returncode == 0:
                self.sources = [uri for uri, _ in sources]
                return
        raise Unavailable("apt-get update failed for %s (see %s)" % (self.suite, self.log))

    def versions(self, package):
        """All versions of a source package, highest first: [(version, pool folder, {file name: SHA-256})]."""
        text = self.apt("apt-cache", "showsrc", "--only-source", package, capture=True).stdout
        found = []
        for stanza in text.split("\n\n"):
            version, folder, files, inside = "", "", {}, False
            for line in stanza.split("\n"):
                if line.startswith("Version: "):
                    version = line.split()[1]
                elif line.startswith("Directory: "):
                    folder = line.split()[1]
                inside = line.startswith("Checksums-Sha256:") or (inside and line.startswith(" "))
                if inside and line.startswith(" "):
                    digest, _, name = line.split()
                    files[name] = digest
            if version and files:
                found.append((version, folder, files))
        return newest_first(found)

    def binaries(self, package):
        """All versions of a binary package, highest first: [(version, path below the mirror, SHA-256)]."""
        text = self.apt("apt-cache", "show", "--all-versions", package, capture=True).stdout
        found = []
        for stanza in text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in stanza.split("\n") if ": " in line and line[0] != " ")
            if fields.get("Package") == package and "SHA256" in fields:
                found.append((fields["Version"], fields["Filename"], fields["SHA256"]))
        return newest_first(found)

    def fetch(self, folder, name, sha256, into):
        """Whether `name` could be had from one of the repositories; it is checked before it appears in `into`."""
        part = os.path.join(self.folder, "part")
        for uri in self.sources:
            url = "%s/%s/%s" % (uri.rstrip("/"), folder, name)
            if self.apt("/usr/lib/apt/apt-helper", "download-file", url, part, "SHA256:" + sha256).returncode == 0:
                os.replace(part, os.path.join(into, name))
                return True
        return False


def newest_first(found):
    return sorted(found, key=functools.cmp_to_key(lambda a, b: compare_versions(a[0], b[0])), reverse=True)


def compare_versions(a, b):
    if a == b:
        return 0
    return 1 if subprocess.run(["dpkg", "--compare-versions", a, "gt", b]).returncode == 0 else -1

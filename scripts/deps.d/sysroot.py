"""A sysroot: the headers and the C library of an older Debian, so that what is built against it runs there and later.

    <folder>/usr/include, <folder>/usr/lib ...   the packages below, unpacked
    <folder>/packages.json                       {package: {"version", "file", "sha256"}}

Which packages: the C library with its headers, the kernel's headers, and the compiler's own runtime. Their versions
are not pinned: a stable release changes them only for its own repairs, and the symbols that a program needs of them
stay the release's. scripts/deb checks that floor in what was linked."""

import json
import os
import shutil
import subprocess

from debian import Unavailable, View

PACKAGES = ("libc6", "libc6-dev", "linux-libc-dev", "libcrypt1", "libcrypt-dev", "libgcc-s1")


def make_links_relative(folder):
    """A link to /lib/... is one to the sysroot's own lib, not to that of the machine it stands on."""
    for base, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(base, name)
            if os.path.islink(path) and os.readlink(path).startswith("/"):
                target = os.path.relpath(folder + os.readlink(path), os.path.dirname(path))
                os.remove(path)
                os.symlink(target, path)


def is_there(folder):
    try:
        with open(folder + "/packages.json", encoding="utf-8") as file:
            return sorted(json.load(file)) == sorted(PACKAGES)
    except (OSError, ValueError):
        return False


def fetch(suite, downloads):
    """The newest packages of the suite, in the download folder: {package: facts}."""
    view = View(os.path.join(downloads, "apt-" + suite), suite, os.path.join(downloads, "apt-%s.log" % suite), kind="deb")
    view.update()
    facts = {}
    for name in PACKAGES:
        for version, path, digest in view.binaries(name):
            file = os.path.basename(path)
            if view.fetch(os.path.dirname(path), file, digest, downloads):
                facts[name] = {"version": version, "file": file, "sha256": digest}
                break
        else:
            raise Unavailable("%s: no mirror serves %s (log: %s)" % (suite, name, view.log))
    return facts


def make(suite, folder, downloads):
    """Makes the sysroot unless it is there. Raises Unavailable."""
    if is_there(folder):
        return
    facts = fetch(suite, downloads)
    shutil.rmtree(folder, ignore_errors=True)
    # no usr-merge was in force then: /lib of the packages is /usr/lib here, as on every host of today
    os.makedirs(folder + "/usr/lib")
    os.symlink("usr/lib", folder + "/lib")
    for name in PACKAGES:
        with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", os.path.join(downloads, facts[name]["file"])],
                              stdout=subprocess.PIPE) as packed:
            subprocess.run(["tar", "-x", "--no-same-owner", "--keep-directory-symlink", "-C", folder],
                           stdin=packed.stdout, check=True)
        if packed.returncode != 0:
            raise Unavailable("%s cannot be unpacked" % facts[name]["file"])
    make_links_relative(folder)
    with open(folder + "/packages.json", "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=1, sort_keys=True)

"""Which third-party libraries Vigia is built with, and how each is compiled. One row a library.

The version is upstream's; `sha256` is that of upstream's tarball as Debian carries it (`orig`). Debian's patches
for it are taken in whatever revision the suite has now."""

import os
import platform

SUITE = "trixie"


class Target:
    """What differs between the systems that we build for. `sysroot`: a suite of Debian whose headers and C library
    are used instead of the machine's (sysroot.py), "" for none."""

    def __init__(self, cc, ar, cflags, cmake=(), sysroot=""):
        self.cc, self.ar, self.cflags, self.cmake, self.sysroot = cc, ar, list(cflags), list(cmake), sysroot


COMMON = ["-Os", "-DNDEBUG", "-ffunction-sections", "-fdata-sections"]
HARDENED = ["-fPIE", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2", "-fstack-protector-strong", "-fstack-clash-protection"]
CONTROL_FLOW = ["-fcf-protection"] if platform.machine() == "x86_64" else []

MINGW = "x86_64-w64-mingw32-"

TARGETS = {
    "linux": Target("gcc", "ar", COMMON + HARDENED + CONTROL_FLOW),
    # For packages: needs glibc 2.28 only, so that one .deb does for Debian 11 to 13 and Ubuntu 20.04 to 24.04.
    "bullseye": Target("gcc", "ar", COMMON + HARDENED + CONTROL_FLOW, sysroot="bullseye"),
    "windows": Target(MINGW + "gcc", MINGW + "ar", COMMON + ["-fstack-protector-strong", "-D_WIN32_WINNT=0x0A00"],
                      cmake=["CMAKE_SYSTEM_NAME=Windows", "CMAKE_RC_COMPILER=" + MINGW + "windres"]),
}


class Library:
    """`patched`: a build without Debian's patches gets a warning. `needs`: libraries that must be built before.
    `files`: C files compiled straight into lib<lib>.a (else CMake is used, with `cmake` as its options).
    `append`: (file of the source, file of ours that goes to its end). `headers`: what is installed into include/ ("dir/" installs the contents of a folder).
    `license`: its SPDX name, and `notice`: the file that has to travel with the program (None: it is in no program)."""

    def __init__(self, name, version, orig, sha256, libs, headers, files=(), cflags=(), cmake=(), folder=".",
                 needs=(), patched=True, append=None, license="", notice=None):
        self.name, self.version, self.orig, self.sha256 = name, version, orig, sha256
        self.libs, self.headers, self.files = list(libs), list(headers), list(files)
        self.cflags, self.cmake, self.folder = list(cflags), list(cmake), folder
        self.needs, self.patched, self.append = list(needs), patched, append
        self.license, self.notice = license, notice

    def recipe(self):
        """All that decides what comes out, as text."""
        facts = {key: value for key, value in vars(self).items() if key not in ("append", "license")}
        if self.append:
            with open(self.append[1], encoding="ascii") as file:
                facts["append"] = (self.append[0], file.read())
        return repr(sorted(facts.items()))


HERE = os.path.dirname(os.path.abspath(__file__))
MBEDTLS_CONFIG, LMDB_LISTS = HERE + "/mbedtls_user_config.h", HERE + "/lmdb_midl.h"


LIBRARIES = [
    # Debian's source lacks what CMake's Windows build wants, and eleven files need no build system.
    Library("zlib", "1.3.1", "zlib_1.3.dfsg+really1.3.1.orig.tar.gz",
            "60dd315c07f616887caa029408308a018ace66e3d142726a97db164b3b8f69fb",
            ["libz.a"], ["zlib.h", "zconf.h"],
            files=["adler32.c", "compress.c", "crc32.c", "deflate.c", "gzclose.c", "gzlib.c", "gzread.c", "gzwrite.c",
                   "infback.c", "inffast.c", "inflate.c", "inftrees.c", "trees.c", "uncompr.c", "zutil.c"],
            cflags=["-DHAVE_UNISTD_H"],
            license="Zlib", notice="LICENSE"),
    # One value, one line: a continued line would hide from whoever reads the file.
    Library("libinih", "59", "libinih_59.orig.tar.gz",
            "062279922805f5e9a369551a08d5ddb506140fe50774183ffdbb7c22bb97e3f4",
            ["libinih.a"], ["ini.h"], files=["ini.c"], cflags=["-DINI_MAX_LINE=1024", "-DINI_ALLOW_MULTILINE=0"],
            license="BSD-3-Clause", notice="LICENSE.txt"),
    Library("yyjson", "0.10.0", "yyjson_0.10.0+ds.orig.tar.xz",
            "ae6fde69a193e10afab426ef13f113d6903446405f9db9ee98bfb572bd6c961a",
            ["libyyjson.a"], ["src/yyjson.h"], files=["src/yyjson.c"], patched=False,
            license="MIT", notice="LICENSE"),
    Library("lmdb", "0.9.31", "lmdb_0.9.31.orig.tar.gz",
            "d35d4f6f46313d62fd342c9dcbf574432919ce5e802d2b6cbe2ebd549821e5c4",
            ["liblmdb.a"], ["lmdb.h"], files=["mdb.c", "midl.c"], folder="libraries/liblmdb",
            append=("libraries/liblmdb/midl.h", LMDB_LISTS), license="OLDAP-2.8", notice="libraries/liblmdb/LICENSE"),
    Library("libyaml", "0.2.5", "libyaml_0.2.5.orig.tar.gz",
            "fa240dbf262be053f3898006d502d514936c818e422afdcf33921c63bed9bf2e",
            ["libyaml.a"], ["include/yaml.h"],
            files=["src/api.c", "src/dumper.c", "src/emitter.c", "src/loader.c", "src/parser.c", "src/reader.c",
                   "src/scanner.c", "src/writer.c"],
            cflags=["-Iinclude", "-DYAML_DECLARE_STATIC", "-DYAML_VERSION_MAJOR=0", "-DYAML_VERSION_MINOR=2",
                    "-DYAML_VERSION_PATCH=5", '-DYAML_VERSION_STRING="0.2.5"'],
            license="MIT", notice="License"),
    Library("pcre2", "10.46", "pcre2_10.46.orig.tar.gz",
            "8d28d7f2c3b970c3a4bf3776bcbb5adfc923183ce74bc8df1ebaad8c1985bd07",
            ["libpcre2-8.a"], ["pcre2.h"],
            cmake=["PCRE2_SUPPORT_JIT=ON", "PCRE2_BUILD_PCRE2GREP=OFF", "PCRE2_BUILD_TESTS=OFF",
                   "PCRE2_SUPPORT_LIBZ=OFF", "PCRE2_SUPPORT_LIBBZ2=OFF", "PCRE2_SUPPORT_LIBREADLINE=OFF",
                   "PCRE2_SUPPORT_LIBEDIT=OFF"],
            license="BSD-3-Clause", notice="LICENCE.md"),
    Library("cmocka", "1.1.7", "cmocka_1.1.7.orig.tar.xz",
            "810570eb0b8d64804331f82b29ff47c790ce9cd6b163e98d47a4807047ecad82",
            ["libcmocka.a"], ["cmocka.h"], patched=False,
            cmake=["WITH_EXAMPLES=OFF", "UNIT_TESTING=OFF"]),
    Library("mbedtls", "3.6.6", "mbedtls_3.6.6.orig.tar.bz2",
            "8fb65fae8dcae5840f793c0a334860a411f884cc537ea290ce1c52bb64ca007a",
            ["libmbedtls.a", "libmbedx509.a", "libmbedcrypto.a"], ["mbedtls/", "psa/"], append=("include/mbedtls/mbedtls_config.h", MBEDTLS_CONFIG),
            cmake=["GEN_FILES=OFF", "ENABLE_TESTING=OFF", "ENABLE_PROGRAMS=OFF"],
            license="Apache-2.0 OR GPL-2.0-or-later", notice="LICENSE"),
    # No content decoding: what the center answers is small, and an inflated answer would be one more thing to bound.
    Library("curl", "8.14.1", "curl_8.14.1.orig.tar.gz",
            "6766ada7101d292b42b8b15681120acd68effa4a9660935853cf6d61f0d984d4",
            ["libcurl.a"], ["curl/"], needs=["mbedtls"], cflags=["-DCURL_STATICLIB"],
            cmake=["HTTP_ONLY=ON", "BUILD_CURL_EXE=OFF", "BUILD_STATIC_LIBS=ON", "BUILD_TESTING=OFF",
                   "CMAKE_UNITY_BUILD=ON", "BUILD_EXAMPLES=OFF", "BUILD_LIBCURL_DOCS=OFF", "BUILD_MISC_DOCS=OFF", "ENABLE_CURL_MANUAL=OFF",
                   "CURL_USE_MBEDTLS=ON", "CURL_USE_OPENSSL=OFF", "CURL_ZLIB=OFF", "CURL_BROTLI=OFF",
                   "CURL_ZSTD=OFF", "USE_NGHTTP2=OFF", "USE_LIBIDN2=OFF", "CURL_USE_LIBPSL=OFF",
                   "CURL_USE_LIBSSH2=OFF", "CURL_USE_LIBSSH=OFF", "CURL_USE_PKGCONFIG=OFF",
                   "CURL_CA_BUNDLE=none", "CURL_CA_PATH=none", "ENABLE_UNIX_SOCKETS=OFF",
                   "CURL_DISABLE_ALTSVC=ON", "CURL_DISABLE_AWS=ON", "CURL_DISABLE_BEARER_AUTH=ON",
                   "CURL_DISABLE_COOKIES=ON", "CURL_DISABLE_DIGEST_AUTH=ON", "CURL_DISABLE_DOH=ON",
                   "CURL_DISABLE_FORM_API=ON", "CURL_DISABLE_HSTS=ON", "CURL_DISABLE_IPFS=ON",
                   "CURL_DISABLE_KERBEROS_AUTH=ON", "CURL_DISABLE_MIME=ON", "CURL_DISABLE_NEGOTIATE_AUTH=ON",
                   "CURL_DISABLE_NETRC=ON", "CURL_DISABLE_NTLM=ON", "CURL_DISABLE_WEBSOCKETS=ON"],
            license="curl", notice="COPYING"),
]

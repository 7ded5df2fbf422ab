"""ECDSA on P-256 (FIPS 186-4, SEC 1) for thousands of throw-away certificates, where a process each would take
minutes: a millisecond a key, another a signature. It takes no care of what its timing tells."""

import hashlib
import secrets
import subprocess

P = 2 ** 256 - 2 ** 224 + 2 ** 192 + 2 ** 96 - 1
N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
G = (0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296,
     0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5)
SEC1_BEFORE_KEY = 7     # bytes of an ECPrivateKey in DER before its 32 bytes of key


def add(one, other):
    """The sum of two different points that are not each other's negative."""
    slope = (other[1] - one[1]) * pow(other[0] - one[0], -1, P) % P
    x = (slope * slope - one[0] - other[0]) % P
    return x, (slope * (one[0] - x) - one[1]) % P


def double(point):
    slope = 3 * (point[0] * point[0] - 1) * pow(2 * point[1], -1, P) % P     # a is -3
    x = (slope * slope - 2 * point[0]) % P
    return x, (slope * (point[0] - x) - point[1]) % P


def multiples():
    """[i][j] is j * 16^i * G."""
    rows, base = [], G
    for _ in range(64):
        row = [None, base, double(base)]
        while len(row) < 16:
            row.append(add(row[-1], base))
        rows.append(row)
        base = double(row[8])
    return rows


TABLE = multiples()


def times_g(k):
    """k * G for 0 < k < N: one addition for each hexadecimal digit, with one inversion at the end. The sum so far
    is always of fewer multiples than what is added, so that no special case comes up."""
    x1 = y1 = z1 = 0
    for row in TABLE:
        digit, k = k & 15, k >> 4
        if not digit:
            continue
        x2, y2 = row[digit]
        if not z1:
            x1, y1, z1 = x2, y2, 1
            continue
        square = z1 * z1 % P
        h = (x2 * square - x1) % P
        r = (y2 * z1 * square - y1) % P
        h2 = h * h % P
        h3, v = h * h2 % P, x1 * h2 % P
        x1 = (r * r - h3 - 2 * v) % P
        y1, z1 = (r * (v - x1) - y1 * h3) % P, z1 * h % P
    inverse = pow(z1, -1, P)
    square = inverse * inverse % P
    return x1 * square % P, y1 * square * inverse % P


def new_key():
    """(the secret number, the public point uncompressed)"""
    secret = 1 + secrets.randbelow(N - 1)
    x, y = times_g(secret)
    return secret, b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def sign(secret, message):
    """(r, s) over its SHA-256."""
    digest = int.from_bytes(hashlib.sha256(message).digest(), "big")
    while True:
        k = 1 + secrets.randbelow(N - 1)
        r = times_g(k)[0] % N
        s = pow(k, -1, N) * (digest + r * secret) % N
        if r and s:
            return r, s


def read_key(path):
    """The secret number in a key file of openssl."""
    data = subprocess.run(["openssl", "ec", "-in", path, "-outform", "DER"], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout
    return int.from_bytes(data[SEC1_BEFORE_KEY:SEC1_BEFORE_KEY + 32], "big")

"""Makes a running process do a system call that it would never do by itself, as an intruder in it would: by ptrace,
from outside, so the program needs no way in for tests. x86_64 only."""

import ctypes
import os
import platform
import time

POSSIBLE = platform.machine() == "x86_64"

ANY_CHILD = 0x40000000    # __WALL: threads that others started too
PEEK, POKE, STEP, GET, SET, ATTACH, DETACH = 1, 4, 9, 12, 13, 16, 17
SYSCALL_INSTRUCTION = 0x050F    # as the two bytes are read
BELOW_STACK = 8192      # from where on nothing of the thread's lies

NAMES = ("r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss fs_base gs_base "
         "ds es fs gs").split()

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.restype = ctypes.c_long
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_ulong, ctypes.c_void_p]


class Registers(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in NAMES]


def ptrace(what, pid, address=0, data=None):
    ctypes.set_errno(0)
    value = libc.ptrace(what, pid, address, data)
    if value == -1 and ctypes.get_errno():
        raise OSError(ctypes.get_errno(), "ptrace")
    return value


def put(pid, at, data):
    data += b"\0" * (-len(data) % 8)
    for i in range(0, len(data), 8):
        ptrace(POKE, pid, at + i, int.from_bytes(data[i:i + 8], "little"))


def waits(pid):
    """Whether the thread was stopped right behind a system call's instruction."""
    at = Registers()
    ptrace(GET, pid, 0, ctypes.addressof(at))
    return ptrace(PEEK, pid, at.rip - 2) & 0xFFFF == SYSCALL_INSTRUCTION


def step(pid, number, arguments, memory):
    """That instruction is used again: the code stays as it is, since other threads run it too."""
    before, now = Registers(), Registers()
    ptrace(GET, pid, 0, ctypes.addressof(before))
    ptrace(GET, pid, 0, ctypes.addressof(now))
    room = (before.rsp - BELOW_STACK) & ~15
    put(pid, room, memory)
    values = [room if one == "MEMORY" else one & (1 << 64) - 1 for one in arguments] + [0] * 6
    now.rip, now.rax, now.orig_rax = before.rip - 2, number, (1 << 64) - 1
    now.rdi, now.rsi, now.rdx, now.r10, now.r8, now.r9 = values[:6]
    ptrace(SET, pid, 0, ctypes.addressof(now))
    ptrace(STEP, pid)
    os.waitpid(pid, ANY_CHILD)
    ptrace(GET, pid, 0, ctypes.addressof(now))
    ptrace(SET, pid, 0, ctypes.addressof(before))
    return ctypes.c_int64(now.rax).value


def inject(pid, number, *arguments, memory=b"\0" * 64):
    """What the call returns in the process's first thread: a negative errno value if it is refused. "MEMORY" among the
    arguments stands for the address of memory."""
    for _ in range(1000):
        ptrace(ATTACH, pid)
        os.waitpid(pid, ANY_CHILD)
        try:
            if waits(pid):
                return step(pid, number, arguments, memory)
        finally:
            ptrace(DETACH, pid)
        time.sleep(0.01)
    raise RuntimeError("process %d never waits" % pid)

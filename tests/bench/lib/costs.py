"""What the kernel says a process costs."""

import os


def memory_kib(pid):
    values = {}
    with open("/proc/%d/smaps_rollup" % pid) as file:
        for row in file.read().splitlines()[1:]:
            name, value = row.split(":")
            values[name] = int(value.split()[0])
    return values["Rss"], values["Private_Clean"] + values["Private_Dirty"]


def thread_wakes(pid):
    """{thread: voluntary switches}"""
    wakes = {}
    for task in os.listdir("/proc/%d/task" % pid):
        folder = "/proc/%d/task/%s/" % (pid, task)
        with open(folder + "status") as file:
            wakes[task] = sum(int(row.split()[1]) for row in file if row.startswith("voluntary_ctxt_switches"))
    return wakes


def cost(pid):
    """CPU seconds, wake-ups (voluntary switches) of all threads, bytes written."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    with open("/proc/%d/io" % pid) as file:
        written = next(int(row.split()[1]) for row in file if row.startswith("write_bytes"))
    return cpu, sum(thread_wakes(pid).values()), written


def private_dirty_kib(pid):
    with open("/proc/%d/smaps_rollup" % pid) as file:
        return next(int(row.split()[1]) for row in file if row.startswith("Private_Dirty:"))


def touched_kib(pid, begin, end):
    """What of the anonymous memory between two addresses there is, in RAM or swapped."""
    page = os.sysconf("SC_PAGESIZE")
    with open("/proc/%d/pagemap" % pid, "rb") as file:
        file.seek(begin // page * 8)
        entries = file.read((end - begin) // page * 8)
    return sum(byte >= 0x40 for byte in entries[7::8]) * page // 1024     # bits 63, 62

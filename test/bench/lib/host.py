# SPDX-License-Identifier: MIT
"""What the machine does: CPU of processes, and whether others use it too."""

import os
import platform
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
CPUS = len(os.sched_getaffinity(0))
# Of the machine's time, what others may have had in a round. Both sides of the
# difference are counted in ticks, so that a short one is a little off.
OTHERS_MAX = 0.10


def cpu_ns(pids):
    """Nanoseconds on a CPU so far, of each process that is there."""
    found = {}
    for pid in pids:
        total = 0
        try:
            # schedstat of the process is that of its first thread alone.
            for task in os.scandir("/proc/%d/task" % pid):
                with open(task.path + "/schedstat") as file:
                    total += int(file.read().split()[0])
        except OSError:
            continue    # ended meanwhile
        found[pid] = total
    return found


def stat_of(pid):
    """(parent, ticks of it and of those whose end it has seen)."""
    with open("/proc/%d/stat" % pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return int(fields[1]), sum(map(int, fields[11:15]))


def program(pid):
    """The name of what it runs, or nothing."""
    try:
        return os.readlink("/proc/%d/exe" % pid).rsplit("/", 1)[-1]
    except OSError:
        return ""


def family(roots):
    """{pid: ticks} of the processes and all below them."""
    parents, ticks = {}, {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                parents[int(name)], ticks[int(name)] = stat_of(int(name))
            except OSError:
                pass    # ended meanwhile
    ours = {pid for pid in roots if pid in parents}
    fresh = set(ours)
    while fresh:
        fresh = {pid for pid, parent in parents.items()
                 if parent in fresh} - ours
        ours |= fresh
    return {pid: ticks[pid] for pid in ours}


def machine_ticks():
    """Of all CPUs: user, nice, system, and what the host took for others. Not
    of interrupts, which are on no process's account."""
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(fields[n]) for n in (0, 1, 2, 7))


class Watch:
    """Says of a while how much of the machine others had. roots: processes
    which, with all below them, are ours."""

    def __init__(self, roots):
        self.roots = [os.getpid(), *roots]

    def start(self):
        self.began = time.monotonic()
        self.machine = machine_ticks()
        self.ours = sum(family(self.roots).values())

    def others(self):
        """Share of all CPUs since start, from 0 to 1."""
        machine = machine_ticks() - self.machine
        ours = sum(family(self.roots).values()) - self.ours
        wall = (time.monotonic() - self.began) * TICKS * CPUS
        return max(0.0, (machine - ours) / max(wall, 1))


def memory_kib(pid, name, file="smaps_rollup"):
    """Pss, Rss and the like of a process, of smaps_rollup or status."""
    for line in Path("/proc/%d/%s" % (pid, file)).read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise RuntimeError("process %d has no %s" % (pid, name))


def description():
    model = "unknown"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return "%d CPUs (%s), %.0f GiB, Linux %s" % (
        CPUS, model, memory, platform.release())


def warm_up(folder, size):
    """Writes and removes so many bytes: the first touch of memory that the
    virtual machine's host took back costs ten times as much as a second."""
    path = Path(folder) / "warm"
    block = bytes(1 << 20)
    with open(path, "wb") as file:
        for _ in range(size >> 20):
            file.write(block)
    path.unlink()

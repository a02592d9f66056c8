# SPDX-License-Identifier: MIT
"""The processes that come from this one, however far.

This process takes in whoever loses its parent (PR_SET_CHILD_SUBREAPER), so
what a killed command leaves behind is found here too. A process that has ended
and was not waited for is none.
"""

import ctypes
import os
import signal

PR_SET_CHILD_SUBREAPER = 36


def take_in():
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError("prctl")


def _states():
    """pid: (state, parent) of every process."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/stat" % pid) as file:
                stat = file.read()
        except OSError:
            continue    # ended meanwhile
        state, parent = stat.rpartition(")")[2].split()[:2]
        found[int(pid)] = state, int(parent)
    return found


def below(pid):
    """The pids of a process's children, and of theirs."""
    states = _states()
    found, new = set(), {pid}
    while new:
        new = {p for p, (_, parent) in states.items() if parent in new}
        found |= new
    return {p for p in found if states[p][0] != "Z"}


def children(pid):
    return {p for p, (state, parent) in _states().items()
            if parent == pid and state != "Z"}


def mine():
    return below(os.getpid())


def name(pid):
    """The program's, or None: it has ended."""
    try:
        return os.path.basename(os.readlink("/proc/%d/exe" % pid))
    except OSError:
        return None


def named(pids, wanted):
    return {pid for pid in pids if name(pid) == wanted}


def user(pid):
    return os.stat("/proc/%d" % pid).st_uid


def described(pids):
    return ["%d %s" % (pid, name(pid)) for pid in sorted(pids)]


def kill(pids, number=signal.SIGKILL):
    for pid in pids:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

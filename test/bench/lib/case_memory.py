# SPDX-License-Identifier: MIT
"""PSS of a process: idle, after 1,000 chunks of 512 KiB, and the most that is
seen of one in complete of these."""

import threading
import time

import host
import load
from contender import single
from lineup import Lineup
from report import at_most
from tranche import complete_request

CHUNK = 512 * 1024
CHUNKS = 1000
WORKERS = (1, 8, 64)
LOOK_S = 0.005
IDLE = at_most(4)
BUSY = {"memory": at_most(12), "redis": at_most(12), "mongodb": at_most(20)}


def run(work):
    for tier in BUSY:
        for workers in WORKERS:
            if workers == 8 or not work.quick:
                measure(work, tier, workers)


def pss(pids):
    """MiB of each process."""
    return [host.memory_kib(pid, "Pss") / 1024 for pid in pids]


def measure(work, tier, workers):
    with Lineup(work) as lineup:
        contender = lineup.tier(tier, "PSS: %s, %d" % (tier, workers),
                                workers=workers)
        peer = contender.peer
        time.sleep(0.5)     # all of them are up
        idle = pss(peer.functions("upload"))
        contender.lists = single(peer.chunk_requests(CHUNKS, CHUNK,
                                                     work.body(CHUNK)))
        contender.send(8)
        busy = pss(peer.functions("upload"))
        with Highest(peer.functions("complete")) as highest:
            load.send(work.build, peer.url, [[complete_request(
                peer.ids[-1])]], 1)
    about = "%s, %d workers" % (tier, workers)
    add = work.report.add
    add("memory", "PSS of upload, %s: idle" % about, "MiB", idle, IDLE)
    add("memory", "PSS of upload, %s: after 1,000 chunks" % about, "MiB", busy,
        BUSY[tier])
    add("memory", "PSS of complete, %s: at most" % about, "MiB",
        [highest.pss], BUSY[tier])


class Highest:
    """The most that one of the processes has, looked at again and again."""

    def __init__(self, pids):
        self.pids = pids
        self.pss = 0
        self.ended = threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.look)
        self.thread.start()
        return self

    def look(self):
        while True:
            # The one at work is the largest, and to look at all takes long.
            largest = max(self.pids, key=lambda pid: host.memory_kib(
                pid, "VmRSS", "status"))
            self.pss = max(self.pss, *pss([largest]))
            if self.ended.wait(LOOK_S):
                break

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()

# SPDX-License-Identifier: MIT
"""A peer, or tranche on one tier, as it stands in a table, and one sample of what
it does."""

from typing import NamedTuple

import load
import peer as peers
from figures import percentile
from host import cpu_ns
from rounds import Busy

SAMPLE_BYTES = 256 << 20
SAMPLE_MAX = 1024       # lists of requests


class Sample(NamedTuple):
    done: int
    rate: float         # a second
    sent: int           # bytes
    p50: float          # ms
    p99: float
    cpu: dict           # ns, of "server", "web", "store"

    def cpu_us(self, *parts):
        """Of one."""
        return sum(self.cpu[part] for part in parts) / self.done / 1000

    def cpu_gib(self, *parts):
        """Seconds a GiB."""
        return sum(self.cpu[part] for part in parts) / 1e9 / (
            self.sent / 2**30)


class Contender:
    """requests: what makes its lists of requests, from the peer and a count."""

    def __init__(self, work, label, peer, env):
        self.work = work
        self.label = label
        self.peer = peer
        self.env = env
        self.lists = []

    def prepare(self, requests, count):
        """Outside of what is measured."""
        peers.clear(self.peer)
        self.lists = requests(self.peer, count)

    def sample(self, connections, must_stay=True):
        """must_stay: a process that ended makes the sample none."""
        before = self.cpu()
        run = self.send(connections)
        after = self.cpu()
        return Sample(run.done, run.rate, run.sent,
                      percentile(run.took_ns, 0.50) / 1e6,
                      percentile(run.took_ns, 0.99) / 1e6,
                      difference(before, after, must_stay))

    def send(self, connections):
        return load.send(self.work.build, self.peer.url, self.lists,
                         connections)

    def cpu(self):
        parts = self.peer.processes()
        return {"server": cpu_ns(parts["server"]), "web": cpu_ns(parts["web"]),
                "store": cpu_ns([*parts["store"],
                                 *self.work.store_processes(self.env)])}

    def count(self, requests, connections, size):
        """How many take as long as a sample is to take, found by trying."""
        few = max(8, 2 * connections)
        most = max(few, min(SAMPLE_MAX, SAMPLE_BYTES // max(size, 1)))
        self.prepare(requests, few)
        rate = self.send(connections).rate
        wanted = int(rate * self.work.sample_s)
        return max(few, min(most, wanted) // connections * connections)


def difference(before, after, must_stay):
    found = {}
    for part, ticks in after.items():
        # A database starts and ends processes as it likes.
        if must_stay and part != "store" and (before[part].keys()
                                              != ticks.keys()):
            raise Busy
        found[part] = sum(ns - before[part].get(pid, 0)
                          for pid, ns in ticks.items())
    return found


def single(requests):
    """Each a list of its own."""
    return [[request] for request in requests]

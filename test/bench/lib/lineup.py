# SPDX-License-Identifier: MIT
"""All that is compared in a case, running side by side, each with the better of
its two numbers of workers."""

import contextlib
import statistics

import fcgi_floor
import peer as peers
import tranche
from contender import Contender

TRIES = 3


class Lineup(contextlib.ExitStack):
    """{label: Contender}, from `with` to its end."""

    def __init__(self, work):
        super().__init__()
        self.work = work
        self.contenders = {}

    def tier(self, tier, label=None, env=None, workers=None):
        env = {**self.work.environment(tier), **(env or {})}
        return self.add(label or "tranche, " + tier, tranche.Peer, env, workers)

    def peers(self, names=None):
        """Those that were asked for, or of them these."""
        for name, peer in self.work.peers(names):
            self.add(peer.name, peer, self.of_peer(name))

    def of_peer(self, name):
        """Only the original's design uses a store that is not its own."""
        if name == "original":
            return {"REDIS_URL": self.work.redis.tcp}
        return {}

    def floor(self):
        """What does nothing but read a body by FastCGI."""
        fcgi_floor.Peer.program = self.work.program("floor-fcgi")
        self.add(fcgi_floor.Peer.name, fcgi_floor.Peer, {})

    def add(self, label, peer, env, workers=None):
        peer.install(self.work.cache)
        workers = workers or self.better(label, peer, env)
        running = self.enter_context(peer(
            self.work.cache, self.work.new_folder(), workers, env))
        self.work.report.setting(peer.name, running.version)
        self.contenders[label] = Contender(self.work, label, running, env)
        return self.contenders[label]

    def better(self, label, peer, env):
        """By chunks of 512 KiB at 8 connections, once a run."""
        if label not in self.work.chosen:
            rates = {}
            for workers in peers.counts(peer):
                with peer(self.work.cache, self.work.new_folder(), workers,
                          env) as running:
                    rates[workers] = self.rate(Contender(
                        self.work, label, running, env))
            self.work.chosen[label] = max(rates, key=rates.get)
            self.work.report.setting("workers of " + label, "%d, of %s" % (
                self.work.chosen[label], " and ".join(map(str, rates))))
        return self.work.chosen[label]

    def rate(self, contender):
        requests = chunks(self.work, 512 << 10)
        count = contender.count(requests, 8, 512 << 10)
        rates = []
        for _ in range(1 if self.work.quick else TRIES):
            contender.prepare(requests, count)
            rates.append(contender.send(8).rate)
        peers.clear(contender.peer)
        return statistics.median(rates)


def chunks(work, size):
    """What makes lists of one raw chunk each."""
    body = work.body(size)

    def requests(peer, count):
        return [[request] for request in peer.chunk_requests(count, size, body)]
    return requests

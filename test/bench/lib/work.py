# SPDX-License-Identifier: MIT
"""What the cases of a run share: folders, bodies, stores, peers."""

import base64
import contextlib
import os
import tempfile
from pathlib import Path

import host
import peer as peers
import stores
from report import Report
from rounds import Rounds

TIERS = {"memory": "memory", "redis": "redis", "redis tcp": "redis",
         "mongodb": "mongodb"}


class Work(contextlib.ExitStack):
    def __init__(self, build, cache, names, quick=False, pairs=None):
        """names: of peers. pairs: rounds of what has an aim."""
        super().__init__()
        self.build = Path(build)
        self.cache = Path(cache)
        self.names = names
        self.quick = quick
        self.pairs = pairs or (5 if quick else 15)
        self.sample_s = 0.2 if quick else 0.4
        self.report = Report()
        self.chosen = {}            # numbers of workers, by contender
        self.failed = False         # whether a case was
        self.kept = {}              # rounds of one case that another reads
        self.folder = Path(self.enter_context(tempfile.TemporaryDirectory(
            prefix="tranche-bench-", dir="/dev/shm")))
        self.the_redis = self.the_mongodb = None

    @property
    def redis(self):
        if not self.the_redis:
            self.the_redis = self.enter_context(stores.Redis())
            self.report.setting("Redis", self.the_redis.version +
                                ", nothing on disk")
        return self.the_redis

    @property
    def mongodb(self):
        if not self.the_mongodb:
            self.the_mongodb = self.enter_context(stores.Mongodb())
            self.report.setting("MongoDB", self.the_mongodb.version)
        return self.the_mongodb

    def rounds(self, number=None):
        """Those that a ratio needs, or so many."""
        roots = self.the_mongodb.roots() if self.the_mongodb else []
        return Rounds(host.Watch(roots), number or self.pairs)

    def few(self):
        """For what has no aim."""
        return self.rounds(max(1, min(3, self.pairs // 2)))

    def body(self, size):
        """A file of so many random letters of base64."""
        path = self.folder / ("body-%d" % size)
        if not path.exists():
            path.write_bytes(base64.b64encode(os.urandom(size))[:size])
        return path

    def program(self, name):
        """Of the benchmark's own."""
        return self.build / "test" / "bench" / name

    def function(self, name):
        return self.build / "functions" / name

    def new_folder(self):
        return Path(tempfile.mkdtemp(dir=self.folder))

    def environment(self, tier):
        """For tranche with that tier alone."""
        env = {"TRANCHE_TIERS": TIERS[tier]}
        if tier == "redis":
            env["REDIS_URL"] = self.redis.unix
        elif tier == "redis tcp":
            env["REDIS_URL"] = self.redis.tcp
        elif tier == "mongodb":
            env["MONGODB_URI"] = self.mongodb.uri
        return env

    def store_processes(self, env):
        """Of the stores which that environment names."""
        pids = []
        if "REDIS_URL" in env:
            pids += self.redis.processes()
        if "MONGODB_URI" in env:
            pids += self.mongodb.processes()
        return pids

    def peers(self, names=None):
        """Classes of those that were asked for and can be had."""
        for name in self.names:
            if names and name not in names:
                continue
            try:
                found = peers.find(name)
                found.install(self.cache)
                yield name, found
            except peers.Missing as why:
                self.report.lacks("%s: %s" % (name, why))

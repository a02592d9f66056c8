# SPDX-License-Identifier: MIT
"""A host without a web server: function processes, kept for many requests or
started for one, with folders and databases of their own."""

import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import redis

import client
import fcgi
import settings
from invariants import FileSink, MongodbSink
from server import TMPFS

# The tiers that a function is given, in order. The host's memory comes last,
# as it does by default.
TIERS = {
    "memory": "memory",
    "redis": "redis,memory",
    "mongodb": "mongodb",
    "redis+mongodb": "redis,mongodb,memory",
    "copies2": "redis,mongodb",
}
SINKS = ("file", "mongodb")
COLLECTION = "documents"
# One for each setting and sink: hosts may run side by side.
REDIS_DATABASE_FIRST = 4

TTL_SECONDS = 3600
COOLDOWN_MS = 20
# What a request may take, and what starting the process adds.
LIMIT_MS = 10000
SLACK_SECONDS = 5
# A process that lost its connection waits for another one.
IDLE_MS = 2000
# Where common/tier/memory/used.c notes when its chores were done.
USED_TIMES = 16


class Host:
    """From `with` to its end. front: how a process of one request is given
    it, "fcgi" or "cgi"."""

    def __init__(self, setting, sink, env=None, front="fcgi"):
        self.front = front
        self.tiers = TIERS[setting].split(",")
        self.functions = Path(os.environ["TRANCHE_TEST_BUILD"], "functions")
        self.root = Path(tempfile.mkdtemp(prefix="tranche-", dir=TMPFS))
        for name in ("sink", "memory", "state", "tmp", "run"):
            (self.root / name).mkdir(mode=0o700)
        self.memory = self.root / "memory"
        self.log = self.root / "log"
        self.numbers = itertools.count()
        self.kept = {}
        self.redis = self.database = None
        self.env = {k: v for k, v in os.environ.items()
                    if k not in ("REDIS_URL", "MONGODB_URI")
                    and not k.startswith("TRANCHE_")}
        self.env.update(
            TMPDIR=str(self.root / "tmp"),
            TRANCHE_TIERS=TIERS[setting],
            TRANCHE_MEMORY_DIR=str(self.memory),
            TRANCHE_STATE_DIR=str(self.root / "state"),
            TRANCHE_TTL=str(TTL_SECONDS),
            TRANCHE_COOLDOWN=str(COOLDOWN_MS),
            TRANCHE_REQUEST_TIMEOUT=str(LIMIT_MS),
            TRANCHE_COMPLETE_TIMEOUT=str(LIMIT_MS))
        self.env.update(env or {})
        if setting == "copies2":
            self.env["TRANCHE_COPIES"] = "2"
        if "redis" in self.tiers:
            self.env["REDIS_URL"] = settings.with_path(
                settings.real_url("REDIS_URL"), str(
                    REDIS_DATABASE_FIRST + 2 * list(TIERS).index(setting)
                    + SINKS.index(sink)))
            self.redis = redis.Redis.from_url(self.env["REDIS_URL"])
        name = "tranche_fault_%s_%s" % (setting.replace("+", "_"), sink)
        if "mongodb" in self.tiers or sink == "mongodb":
            self.env["MONGODB_URI"] = settings.with_path(
                settings.real_url("MONGODB_URI"), name)
            self.mongodb = settings.mongodb_client()
            self.database = self.mongodb[name]
        if sink == "file":
            self.env["TRANCHE_SINK"] = "file:%s" % (self.root / "sink")
            self.sink = FileSink(self.root / "sink")
        else:
            self.env["TRANCHE_SINK"] = "mongodb:" + COLLECTION
            self.sink = MongodbSink(name, COLLECTION)

    def __enter__(self):
        self.forget()
        return self

    def __exit__(self, *_):
        for process, _ in self.kept.values():
            process.terminate()
            process.wait(10)
        self.forget()
        if self.database is not None:
            self.mongodb.close()
        shutil.rmtree(self.root)

    def forget(self):
        """Empties the databases."""
        if self.redis is not None:
            self.redis.flushdb()
        if self.database is not None:
            for name in self.database.list_collection_names():
                self.database[name].delete_many({})

    def start(self, function, prefix=(), env=None, log=None):
        """A process that waits for requests, and its socket."""
        path = self.root / "run" / str(next(self.numbers))
        with socket.socket(socket.AF_UNIX) as listening, \
                open(log or self.log, "ab") as said:
            listening.bind(str(path))
            listening.listen(8)
            process = subprocess.Popen(
                [*map(str, prefix), str(self.functions / function)],
                env={**self.env, **(env or {})}, stdin=listening,
                stdout=said, stderr=said)
        return process, path

    def fresh(self, *how):
        """A client that asks a process of its own each time; see Fresh."""
        return (Cgi if self.front == "cgi" else Fresh)(self, *how)

    def let_sweep(self):
        """The next start sweeps the memory tier, as one each minute does."""
        used = self.memory / "used"
        if used.exists():
            with open(used, "r+b") as file:
                file.seek(USED_TIMES)
                file.write(bytes(16))

    def end_lease(self, sid):
        """The claim of a killed process is over, as it would be in time."""
        if self.redis is not None:
            self.redis.delete("chunked:{%s}:claim" % sid)
        if self.database is not None:
            self.database["chunkeduploadclaims"].delete_many(
                {"sessionId": sid})
        (self.memory / sid / "claim").unlink(missing_ok=True)


class Kept(client.Client):
    """Asks processes that are kept for many requests."""

    def __init__(self, host):
        self.host = host
        self.headers = {}

    def send(self, method, path, body=None, headers=None):
        function, _, query = path.partition("?")
        body = body or b""
        return self.ask(function, fcgi.variables(
            method, query, body, {**self.headers, **(headers or {})}), body)

    def ask(self, function, params, body):
        if function not in self.host.kept:
            self.host.kept[function] = self.host.start(
                function, env={"TRANCHE_MAX_REQUESTS": "0"})
        process, path = self.host.kept[function]
        answer = fcgi.ask(path, params, body,
                          LIMIT_MS / 1000 + SLACK_SECONDS)
        assert answer, "an undisturbed process gave no answer: %s" % (
            self.host.log.read_text()[-2000:])
        return answer


class Fresh(Kept):
    """Asks a process of its own each time. `prefix` is a command that runs
    it, `env` adds to its environment, `log` is where its words go."""

    def __init__(self, host, prefix=(), env=None, log=None):
        super().__init__(host)
        self.prefix, self.env, self.log = prefix, env or {}, log
        self.code = None        # how the last one ended, as Popen says it

    def ask(self, function, params, body):
        """None: it ended without an answer."""
        process, path = self.host.start(
            function, self.prefix,
            {"TRANCHE_MAX_REQUESTS": "1",
             "TRANCHE_IDLE_TIMEOUT": str(IDLE_MS), **self.env}, self.log)
        end = time.monotonic() + LIMIT_MS / 1000 + SLACK_SECONDS
        try:
            answer = fcgi.ask(path, params, body, end - time.monotonic())
            self.code = process.wait(max(0, end - time.monotonic()))
        except (socket.timeout, subprocess.TimeoutExpired):
            process.kill()
            process.wait()
            raise AssertionError("I5: it did not end in time")
        finally:
            path.unlink()
        return answer


class Cgi(Fresh):
    """The same, where the process has its request from the start."""

    def ask(self, function, params, body):
        with open(self.log or self.host.log, "ab") as said:
            process = subprocess.Popen(
                [*map(str, self.prefix),
                 str(self.host.functions / function)],
                env={**self.host.env, **params, **self.env},
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said)
        try:
            output = process.communicate(
                body, LIMIT_MS / 1000 + SLACK_SECONDS)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise AssertionError("I5: it did not end in time")
        self.code = process.returncode
        return fcgi.answer(output)

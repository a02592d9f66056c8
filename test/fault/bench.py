# SPDX-License-Identifier: MIT
"""Where the matrix runs: real servers that it may break, a fault proxy before
each, and the functions served in a setting of tiers."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pymongo
import redis

import settings
from invariants import FileSink, MongodbSink
from place import Place
from trips import TripProxy
from server import REPO, wait_until

START_SECONDS = 20
PORT_TRIES = 5
# Milliseconds, as short as a busy machine of two cores lets them be.
REDIS_TIMEOUT = 250
MONGODB_TIMEOUT = 500
COOLDOWN = 50
REQUEST_TIMEOUT = 2000
COMPLETE_TIMEOUT = 3000
# What a busy machine and the web server may add to a deadline.
SLACK_SECONDS = 1.5
DEADLINES = {"complete": COMPLETE_TIMEOUT / 1000 + SLACK_SECONDS,
             None: REQUEST_TIMEOUT / 1000 + SLACK_SECONDS}


class Setting(NamedTuple):
    name: str
    tiers: str
    sink: str = "file"
    copies: int = 1

    def place_of(self, server):
        """Where in the stack the server is, None: it has no part in it."""
        tiers = self.tiers.split(",")
        shared = [tier for tier in tiers if tier != "memory"]
        if server not in shared:
            return "sink" if self.sink == server else None
        if self.copies == 2:
            return "copy"
        if len(shared) == 1:
            return "beside memory" if "memory" in tiers else "only"
        return "first" if shared[0] == server else "second"


SETTINGS = {s.name: s for s in (
    Setting("redis", "redis"),
    Setting("redis+memory", "redis,memory"),
    Setting("redis+mongodb", "redis,mongodb"),
    Setting("mongodb+redis", "mongodb,redis"),
    Setting("redis+mongodb+memory", "redis,mongodb,memory"),
    Setting("mongodb", "mongodb"),
    Setting("mongodb+memory", "mongodb,memory"),
    Setting("mongodb sink", "redis", sink="mongodb"),
    Setting("mongodb tier and sink", "mongodb", sink="mongodb"),
    Setting("two copies", "redis,mongodb", copies=2),
)}


class Redis:
    """A Redis server of our own: it can be started from a snapshot, and with
    options that test/servers does not give."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.process = None
        self.port = None

    def start(self, *options, port=None, loads=False):
        """With what dump.rdb in its folder has, if it is there; `loads`: it
        need not yet have it."""
        for _ in range(PORT_TRIES):
            self.port = port or free_port()
            with open(self.folder / "log", "ab") as log:
                self.process = subprocess.Popen(
                    ["redis-server", "--port", str(self.port),
                     "--bind", "127.0.0.1", "--dir", str(self.folder),
                     "--save", "", "--appendonly", "no",
                     "--enable-debug-command", "local", *options],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            if self.is_up(loads):
                return self
            self.kill()
        raise RuntimeError("redis-server does not start, see %s/log"
                           % self.folder)

    def is_up(self, loads):
        """Waits until it answers; False when it ended instead."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.client().ping()
                return self.process.poll() is None
            except redis.exceptions.BusyLoadingError:
                if loads:
                    return True
            except redis.exceptions.ConnectionError:
                pass
            time.sleep(0.005)
        return False

    def kill(self):
        if self.process:
            self.process.kill()
            self.process.wait()
        self.process = None

    def restart(self, *options):
        """On the port that it had."""
        self.kill()
        self.start(*options, port=self.port)

    def snapshot(self):
        self.client().save()

    def forget_snapshot(self):
        (self.folder / "dump.rdb").unlink(missing_ok=True)

    def client(self):
        return redis.Redis(port=self.port)

    @property
    def url(self):
        return "redis://127.0.0.1:%d" % self.port


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Servers:
    """test/servers in a folder; one of our own unless TRANCHE_TEST_SERVERS
    names one that may be broken."""

    def __init__(self):
        self.given = os.environ.get("TRANCHE_TEST_SERVERS")
        self.folder = Path(self.given or tempfile.mkdtemp(
            prefix="tranche-servers-"))

    def __enter__(self):
        said = self.run("up")
        self.urls = dict(line.split(" ", 1)[1].split("=", 1)
                         for line in said.splitlines())
        os.environ.setdefault("MONGODB_URI", self.urls["MONGODB_URI"])
        return self

    def __exit__(self, *_):
        if not self.given:
            self.run("down")
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words):
        return subprocess.run(
            [str(REPO / "test" / "servers"), words[0], str(self.folder),
             *words[1:]], check=True, stdout=subprocess.PIPE,
            text=True).stdout

    def pid(self, server):
        return int((self.folder / (server + ".pid")).read_text())

    def signal(self, server, number):
        os.kill(self.pid(server), number)

    def client(self):
        return pymongo.MongoClient(self.urls["MONGODB_URI"],
                                   socketTimeoutMS=settings.SOCKET_MS)


class Bench:
    """One setting at a time is served; `use` changes it. From `with` to its
    end."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.setting = None
        self.place = None
        self.database = "tranche_fault_%d" % os.getpid()

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="tranche-fault-")
        self.stack.callback(shutil.rmtree, self.folder)
        self.redis = Redis(self.folder).start()
        self.stack.callback(self.redis.kill)
        self.redis_proxy = self.stack.enter_context(TripProxy(self.redis.url))
        self._servers = None
        self._client = None
        return self

    def __exit__(self, *exception):
        self.leave()
        return self.stack.__exit__(*exception)

    @property
    def servers(self):
        """MongoDB's are only started where a setting needs them."""
        if not self._servers:
            self._servers = self.stack.enter_context(Servers())
            uri = self._servers.urls["MONGODB_URI"]
            self.mongodb_proxy = self.stack.enter_context(TripProxy(
                urlsplit(uri)._replace(path="/" + self.database).geturl()))
        return self._servers

    def proxy(self, server):
        return (self.redis_proxy if server == "redis"
                else self.mongodb_proxy)

    def use(self, name):
        setting = SETTINGS[name]
        if setting == self.setting:
            return self.place
        self.leave()
        self.place = Place("embedded", self.environment(setting))
        self.place.serve.command += ["--workers", "2"]
        self.place.__enter__()
        self.setting = setting
        self.sink = FileSink(self.place.sink)
        if setting.sink == "mongodb":
            self.sink = MongodbSink(self.database, "documents")
        return self.place

    def leave(self):
        if self.place:
            place, self.place, self.setting = self.place, None, None
            place.__exit__(None, None, None)

    def environment(self, setting):
        env = {"TRANCHE_TIERS": setting.tiers,
               "TRANCHE_COPIES": str(setting.copies),
               "TRANCHE_REDIS_TIMEOUT": str(REDIS_TIMEOUT),
               "TRANCHE_MONGODB_TIMEOUT": str(MONGODB_TIMEOUT),
               "TRANCHE_COOLDOWN": str(COOLDOWN),
               "TRANCHE_REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
               "TRANCHE_COMPLETE_TIMEOUT": str(COMPLETE_TIMEOUT)}
        if "redis" in setting.tiers:
            env["REDIS_URL"] = self.redis_proxy.front
        if "mongodb" in (setting.tiers + setting.sink):
            assert self.servers
            env["MONGODB_URI"] = self.mongodb_proxy.front
        if setting.sink == "mongodb":
            env["TRANCHE_SINK"] = "mongodb:documents"
        return env

    def mongodb(self):
        """The database, not through the proxy."""
        if not self._client:
            self._client = self.stack.enter_context(self.servers.client())
        return self._client[self.database]

    def lapse(self, history):
        """What the end of a lease does to the session's claims."""
        if "redis" in self.setting.tiers:
            self.redis.client().delete("chunked:{%s}:claim" % history.sid)
        if "mongodb" in self.setting.tiers:
            self.mongodb()["chunkeduploadclaims"].delete_one(
                {"sessionId": history.sid})

    def cool_down(self):
        """Until every process asks again what was sick."""
        time.sleep(1.5 * COOLDOWN / 1000)

# SPDX-License-Identifier: MIT
"""Several hosts, or one with many processes, on servers of their own: each host
sees a server through a fault proxy that is its alone."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import settings
from bench import Redis
from client import Client
from invariants import FileSink, MongodbSink
from place import Place
from proxy import Proxy
from server import TMPFS

URLS = {"redis": "REDIS_URL", "mongodb": "MONGODB_URI"}
COLLECTION = "documents"


class Servers:
    """A Redis server of our own, a MongoDB database of our own, and a folder
    for a sink; from `with` to its end."""

    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.name = "tranche_fault_%d_%s" % (os.getpid(), os.urandom(3).hex())

    def __enter__(self):
        self.root = Path(tempfile.mkdtemp(prefix="tranche-", dir=TMPFS))
        self.stack.callback(shutil.rmtree, self.root)
        for name in ("redis", "sink"):
            (self.root / name).mkdir(mode=0o700)
        self.server = Redis(self.root / "redis").start()
        self.stack.callback(self.server.kill)
        self.redis = self.server.client()
        self.urls = {
            "redis": self.server.url,
            "mongodb": settings.with_path(settings.real_url("MONGODB_URI"),
                                          self.name)}
        mongodb = self.stack.enter_context(settings.mongodb_client())
        self.stack.callback(mongodb.drop_database, self.name)
        self.mongodb = mongodb[self.name]
        self.file_sink = FileSink(self.root / "sink")
        self.mongodb_sink = MongodbSink(self.name, COLLECTION)
        return self

    def __exit__(self, *exception):
        return self.stack.__exit__(*exception)

    def proxy(self, server):
        """One more before the server, until the end."""
        return self.stack.enter_context(Proxy(self.urls[server]))

    def end_lease(self, history):
        """What the end of a lease does to the session's claims."""
        self.redis.delete("chunked:{%s}:claim" % history.sid)
        self.mongodb["chunkeduploadclaims"].delete_many(
            {"sessionId": history.sid})


class Host(Place):
    """deploy/serve on these servers. `tiers` as TRANCHE_TIERS has them; `sink`
    is file or mongodb; proxies["redis"] is what stands before it."""

    def __init__(self, servers, tiers, sink="file", server="nginx", workers=2,
                 env=None):
        self.proxies = {name: servers.proxy(name) for name in URLS
                        if name in (tiers + "," + sink)}
        made = {URLS[name]: proxy.front
                for name, proxy in self.proxies.items()}
        made["TRANCHE_TIERS"] = tiers
        made["TRANCHE_SINK"] = (
            "mongodb:" + COLLECTION if sink == "mongodb"
            else "file:%s" % servers.file_sink.folder)
        super().__init__("embedded", {**made, **(env or {})}, server=server)
        self.serve.command += ["--workers", str(workers)]
        self.state = self.serve.root / "state" / "state"

    def another_client(self):
        """For another thread."""
        return Client(self.serve.url)

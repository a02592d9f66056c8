# SPDX-License-Identifier: MIT
"""What the servers of the tus protocol (1.0.0) have in common.

A chunk is one PATCH at offset 0 of an upload of its own, made by POST before
the clock starts. tus knows no chunks that come in any order: the PATCHes of one
upload follow one another, each waiting for the answer to the one before it and
for the upload's lock. An upload each is what can run on many connections at
all, it leaves the making out of the count, and it appends to an empty file; it
is the better case.

A small upload is one POST that carries the bytes (creation-with-upload): one
request where tranche has three.
"""

import shutil
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

VERSION = {"Tus-Resumable": "1.0.0"}
BYTES = {"Content-Type": "application/offset+octet-stream"}


class TusPeer:
    """A server with its uploads as files in a folder; a subclass says how it
    is started, and where the bytes of an upload are."""

    base = "/files/"    # where uploads are made

    def __init__(self, cache, folder, workers, env):
        self.cache = Path(cache)
        self.folder = Path(folder)
        self.store = self.folder / "store"
        self.count = workers
        self.uploads = []

    def spawned(self):
        """The Spawned that serves self.store."""
        raise NotImplementedError

    def __enter__(self):
        self.store.mkdir()
        self.server = self.spawned()
        self.server.__enter__()
        self.url = self.server.url
        return self

    def __exit__(self, *_):
        self.server.end()
        shutil.rmtree(self.store)

    def processes(self):
        return {"server": self.server.pids(), "web": [], "store": []}

    def chunk_requests(self, count, size, body):
        self.uploads = self.create(count, size)
        return [{"method": "PATCH", "path": path, "body": body, "status": 204,
                 "headers": dict(VERSION, **BYTES, **{"Upload-Offset": "0"})}
                for path in self.uploads]

    def create(self, count, size):
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        paths = []
        for _ in range(count):
            connection.request("POST", self.base, headers=dict(
                VERSION, **{"Upload-Length": str(size)}))
            answer = connection.getresponse()
            answer.read()
            if answer.status != 201:
                raise RuntimeError("cannot create: %d" % answer.status)
            paths.append(urlsplit(answer.headers["Location"]).path)
        connection.close()
        return paths

    def small_requests(self, count, body):
        headers = dict(VERSION, **BYTES,
                       **{"Upload-Length": str(body.stat().st_size)})
        return [[{"method": "POST", "path": self.base, "headers": headers,
                  "body": body, "status": 201,
                  "capture": {"header": "Location"}}]] * count

    def stored(self, n):
        return self.uploaded(self.uploads[n])

    def uploaded(self, captured):
        """The bytes of the small upload whose answer had this captured."""
        return self.file(captured.rstrip("/").rpartition("/")[2]).read_bytes()

    def file(self, upload_id):
        return self.store / upload_id

    def clear(self):
        self.uploads = []
        for entry in self.store.iterdir():
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()

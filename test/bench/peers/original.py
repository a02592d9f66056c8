# SPDX-License-Identifier: MIT
"""The original's design in Node; what it is and is not is said in
node/original/server.js.

A chunk is a POST of JSON. With REDIS_URL in env chunks and sessions are in
Redis, with MONGODB_URI alone in MongoDB, with neither in the process's memory,
which only one process can serve: more are then not started. A session has at
most SESSION_CHUNKS chunks here, for it is read and written whole for each, and
grows; with longer ones a chunk costs more.

Nothing is digested and nothing fsynced: the complete data is written to a file
and that is all. Redis and MongoDB are the driver's, with their settings.
"""

import json
import shutil
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import node_built

PREFIX = "/api/routes/chunked/"
JSON = {"Content-Type": "application/json"}
SESSION_CHUNKS = 16
SHARED = ("REDIS_URL", "MONGODB_URI")

# A chunk's JSON text, and the document of which it is all.
DOCUMENT = ('{\\"name\\":\\"small\\",\\"data\\":\\"', '\\"}')


class Peer:
    name = "original"
    version = "express %s, ioredis %s, mongoose %s" % tuple(
        map(node_built.version, ("express", "ioredis", "mongoose")))
    counts = (1, 2)

    install = staticmethod(node_built.install)

    def __init__(self, cache, folder, workers, env):
        self.sink = Path(folder) / "sink"
        shared = {name: env[name] for name in SHARED if env.get(name)}
        self.server = node_built.spawned(
            Path(cache), "original/server.js", [workers if shared else 1],
            dict(shared, SINK=self.sink), Path(folder) / "log")
        self.chunks = []

    def __enter__(self):
        self.sink.mkdir()
        self.server.__enter__()
        self.url = self.server.url
        return self

    def __exit__(self, *_):
        self.server.end()
        shutil.rmtree(self.sink)

    def processes(self):
        return {"server": self.server.pids(), "web": [], "store": []}

    def chunk_requests(self, count, size, body):
        self.chunks = []
        for first in range(0, count, SESSION_CHUNKS):
            chunks = min(SESSION_CHUNKS, count - first)
            session = json.loads(self.ask("POST", PREFIX + "start", json.dumps(
                {"totalChunks": chunks, "totalSize": chunks * size})))
            self.chunks += [(session["sessionId"], index)
                            for index in range(chunks)]
        return [upload(session, index, ['"', body, '"}'])
                for session, index in self.chunks]

    def small_requests(self, count, body):
        size = body.stat().st_size + sum(map(len, DOCUMENT))
        return [[
            {"method": "POST", "path": PREFIX + "start", "headers": JSON,
             "body": json.dumps({"totalChunks": 1, "totalSize": size}),
             "status": 200, "capture": {"json": "sessionId"}},
            upload("@captured@", 0, ['"' + DOCUMENT[0], body,
                                     DOCUMENT[1] + '"}']),
            {"method": "POST", "path": PREFIX + "complete", "headers": JSON,
             "body": json.dumps({"sessionId": "@captured@"}), "status": 201},
        ]] * count

    def stored(self, n):
        return self.ask("GET", "/inspect/chunk?sessionId=%s&chunkIndex=%d"
                        % self.chunks[n])

    def uploaded(self, captured):
        """The bytes of the small upload whose answer had this captured."""
        document = json.loads((self.sink / captured).read_bytes())
        return document["data"].encode()

    def clear(self):
        self.chunks = []
        self.ask("DELETE", "/inspect")
        for entry in self.sink.iterdir():
            entry.unlink()

    def ask(self, method, path, body=None):
        connection = HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        connection.request(method, path, body, JSON)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        if answer.status not in (200, 204):
            raise RuntimeError("%s %s: %d %s" % (
                method, path, answer.status, content.decode()))
        return content


def upload(session, index, text):
    """A chunk whose data is this JSON text, quotes and the end included."""
    text[0] = '{"sessionId":"%s","chunkIndex":%d,"data":%s' % (
        session, index, text[0])
    return {"method": "POST", "path": PREFIX + "upload", "headers": JSON,
            "body": text, "status": 200}

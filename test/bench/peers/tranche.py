# SPDX-License-Identifier: MIT
"""What is measured: deploy/serve as a user starts it."""

import contextlib
import json
import subprocess
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import host
from server import FUNCTIONS, REPO, Serve

PREFIX = "/api/routes/chunked/"
TIMEOUT_S = 60
# Limits and nothing else: what a benchmark holds at once is more than the
# defaults let a host hold.
LIMITS = {"TRANCHE_MAX_SIZE": "4GiB", "TRANCHE_MEMORY_MAX": "8GiB"}


class Peer:
    name = "tranche"
    counts = (4, 8)
    version = subprocess.run(
        ["git", "-C", str(REPO), "describe", "--always", "--dirty"],
        stdout=subprocess.PIPE, text=True).stdout.strip() or "no git"

    @staticmethod
    def install(cache):
        """deploy/serve builds what it needs."""

    def __init__(self, cache, folder, workers, env):
        # Its folder is on tmpfs already.
        self.serve = Serve({**LIMITS, **env})
        self.serve.command += ["--workers", str(workers)]
        self.ids = []

    def __enter__(self):
        self.serve.__enter__()
        self.url = self.serve.url
        return self

    def __exit__(self, *exception):
        return self.serve.__exit__(*exception)

    def processes(self):
        return {"server": self.functions(*FUNCTIONS), "web": self.web(),
                "store": []}

    def functions(self, *names):
        return self.serve.processes(*names)

    def web(self):
        """nginx writes its title over its environment, by which Serve knows
        the others."""
        return [pid for pid in host.family([self.serve.process.pid])
                if host.program(pid) == "nginx"]

    def call(self, method, path, body=None, status=(200,)):
        with contextlib.closing(HTTPConnection(
                urlsplit(self.url).netloc, timeout=TIMEOUT_S)) as connection:
            connection.request(method, PREFIX + path, body)
            answer = connection.getresponse()
            text = answer.read()
        if answer.status not in status:
            raise RuntimeError("%s %s: %d %s" % (method, path, answer.status,
                                                 text.decode()))
        return json.loads(text)

    def start(self, chunks, size, **more):
        fields = {"totalChunks": chunks, "totalSize": int(chunks * size),
                  **more}
        self.ids.append(self.call("POST", "start",
                                  json.dumps(fields))["sessionId"])
        return self.ids[-1]

    def complete(self, session):
        return self.call("POST", "complete", json.dumps({"sessionId": session}),
                         (200, 201))

    def chunk_requests(self, count, size, body):
        self.size = size
        session = self.start(count, size)
        return [raw_request(session, index, body) for index in range(count)]

    def json_chunk_requests(self, count, size, text):
        """text: a file with what stands in a JSON string of size bytes."""
        self.size = size
        session = self.start(count, size)
        return [json_request(session, index, text) for index in range(count)]

    def small_requests(self, count, body):
        size = body.stat().st_size
        return [small_upload(size, body) for _ in range(count)]

    def stored(self, n):
        done = self.complete(self.ids[-1])
        with open(self.serve.sink / done["persistentId"], "rb") as file:
            file.seek(n * self.size)
            return file.read(self.size)

    def clear(self):
        for session in self.ids:
            self.call("DELETE", "abort?sessionId=" + session,
                      status=(200, 404, 409))
        self.ids = []
        for path in self.serve.sink.iterdir():
            if path.is_file():
                path.unlink()


def raw_request(session, index, body, status=200):
    return {"method": "PUT", "body": Path(body), "status": status,
            "path": "%supload?sessionId=%s&chunkIndex=%d" % (
                PREFIX, session, index),
            "headers": {"Content-Type": "application/octet-stream"}}


def json_request(session, index, text):
    return {"method": "POST", "path": PREFIX + "upload", "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": ['{"sessionId":"%s","chunkIndex":%d,"data":"' % (
                session, index), Path(text), '"}']}


def start_request(chunks, size):
    return {"method": "POST", "path": PREFIX + "start", "status": 200,
            "headers": {"Content-Type": "application/json"},
            "body": '{"totalChunks":%d,"totalSize":%d}' % (chunks, size),
            "capture": {"json": "sessionId"}}


def complete_request(session):
    return {"method": "POST", "path": PREFIX + "complete", "status": 201,
            "headers": {"Content-Type": "application/json"},
            "body": '{"sessionId":"%s"}' % session}


def small_upload(size, body):
    """Start, one chunk, complete."""
    return [start_request(1, size), raw_request("@captured@", 0, body),
            complete_request("@captured@")]

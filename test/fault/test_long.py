# SPDX-License-Identifier: MIT
"""Many requests to one process of each function: with AddressSanitizer its
leak check says nothing when they end, and in the ordinary build descriptors and
memory are after the last ten times as many as after the first.

TRANCHE_FAULT_FULL: 10,000 and 100,000 requests instead of a short run.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

import fcgi
import js
from host import Host
from server import REPO, memory_of

FULL = bool(os.environ.get("TRANCHE_FAULT_FULL"))
LEAK_REQUESTS = 10000 if FULL else 300
FLAT_REQUESTS = 100000 if FULL else 2000
LEAK_PLACES = [("memory", "file"), ("redis+mongodb", "mongodb")] + (
    [("redis+mongodb", "file"), ("memory", "mongodb")] if FULL else [])
FLAT_SETTINGS = ("memory", "redis", "mongodb")
# Pages that the allocator and the libraries take late, whatever is asked.
GROWTH_MAX = 256 * 1024     # bytes
END_SECONDS = 60

TEXT = "x" * 3000


class Asker:
    """One process of each function, for as long as it may live."""

    def __init__(self, host, env=None):
        self.host = host
        self.processes = {}
        self.env = {"TRANCHE_MAX_REQUESTS": "0", "TRANCHE_LOG_LEVEL": "error",
                    **(env or {})}

    def ask(self, function, query="", body=b"", method="POST", user="",
            **headers):
        if function not in self.processes:
            self.processes[function] = self.host.start(function, env=self.env)
        answer = fcgi.ask(self.processes[function][1], fcgi.variables(
            method, query, body, headers, user), body)
        assert answer, "%s ended: %s" % (
            function, self.host.log.read_text()[-3000:])
        return answer

    def post(self, function, **fields):
        return self.ask(function, body=js.stringify(fields))

    def end(self):
        """All as their web server would, and how."""
        for process, _ in self.processes.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(END_SECONDS)
                for name, (process, _) in self.processes.items()}


class Mix:
    """Uploads, good and bad, by all five functions; step() is a request."""

    def __init__(self, asker):
        self.asker = asker
        self.statuses = {}
        self.requests = 0

    def said(self, answer):
        self.requests += 1
        self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
        return answer

    def start(self, **fields):
        answer = self.said(self.asker.post(
            "start", **{"totalChunks": 2, "totalSize": 2 * len(TEXT) + 40,
                        **fields}))
        return answer.json["sessionId"] if answer.status == 200 else None

    def upload(self, sid, index, data):
        return self.said(self.asker.post("upload", sessionId=sid,
                                         chunkIndex=index, data=data))

    def uploads(self):
        """One whole, asked in every way, and answers of every kind."""
        ask, said = self.asker.ask, self.said
        parts = '{"name":"%s' % TEXT, '","last":"%s"}' % TEXT
        size = sum(map(len, parts))
        sid = self.start(totalSize=size, fileName="f\u00e9.txt",
                         contentType="text/plain")
        self.upload(sid, 0, parts[0])
        self.upload(sid, 0, "other")            # 409 conflict
        self.upload(sid, 7, "x")                # 400 index
        said(ask("complete", body=js.stringify({"sessionId": sid})))    # 400
        said(ask("status", "sessionId=" + sid, method="GET"))
        said(ask("status", "sessionId=" + sid, method="GET", user="eve"))
        said(ask("upload", "sessionId=%s&chunkIndex=1" % sid,
                 parts[1].encode(), "PUT"))
        said(ask("upload", "sessionId=%s&chunkIndex=1" % sid, b"", "PUT"))
        for _ in range(2):
            said(ask("complete", body=js.stringify({"sessionId": sid})))
        said(self.asker.post("abort", sessionId=sid))       # 409
        said(ask("status", "sessionId=" + sid, method="GET"))
        self.bad()
        aborted = self.start(totalSize=2 * len(TEXT))
        self.upload(aborted, 0, TEXT)
        for _ in range(2):
            said(ask("abort", "sessionId=" + aborted, method="DELETE"))
        self.upload(aborted, 1, TEXT)           # 404
        other = self.start(totalSize=2 * len(TEXT), sha256="0" * 64,
                           isCompressed=True)
        self.upload(other, 0, TEXT)
        self.upload(other, 1, TEXT)
        said(self.asker.post("complete", sessionId=other))  # 422
        said(self.asker.post("abort", sessionId=other))

    def bad(self):
        ask, said = self.asker.ask, self.said
        for body in (b"", b"{", b"[]", b'{"a":1,"a":2}', b"\xff" * 100,
                     b'{"totalChunks":-1,"totalSize":1.5}',
                     b'{"sessionId":7}', b'{"deep":' + b"[" * 200):
            for function in ("start", "upload", "complete", "abort"):
                said(ask(function, body=body))
        said(ask("start", body=b"x" * (1 << 20)))           # 413
        said(ask("upload", "sessionId=a&sessionId=b", b"x", "PUT"))
        said(ask("status", "sessionId=none", method="GET"))
        said(ask("status", method="GET"))
        said(ask("status", method="OPTIONS", origin="https://a.example"))
        said(ask("complete", method="PATCH"))
        said(ask("upload", body=b'{"sessionId":"x","chunkIndex":0,"data":"y"}',
                 **{"content-digest": "sha-256=:bad:"}))


@pytest.fixture(scope="session")
def sanitized():
    """The functions built with AddressSanitizer, as test/run's own part does;
    TRANCHE_TEST_SANITIZED is another folder of theirs."""
    if os.environ.get("TRANCHE_TEST_SANITIZED"):
        return Path(os.environ["TRANCHE_TEST_SANITIZED"])
    build = REPO / "build-sanitize"
    subprocess.run(
        ["bash", "-c", '. "$1/deploy/lib/require"; . "$1/deploy/lib/build"; '
         'build_functions "$1" "$2" -Dtests=true '
         '-Db_sanitize=address,undefined -Db_lundef=false', "build",
         str(REPO), str(build)], check=True)
    return build


@pytest.mark.parametrize("setting,sink", LEAK_PLACES)
def test_no_leak(sanitized, setting, sink):
    """LeakSanitizer makes the exit code of a process that leaks 23."""
    with Host(setting, sink) as host:
        host.functions = sanitized / "functions"
        asker = Asker(host, {
            "ASAN_OPTIONS": "detect_leaks=1:exitcode=23",
            "LSAN_OPTIONS": "exitcode=23:report_objects=1",
            "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"})
        mix = Mix(asker)
        while mix.requests < LEAK_REQUESTS:
            mix.uploads()
        assert {200, 201, 204, 400, 404, 405, 409, 413, 422} <= set(
            mix.statuses), mix.statuses
        ends = asker.end()
        said = host.log.read_text(errors="replace")
        assert set(ends.values()) == {0}, (ends, said[-4000:])
        assert "Sanitizer" not in said, said[-4000:]


def state_of(process):
    """Descriptors, and bytes that are resident; a connection whose client has
    left already does not count."""
    files = []
    for _ in range(10):
        files.append(len(os.listdir("/proc/%d/fd" % process.pid)))
        time.sleep(0.01)
    return min(files), memory_of(process.pid, "VmRSS")


@pytest.mark.parametrize("setting", FLAT_SETTINGS)
def test_flat(setting):
    """What a tenth of the requests took is all that any number takes."""
    with Host(setting, "mongodb" if setting == "mongodb" else "file") as host:
        asker = Asker(host)
        mix = Mix(asker)
        while mix.requests < FLAT_REQUESTS / 10:
            mix.uploads()
        early = {name: state_of(process)
                 for name, (process, _) in asker.processes.items()}
        while mix.requests < FLAT_REQUESTS:
            mix.uploads()
        for name, (process, _) in asker.processes.items():
            (files, memory), (files_then, memory_then) = early[name], state_of(
                process)
            print("%s, %s: %d files, %d KiB; after %d requests %d, %d KiB" % (
                setting, name, files, memory >> 10, mix.requests, files_then,
                memory_then >> 10))
            assert files_then == files, name
            assert memory_then - memory <= GROWTH_MAX, (
                "%s: %d bytes, then %d" % (name, memory, memory_then))
        assert set(asker.end().values()) == {0}

# SPDX-License-Identifier: MIT
"""From spawn to the stored and answered chunk, a process a request (CGI), beside
programs that do nothing but read the body."""

import json
import os
import subprocess
from statistics import median

from report import at_most
from spawn import spawn
from tranche import LIMITS

CHUNK = 512 * 1024
RUNS = 10       # a round; a sample is their median
AIMS = {"memory": at_most(1.5), "redis": at_most(1.6), "redis tcp": at_most(1.6),
        "mongodb": at_most(12)}
FLOORS = {"floor-empty": "no library, reads the body",
          "floor-shared": "libfcgi, hiredis, nettle shared, reads the body"}


def run(work):
    body = work.body(CHUNK)
    cold = {tier: Cold(work, tier) for tier in AIMS}
    things = {"chunk, " + tier: lambda c=c: median(c.chunks(body))
              for tier, c in cold.items()}
    for name, what in FLOORS.items():
        things["floor: " + what] = lambda name=name: median(spawn(
            work, RUNS, work.program(name), body, dict(os.environ)))

    def before(label):
        tier = label.removeprefix("chunk, ")
        if tier in cold:
            cold[tier].again()

    try:
        rounds = work.rounds().run(things, before)
    finally:
        for each in cold.values():
            each.end()
    for label in things:
        tier = label.removeprefix("chunk, ")
        work.report.add("cold", "spawn to end, 512 KiB: " + label, "ms",
                        rounds.of(label), AIMS.get(tier), rounds.note)


class Cold:
    """A tier and a session on it, used by programs alone."""

    def __init__(self, work, tier):
        folder = work.new_folder()
        self.work = work
        self.folder = folder
        for name in ("state", "memory", "sink"):
            (folder / name).mkdir(mode=0o700)
        self.env = {
            "PATH": os.environ["PATH"], **LIMITS, **work.environment(tier),
            "TRANCHE_STATE_DIR": str(folder / "state"),
            "TRANCHE_MEMORY_DIR": str(folder / "memory"),
            "TRANCHE_SINK": "file:%s" % (folder / "sink"),
            "GATEWAY_INTERFACE": "CGI/1.1", "SERVER_PROTOCOL": "HTTP/1.1",
            "TRANCHE_LOG_LEVEL": "warn"}    # it goes to the terminal here
        self.session = None

    def ask(self, function, method, query, text):
        said = subprocess.run(
            [str(self.work.function(function))], input=text.encode(),
            env={**self.env, "REQUEST_METHOD": method, "QUERY_STRING": query,
                 "CONTENT_LENGTH": str(len(text))},
            stdout=subprocess.PIPE, check=True).stdout
        if not said.startswith(b"Status: 200"):
            raise RuntimeError("%s: %s" % (function, said.decode()))
        return json.loads(said.split(b"\r\n\r\n", 1)[1])

    def again(self):
        """A session without chunks."""
        self.end()
        self.session = self.ask("start", "POST", "", json.dumps(
            {"totalChunks": RUNS, "totalSize": RUNS * CHUNK}))["sessionId"]

    def end(self):
        if self.session:
            self.ask("abort", "DELETE", "sessionId=" + self.session, "")
        self.session = None

    def chunks(self, body):
        return spawn(self.work, RUNS, self.work.function("upload"), body, {
            **self.env, "REQUEST_METHOD": "PUT", "CONTENT_LENGTH": str(CHUNK),
            "CONTENT_TYPE": "application/octet-stream",
            "QUERY_STRING": "sessionId=%s&chunkIndex=@n@" % self.session})

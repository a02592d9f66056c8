# SPDX-License-Identifier: MIT
"""The load generator: what it is to send, and what it says afterwards. load/plan.h
has the form of a plan; README.md, "Peers", that of a request."""

import json
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

WAIT_S = 30     # for a server to take or give anything
RUN_S = 120     # for all that is sent in one run


class Failed(Exception):
    """Said to the user as it is."""


class Run:
    """What was sent, and how it went."""

    def __init__(self, said):
        self.done = said["lists"]
        self.failed = said["failed"]
        self.skipped = said["skipped"]
        self.why = said["first_failure"]
        self.seconds = said["wall_ns"] / 1e9
        self.cpu_ns = said["cpu_ns"]
        self.sent = said["sent"]
        self.at_ns = said["at_ns"]
        self.took_ns = said["took_ns"]

    @property
    def rate(self):
        """Lists a second."""
        return self.done / self.seconds


def send(build, url, lists, connections, seconds=None, must=True):
    """Deals the lists of requests out to so many connections and sends them, or
    what of them can be begun in so many seconds. All must be answered as they
    expect, unless told otherwise."""
    with tempfile.NamedTemporaryFile("w", dir="/dev/shm",
                                     prefix="tranche-plan-") as file:
        file.write(plan(url, deal(lists, connections), seconds or RUN_S))
        file.flush()
        said = subprocess.run(
            [str(Path(build) / "test" / "bench" / "load"), file.name],
            stdout=subprocess.PIPE, text=True, check=True,
            timeout=RUN_S + 2 * WAIT_S)
    run = Run(json.loads(said.stdout))
    if must and (run.failed or run.done == 0):
        raise Failed("%d of %d failed, the first with: %s" % (
            run.failed, len(lists), run.why))
    if run.skipped and not seconds:
        raise Failed("%d of %d did not end within %d s" % (
            run.skipped, len(lists), RUN_S))
    return run


def deal(lists, connections):
    hands = [lists[n::connections] for n in range(connections)]
    return [hand for hand in hands if hand]


def plan(url, hands, seconds):
    address = urlsplit(url)
    lines = ["address %s %d" % (address.hostname, address.port),
             "wait_ms %d" % (WAIT_S * 1000), "run_ms %d" % (seconds * 1000)]
    for hand in hands:
        lines.append("connection")
        for requests in hand:
            lines.append("list")
            for request in requests:
                lines += request_lines(request)
    return "\n".join(lines) + "\n"


def request_lines(request):
    yield "request %s %d %s" % (request["method"], request["status"],
                                one_line(request["path"]))
    for name, value in (request.get("headers") or {}).items():
        yield "header %s: %s" % (name, one_line(value))
    body = request.get("body")
    for part in body if isinstance(body, list) else [body]:
        if isinstance(part, Path):
            yield "file %s" % part
        elif part is not None:
            yield "text " + one_line(part)
    for kind, name in (request.get("capture") or {}).items():
        yield "capture %s %s" % (kind, name)


def one_line(text):
    text = str(text)
    assert "\n" not in text and "\0" not in text, text
    return text

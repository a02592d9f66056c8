# SPDX-License-Identifier: MIT
"""A peer's server process and its children, from `with` to their end."""

import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

READY_SECONDS = 120
END_SECONDS = 10
# Of the caller's environment: nothing that says what is to be stored where.
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")
# It ends also when its parent is killed, and can end nothing.
WITH_PARENT = ("setpriv", "--pdeathsig", "TERM", "--")


class Spawned:
    """Runs a command in a process group of its own. What it says is in the file
    log: all, or with `quiet` only what it says on stderr. It serves on `port`,
    or says where: `ready` is a pattern of that, its group the port."""

    def __init__(self, command, env, log, ready=None, port=None, quiet=False):
        self.command = [str(word) for word in command]
        self.env = {k: os.environ[k] for k in KEPT if k in os.environ}
        self.env.update((k, str(v)) for k, v in env.items())
        self.log = Path(log)
        self.ready = ready
        self.port = port
        self.quiet = quiet

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [*WITH_PARENT, *self.command], env=self.env, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL if self.quiet else log, stderr=log,
                start_new_session=True)
        try:
            self.await_ready()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(self, *_):
        self.end()

    def await_ready(self):
        end = time.monotonic() + READY_SECONDS
        while not self.is_ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("%s does not serve: %s" % (
                    self.command[0], self.log.read_text(errors="replace")))
            time.sleep(0.02)

    def is_ready(self):
        if not self.ready:
            return accepts(self.port)
        said = re.search(self.ready, self.log.read_text(errors="replace"))
        if said:
            self.port = int(said.group(1))
        return bool(said)

    @property
    def url(self):
        return "http://127.0.0.1:%d" % self.port

    def pids(self):
        """Of the group that this process leads: itself and its children."""
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue    # gone by now
            if int(fields[2]) == self.process.pid and fields[0] != "Z":
                found.append(int(stat.parent.name))
        return sorted(found)

    def end(self):
        end = time.monotonic() + END_SECONDS
        self.signal(signal.SIGTERM)
        while self.pids() and time.monotonic() < end:
            self.process.poll()
            time.sleep(0.02)
        if self.pids():
            self.signal(signal.SIGKILL)
        self.process.wait()

    def signal(self, number):
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            pass


def accepts(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0

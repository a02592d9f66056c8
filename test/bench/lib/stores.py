# SPDX-License-Identifier: MIT
"""Redis and MongoDB for what is measured, on free ports, from `with` to its
end."""

import os
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from host import family

REPO = Path(__file__).resolve().parents[3]
START_S = 20


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Redis:
    """A redis-server that keeps nothing on disk, on TCP and a unix socket."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="tranche-redis-",
                                                  dir="/dev/shm")
        self.path = Path(self.folder.name) / "socket"
        self.port = free_port()
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", "redis-server", "--port", str(self.port), "--bind", "127.0.0.1",
             "--unixsocket", str(self.path), "--dir", self.folder.name,
             "--save", "", "--appendonly", "no"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        end = time.monotonic() + START_S
        while not self.path.exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("redis-server does not start")
            time.sleep(0.02)
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGCONT)
        self.process.kill()
        self.process.wait()
        self.folder.cleanup()

    @property
    def tcp(self):
        return "redis://127.0.0.1:%d/0" % self.port

    @property
    def unix(self):
        return "unix://%s" % self.path

    @property
    def version(self):
        return subprocess.run(["redis-server", "--version"], text=True,
                              stdout=subprocess.PIPE).stdout.split()[2][2:]

    def clear(self):
        """Empties it, by its own protocol (no library is needed for that)."""
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(START_S)
            s.connect(str(self.path))
            s.sendall(b"FLUSHALL SYNC\r\n")
            assert s.recv(64) == b"+OK\r\n"

    def processes(self):
        return [self.process.pid]

    def pause(self, on=True):
        self.process.send_signal(signal.SIGSTOP if on else signal.SIGCONT)


class Mongodb:
    """What test/servers has for it."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="tranche-bench-")
        servers = str(REPO / "test" / "servers")
        said = subprocess.run([servers, "up", self.folder], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        exports = dict(line.removeprefix("export ").split("=", 1)
                       for line in said.splitlines())
        self.uri = exports["MONGODB_URI"].strip("'\"")
        self.version = (Path(self.folder) / "mongodb.version").read_text()
        self.version = self.version.splitlines()[0].removeprefix("db version v")
        return self

    def __exit__(self, *_):
        subprocess.run([str(REPO / "test" / "servers"), "down", self.folder],
                       check=True)

    def roots(self):
        return [int((Path(self.folder) / name).read_text())
                for name in ("mongodb.pid", "mongodb-storage.pid")
                if (Path(self.folder) / name).exists()]

    def processes(self):
        return sorted(family(self.roots()))

# SPDX-License-Identifier: MIT
"""Hosts of the storm: the five functions with an environment, folders and
fault proxies of their own, as FastCGI processes, as CGI, or behind
deploy/serve."""

import contextlib
import functools
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from pathlib import Path

import server
import storm_wire as wire
from proxy import Proxy

REDIS_MS = 200
MONGODB_MS = 400
COOLDOWN_MS = 50
REQUEST_MS = 3000
COMPLETE_MS = 5000
WORKERS = 2
# What a plain user cannot do, such as write where the mode forbids, root can.
USER = "nobody"


@functools.lru_cache(maxsize=None)
def as_user(build):
    """What to put before a command, so that file modes count. Nothing where
    such a user could not even get at the functions."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam(USER)
    command = ["setpriv", "--reuid", str(user.pw_uid), "--regid",
               str(user.pw_gid), "--clear-groups", "--"]
    tried = subprocess.run(
        command + ["test", "-x", str(build / "functions" / "start")])
    return command if tried.returncode == 0 else []


def own(folder):
    if os.getuid() == 0:
        user = pwd.getpwnam(USER)
        os.chown(folder, user.pw_uid, user.pw_gid)


def new_folder(root, name):
    folder = root / name
    folder.mkdir(mode=0o700)
    own(folder)
    return folder


class Host:
    """kind is fastcgi, cgi or nginx. `tiers` are its tiers in their order,
    `env` what it has besides them."""

    def __init__(self, number, kind, tiers, urls, env, build):
        self.number = number
        self.kind = kind
        self.tiers = tiers
        self.root = Path(tempfile.mkdtemp(prefix="storm-", dir=server.TMPFS))
        own(self.root)
        self.memory = new_folder(self.root, "memory")
        self.state = new_folder(self.root, "state")
        self.log = open(self.root / "log", "ab")
        self.log_read = 0
        self.last_words = []
        self.build = Path(build)
        self.proxies = {tier: Proxy(url) for tier, url in urls.items()}
        self.stack = contextlib.ExitStack()
        self.workers = {}       # of fastcgi, by function
        self.lock = threading.Lock()
        self.extra = env

    def __enter__(self):
        for proxy in self.proxies.values():
            self.stack.enter_context(proxy)
        self.env = self.environment()
        if self.kind == "fastcgi":
            self.sockets = {}
            for function in wire.FUNCTIONS:
                self.listen(function)
                self.workers[function] = [self.spawn(function)
                                          for _ in range(WORKERS)]
        elif self.kind == "nginx":
            self.serve()
        return self

    def environment(self):
        env = {k: v for k, v in os.environ.items()
               if k not in ("REDIS_URL", "MONGODB_URI")
               and (not k.startswith("TRANCHE_"))}
        env.update({
            "TRANCHE_TIERS": ",".join(self.tiers),
            "TRANCHE_MEMORY_DIR": str(self.memory),
            "TRANCHE_STATE_DIR": str(self.state),
            "TRANCHE_REDIS_TIMEOUT": str(REDIS_MS),
            "TRANCHE_MONGODB_TIMEOUT": str(MONGODB_MS),
            "TRANCHE_COOLDOWN": str(COOLDOWN_MS),
            "TRANCHE_REQUEST_TIMEOUT": str(REQUEST_MS),
            "TRANCHE_COMPLETE_TIMEOUT": str(COMPLETE_MS),
            "TRANCHE_LOG_LEVEL": "warn"})
        names = {"redis": "REDIS_URL", "mongodb": "MONGODB_URI"}
        for tier, proxy in self.proxies.items():
            env[names[tier]] = proxy.front
        return {**env, **self.extra}

    def serve(self):
        command = as_user(self.build) + [
            str(server.REPO / "deploy" / "serve"), "--server", "nginx",
            "--port", "0", "--workers", str(WORKERS), "--build",
            str(self.build), "--state", str(self.root / "serve")]
        self.server = subprocess.Popen(
            command, env=self.env, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.log, start_new_session=True)
        line = self.server.stdout.readline().decode()
        if not line.startswith("ready "):
            raise RuntimeError("deploy/serve said %r; see %s"
                               % (line, self.root / "log"))
        self.url = line.split()[1]

    def listen(self, function):
        path = self.root / (function + ".sock")
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen(128)
        self.sockets[function] = listener

    def spawn(self, function):
        return subprocess.Popen(
            as_user(self.build) + [str(self.build / "functions" / function)],
            env=self.env, stdin=self.sockets[function],
            stdout=subprocess.DEVNULL, stderr=self.log)

    def ask(self, request, breaks=False, kill_after=None):
        """The Reply, or None without one."""
        if self.kind == "cgi":
            return wire.ask_cgi(
                as_user(self.build) + [str(self.build / "functions" / request.function)],
                self.env, self.log, request, breaks, kill_after)
        timer = None
        if kill_after is not None:
            timer = threading.Timer(kill_after, self.kill, [request.function])
            timer.start()
        try:
            if self.kind == "nginx":
                return wire.ask_http(self.url, request, breaks)
            path = str(self.root / (request.function + ".sock"))
            return wire.ask_fastcgi(path, request, breaks)
        finally:
            if timer:
                timer.join()

    def kill(self, function):
        """kill -9 of its processes; others take their place."""
        if self.kind == "nginx":
            wire.kill_tree(self.server.pid, function)
            return
        with self.lock:
            for worker in self.workers[function]:
                worker.kill()
                worker.wait()
            self.workers[function] = [self.spawn(function)
                                      for _ in range(WORKERS)]

    def mend(self):
        """Processes that ended are replaced; says which did."""
        ended = []
        for function, workers in self.workers.items():
            for i, worker in enumerate(workers):
                if worker.poll() is not None:
                    ended.append((function, worker.returncode))
                    workers[i] = self.spawn(function)
        return ended

    def complaints(self):
        """What sanitizers said since the last time."""
        said = b""
        for path in (self.root / "log", *self.root.glob("serve/log/*")):
            if path.name == "log":
                with open(path, "rb") as log:
                    log.seek(self.log_read)
                    said += log.read()
                    self.log_read = log.tell()
            else:
                said += path.read_bytes()
        return [line for line in said.decode(errors="replace").splitlines()
                if "Sanitizer" in line or "runtime error" in line]

    def __exit__(self, *_):
        for workers in self.workers.values():
            for worker in workers:
                worker.terminate()
            for worker in workers:
                try:
                    worker.wait(server.END_SECONDS)
                except subprocess.TimeoutExpired:
                    worker.kill()
                    worker.wait()
        if self.kind == "nginx":
            self.server.terminate()
            self.server.wait(server.END_SECONDS)
            self.server.stdout.close()
        for listener in getattr(self, "sockets", {}).values():
            listener.close()
        self.last_words = self.complaints()
        self.stack.close()
        self.log.close()
        shutil.rmtree(self.root)

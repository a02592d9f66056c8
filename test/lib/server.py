# SPDX-License-Identifier: MIT
"""deploy/serve, started with an environment and folders of its own."""

import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
FUNCTIONS = ("start", "upload", "complete", "status", "abort")

# Where fsync costs nothing: it is not what is tested here.
TMPFS = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# The first one of a run may have to build.
READY_SECONDS = 300
END_SECONDS = 10


def wait_until(condition, seconds, what):
    """Asks until the condition holds; fails when it does not in time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain: " + what
        time.sleep(0.02)


class Serve:
    """A web server and the functions, from `with` to its end."""

    def __init__(self, env=None, server="nginx", htpasswd=None, user=None):
        self.root = Path(tempfile.mkdtemp(prefix="tranche-", dir=TMPFS))
        self.sink = self.root / "sink"
        self.log = self.root / "log"
        self.memory = self.root / "memory"
        for folder in (self.sink, self.memory):
            folder.mkdir(mode=0o700)
        self.command = [str(REPO / "deploy" / "serve"), "--server", server,
                        "--port", "0", "--state", str(self.root / "state")]
        if os.environ.get("TRANCHE_TEST_BUILD"):
            self.command += ["--build", os.environ["TRANCHE_TEST_BUILD"]]
        if htpasswd:
            self.command += ["--htpasswd", str(htpasswd)]
        if user:
            other = pwd.getpwnam(user)
            for folder in (self.root, self.sink, self.memory):
                os.chown(folder, other.pw_uid, other.pw_gid)
            self.command = ["setpriv", "--reuid", str(other.pw_uid),
                            "--regid", str(other.pw_gid), "--clear-groups",
                            "--"] + self.command
        self.env = {k: v for k, v in os.environ.items()
                    if k not in ("REDIS_URL", "MONGODB_URI")
                    and not k.startswith("TRANCHE_")}
        self.env.update(TRANCHE_MEMORY_DIR=str(self.memory),
                        TRANCHE_SINK="file:" + str(self.sink))
        self.env.update(env or {})

    def __enter__(self):
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command, env=self.env, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        try:
            self.url = self.ready()
        except BaseException:
            self.end()
            self.forget()
            raise
        return self

    def ready(self):
        out = self.process.stdout
        said, _, _ = select.select([out], [], [], READY_SECONDS)
        line = out.readline().decode() if said else "nothing"
        assert line.startswith("ready http://127.0.0.1:"), (
            "deploy/serve said %r; %s" % (line, self.log.read_text()[-4000:]))
        return line.split()[1]

    def __exit__(self, *_):
        self.end()
        left = self.processes()
        assert not left, "deploy/serve ended and left %s" % left
        complaints = [line for line in self.logged().splitlines()
                      if "Sanitizer" in line or "runtime error" in line]
        assert not complaints, complaints
        self.forget()

    def logged(self):
        """All that was logged: by deploy/serve, the web server and the
        functions."""
        logs = [self.log, *(self.root / "state" / "log").iterdir()]
        return "".join(log.read_text(errors="replace") for log in logs)

    def forget(self):
        shutil.rmtree(self.root)

    def end(self):
        """SIGTERM, as its user would; its processes must end too."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in [self.process.pid, *self.processes()]:
                os.kill(pid, signal.SIGKILL)
            raise
        finally:
            self.process.stdout.close()

    def processes(self, *names):
        """pids of what serves here: all, or those of the functions named."""
        mark = b"TRANCHE_MEMORY_DIR=%s\0" % os.fsencode(
            self.env["TRANCHE_MEMORY_DIR"])
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                program = os.readlink(folder / "exe").rsplit("/", 1)[-1]
                if mark in (folder / "environ").read_bytes() and (
                        not names or program in names):
                    found.append(int(folder.name))
            except OSError:
                pass    # ended meanwhile, or of the kernel
        return found


def memory_of(pid, name):
    """VmRSS or VmHWM of a process, in bytes."""
    for line in Path("/proc/%d/status" % pid).read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("process %d has no %s" % (pid, name))


def maps(pid, library):
    """Whether a process has the library loaded."""
    return library in Path("/proc/%d/maps" % pid).read_text()


def holds_open(pid, folder):
    """Whether a process has a file of the folder open."""
    for fd in Path("/proc/%d/fd" % pid).iterdir():
        try:
            target = os.readlink(fd)
        except OSError:
            continue
        if target.startswith(str(folder) + "/") and os.path.isfile(fd):
            return True
    return False

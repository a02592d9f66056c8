# SPDX-License-Identifier: MIT
"""A state folder and the processes that run on it.

Two locks in the folder say what runs there:

  serve.lock      held by the serving process alone, so that there is one
  processes.lock  inherited by every process it starts, and by theirs: who
                  holds it is to be ended, however its parent died
"""

import fcntl
import glob
import os
import shutil
import signal
import subprocess
import time

TERM_S = 3  # from SIGTERM to SIGKILL
KILL_S = 1.5  # and from there to giving up


class Failed(Exception):
    """Said to the user as it is."""


def take_lock(path):
    """A descriptor that holds the lock, or None: another process holds it."""
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Out of the way of the numbers that have a meaning to a program.
        return fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10)
    except BlockingIOError:
        return None
    finally:
        os.close(fd)


def holders(path):
    """The other processes that hold the lock: see fdinfo in proc(5)."""
    lock = os.stat(path)
    pids = set()
    for fd in glob.iglob("/proc/[0-9]*/fd/*"):
        try:
            if os.path.samestat(os.stat(fd), lock):
                with open(fd.replace("/fd/", "/fdinfo/")) as info:
                    if "FLOCK" in info.read():
                        pids.add(int(fd.split("/")[2]))
        except OSError:
            continue  # gone by now, or another user's
    return pids - {os.getpid()}


def kill_holders(path):
    end = time.monotonic() + KILL_S
    while pids := holders(path):
        if time.monotonic() > end:
            raise Failed(f"cannot end process {min(pids)}")
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.01)


class Folder:
    """The state folder: made, this process's alone, nothing running on it."""

    def __init__(self, path):
        self.path = os.path.abspath(path)
        for name in ("files", "state", "log"):
            os.makedirs(self / name, 0o700, exist_ok=True)

        self.serve_lock = take_lock(self / "serve.lock")
        if self.serve_lock is None:
            with open(self / "serve.lock") as file:
                pid = file.read().strip()
            raise Failed(
                f"another serve (process {pid}) runs on {self.path}: "
                "end it, or give another folder with --state"
            )
        os.ftruncate(self.serve_lock, 0)
        os.pwrite(self.serve_lock, f"{os.getpid()}\n".encode(), 0)

        self.processes_lock = take_lock(self / "processes.lock")
        if self.processes_lock is None:
            kill_holders(self / "processes.lock")
            self.processes_lock = take_lock(self / "processes.lock")
        if self.processes_lock is None:
            raise Failed(f"processes of another user run on {self.path}")

        self.clear()
        os.makedirs(self / "run", 0o700)
        for log in self.logs():
            os.replace(log, log + ".old")

    def __truediv__(self, name):
        return os.path.join(self.path, name)

    def clear(self):
        shutil.rmtree(self / "run", ignore_errors=True)

    def logs(self):
        return sorted(glob.glob(glob.escape(self / "log") + "/*.log"))

    def last_words(self):
        """Where the logs are and how they end."""
        text = f"see {self / 'log'}"
        for path in self.logs():
            with open(path, errors="replace") as file:
                lines = [line for line in file if "[notice]" not in line][-5:]
            if lines:
                text += f"\n{os.path.basename(path)}:\n  "
                text += "  ".join(lines).rstrip()
        return text


class Children:
    """The processes started on a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.started = []

    def start(self, name, log, command, stdin=subprocess.DEVNULL, fds=(),
              **options):
        """Starts one that ends with this process and says things to log."""
        with open(self.folder / f"log/{log}.log", "a") as output:
            child = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", *command],
                stdin=stdin,
                stdout=output,
                stderr=output,
                pass_fds=(self.folder.processes_lock, *fds),
                # Ctrl-C is for this process, which then ends them.
                start_new_session=True,
                **options,
            )
        self.started.append((name, child))

    def check(self):
        for name, child in self.started:
            if child.poll() is not None:
                self.fail(name)

    def wait(self):
        """Returns never: none of them is to end by itself."""
        while True:
            pid, _ = os.wait()
            for name, child in self.started:
                if child.pid == pid:
                    self.fail(name)

    def fail(self, name):
        raise Failed(f"{name} ended; {self.folder.last_words()}")

    def end(self):
        for _, child in self.started:
            child.terminate()
        end = time.monotonic() + TERM_S
        for _, child in self.started:
            try:
                child.wait(max(0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
        kill_holders(self.folder / "processes.lock")

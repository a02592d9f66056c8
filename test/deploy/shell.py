# SPDX-License-Identifier: MIT
"""A user's shell: a home, a TMPDIR and a working folder, each empty, and the
commands that are typed there."""

import os
import pwd
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import family
from server import wait_until

REPO = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TRANCHE_TEST_BUILD") or REPO / "build")
# For a command that may have to build first.
SECONDS = 300
# What a user waits after SIGTERM or Ctrl-C.
END_SECONDS = 5


class Shell:
    """From `with` to its end, when no process of it may be left. With a user,
    it is his where root runs the tests: nobody else can become him."""

    def __init__(self, user=None):
        self.user = user if os.getuid() == 0 else None

    def __enter__(self):
        self.before = family.mine()
        self.commands = []
        self.root = Path(tempfile.mkdtemp(prefix="tranche-deploy-"))
        self.state = self.root / "state"
        for name in ("home", "tmp", "work"):
            (self.root / name).mkdir()
            setattr(self, name, self.root / name)
        self.environment = {
            name: value for name, value in os.environ.items()
            if name not in ("REDIS_URL", "MONGODB_URI")
            and not name.startswith(("TRANCHE_", "XDG_"))}
        self.environment.update(HOME=str(self.home), TMPDIR=str(self.tmp))
        self.checkout = REPO
        if self.user:
            # His need not be able to read where this checkout is.
            self.checkout = self.copy("deploy", "README.md")
            copy_build(self.checkout / "build")
            for folder in (self.root, self.home, self.tmp, self.work):
                shutil.chown(folder, self.user)
        return self

    def __exit__(self, failed, *_):
        try:
            for each in self.commands:
                if each.process.poll() is None:
                    each.process.terminate()
            if not failed:
                self.is_quiet()
        finally:
            while left := self.processes():
                family.kill(left)
                time.sleep(0.02)
            for each in self.commands:
                each.process.wait()
                each.process.stdout.close()
            for memory in self.root.rglob("memory"):
                if memory.is_symlink():
                    shutil.rmtree(memory.resolve(), ignore_errors=True)
            shutil.rmtree(self.root)

    def processes(self):
        return family.mine() - self.before

    def is_quiet(self):
        """No process is left, or in a moment none will be."""
        end = time.monotonic() + END_SECONDS
        while left := self.processes():
            assert time.monotonic() < end, (
                "left over: %s" % family.described(left))
            time.sleep(0.02)

    def start(self, command, *words, cwd=None, **env):
        """A command of the checkout, under way."""
        started = Command(self, [self.checkout / command, *words],
                          cwd or self.work, {**self.environment, **env})
        self.commands.append(started)
        return started

    def run(self, command, *words, **options):
        """The same, when it has ended."""
        started = self.start(command, *words, **options)
        started.ended(SECONDS)
        return started

    def serve(self, *options, **env):
        """deploy/serve, when it is ready."""
        serve = self.start_serve(*options, **env)
        serve.is_ready()
        return serve

    def start_serve(self, *options, **env):
        if "--state" not in options:
            options += "--state", self.state
        if self.checkout == REPO:
            options += "--build", BUILD
        return self.start("deploy/serve", *options, **env)

    def copy(self, *names):
        """Another checkout that has these files and folders alone."""
        to = self.root / "checkout"
        for name in names:
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (REPO / name).is_dir() else shutil.copy2
            copy(REPO / name, to / name)
        return to


def copy_build(to):
    """What of a build is run."""
    (to / "common").mkdir(parents=True)
    for module in (BUILD / "common").glob("*.so"):
        shutil.copy2(module, to / "common")
    (to / "functions").mkdir()
    for each in (BUILD / "functions").iterdir():
        if each.is_file():
            shutil.copy2(each, to / "functions")


class Command:
    def __init__(self, shell, words, cwd, env):
        self.said = shell.root / ("stderr-%d" % len(shell.commands))
        if shell.user:
            group = pwd.getpwnam(shell.user).pw_gid
            words = ["setpriv", "--reuid", shell.user, "--regid", group,
                     "--clear-groups", "--", *words]
        with open(self.said, "wb") as stderr:
            self.process = subprocess.Popen(
                list(map(str, words)), cwd=cwd, env=env, bufsize=0,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=stderr, start_new_session=True)
        self.out = ""

    @property
    def err(self):
        """What it has said on stderr."""
        return self.said.read_text()

    def line(self):
        """The next one on stdout; "" at its end."""
        stdout = self.process.stdout
        assert select.select([stdout], [], [], SECONDS)[0], self.err
        line = stdout.readline().decode()
        self.out += line
        return line

    def is_ready(self):
        """What serve says then."""
        line = self.line()
        assert line.startswith("ready http://127.0.0.1:"), (
            "deploy/serve said %r; %s" % (line, self.err))
        self.url = line.split()[1]

    def says(self, text):
        """Waits until stderr has it."""
        wait_until(lambda: text in self.err, SECONDS, text)

    def end(self, number=signal.SIGTERM):
        """Sends the signal; the exit code."""
        self.process.send_signal(number)
        return self.ended()

    def ended(self, seconds=END_SECONDS):
        """The exit code, once it and whoever writes to its stdout ended."""
        self.out += self.process.communicate(timeout=seconds)[0].decode()
        return self.process.returncode

    @property
    def pid(self):
        return self.process.pid

    @property
    def code(self):
        return self.process.returncode

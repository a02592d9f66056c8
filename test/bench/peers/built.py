# SPDX-License-Identifier: MIT
"""What the peers are built from, and where they are kept."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

from peer import Missing

REQUIRE = Path(__file__).resolve().parents[3] / "deploy" / "lib" / "require"
BUILD_SECONDS = 3600    # on a machine that others use too


def default():
    """The folder that the driver and the check use."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "tranche" / "bench"


@contextmanager
def folder(cache, name):
    """The folder cache/name: None when it is there, else one aside that
    becomes it at the end of `with`; a folder half built is never seen."""
    final = cache / name
    if final.exists():
        yield None
        return
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / (name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.exists():
            yield None
            return
        for left in cache.glob(name + ".aside.*"):
            remove(left)    # by one who was killed
        aside = Path(tempfile.mkdtemp(prefix=name + ".aside.", dir=cache))
        try:
            yield aside
            aside.chmod(0o755)
            aside.rename(final)
        finally:
            remove(aside)


def need(tool, package, why):
    """Sees to it that a program is there: the machine's own, else Debian's."""
    if not shutil.which(tool):
        done = subprocess.run(
            ["bash", "-c", '. "$0" && require_packages "$@"', REQUIRE, why,
             *package.split()], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode or not shutil.which(tool):
            raise Missing("%s needs %s, which is not installed; %s" % (
                why, tool, done.stderr.strip()))
    return tool


def remove(folder):
    """What a build needs no more."""
    shutil.rmtree(folder, ignore_errors=True)


def at_least(what, version, oldest):
    """Raises Missing where a tool's version, "1.24.1", is below oldest."""
    have = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    if have < oldest:
        raise Missing("%s %d.%d or newer, and here is %s" % (
            what, *oldest, version.strip()))


def run(what, command, cwd, **env):
    """A step of a build; what it said. Raises Missing with the last of it."""
    with tempfile.TemporaryFile() as log:
        step = subprocess.Popen(
            [str(word) for word in command], cwd=cwd,
            env=dict(os.environ, **{k: str(v) for k, v in env.items()}),
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            step.wait(BUILD_SECONDS)
        except subprocess.TimeoutExpired:
            raise Missing("%s took over %d s" % (what, BUILD_SECONDS)) from None
        finally:
            end_group(step)
        log.seek(0)
        said = log.read().decode(errors="replace").strip()
    if step.returncode:
        raise Missing("%s failed:\n%s" % (what, said[-2000:]))
    return said


def end_group(step):
    """Also what a step that took too long, or was interrupted, started."""
    try:
        os.killpg(step.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    step.wait()

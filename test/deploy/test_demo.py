# SPDX-License-Identifier: MIT
"""deploy/demo: what it shows, and that what it tells people to type works."""

import hashlib
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

import family
from shell import REPO

CHUNK = 512000
HELD = "What is stored is the file, byte for byte.\n"


def test_once_shows_an_upload_and_ends(shell):
    demo = shell.run("deploy/demo", "--once")
    assert demo.code == 0, demo.err
    assert demo.out.endswith(HELD)
    is_shown(demo.out)
    assert not shell.processes()
    assert not list(shell.tmp.iterdir())
    assert not list(shell.work.iterdir())
    assert not list(shell.home.iterdir())


def is_shown(out):
    """Each chunk has its line, and the comparison is of the file's bytes."""
    path, size, chunks = re.match(
        r"(/\S+), (\d+) bytes, in (\d+) chunks of %d\n" % CHUNK, out).groups()
    content = Path(path).read_bytes()
    assert len(content) == int(size)
    assert int(chunks) == -(-len(content) // CHUNK) > 1
    shown = re.findall(r"^PUT upload +(\d+) 200 .* (\d+) bytes in memory, "
                       r"(\d+) of (\d+)$", out, re.M)
    assert [row[0] for row in shown] == list(map(str, range(int(chunks))))
    assert sum(int(row[1]) for row in shown) == len(content)
    assert shown[-1][2] == shown[-1][3] == chunks
    digest = hashlib.sha256(content).hexdigest()
    assert len(re.findall("^%s  /" % digest, out, re.M)) == 2


def test_whatever_tiers_the_shell_has_set_do_not_matter(shell):
    demo = shell.run("deploy/demo", "--once", REDIS_URL="rediss://x",
                     TRANCHE_TTL="x", TRANCHE_TIERS="redis",
                     TRANCHE_SINK="file:/nonexistent")
    assert demo.code == 0, demo.err
    assert demo.out.endswith(HELD)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_goes_on_and_what_it_says_to_type_works(shell, number):
    demo = shell.start("deploy/demo")
    while "until the demo ends" not in demo.out:
        assert demo.line(), demo.err
    assert HELD in demo.out
    memory = memory_of(shell)
    assert memory.is_dir()
    typed = re.search(r"type:\n\n((?:  .*\n)+)", demo.out).group(1)
    folder = Path(re.search(r"It is in (\S+) then", demo.out).group(1))
    before = set(folder.iterdir())
    done = subprocess.run(["bash", "-e"], input=typed.encode(), check=True,
                          cwd=shell.work, stdout=subprocess.PIPE)
    assert b'"persistentId"' in done.stdout
    content = (REPO / "README.md").read_bytes()
    new = [path for path in set(folder.iterdir()) - before if path.is_file()]
    assert content in [path.read_bytes() for path in new]

    assert demo.end(number) == 0, demo.err
    assert not shell.processes()
    assert not list(shell.tmp.iterdir())
    assert not memory.exists()


def memory_of(shell):
    """The folder that its functions have in memory."""
    for pid in shell.processes():
        environment = Path("/proc/%d/environ" % pid).read_text()
        found = re.search(r"TRANCHE_MEMORY_DIR=([^\0]+)", environment)
        if found:
            return Path(found.group(1))
    raise AssertionError("no process of the demo has a folder in memory")


def test_a_port_in_use_is_said(shell):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = shell.run("deploy/demo", "--once", "--port", port)
    assert demo.code != 0
    assert demo.out == ""
    assert "cannot use port %d" % port in demo.err
    assert not shell.processes()
    assert not list(shell.tmp.iterdir())


def test_the_port_is_the_one_asked_for(shell):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    demo = shell.start("deploy/demo", "--port", port)
    while "until the demo ends" not in demo.out:
        assert demo.line(), demo.err
    assert "http://127.0.0.1:%d/" % port in demo.out


def command_line(pid):
    """Nothing of a process that has ended meanwhile."""
    try:
        return Path("/proc/%d/cmdline" % pid).read_bytes()
    except OSError:
        return b""


def test_when_what_serves_dies_it_ends_and_keeps_the_logs(shell):
    demo = shell.start("deploy/demo")
    while "until the demo ends" not in demo.out:
        assert demo.line(), demo.err
    serve, = [pid for pid in shell.processes()
              if b"supervise" in command_line(pid)]
    family.kill({serve})
    assert demo.ended() != 0
    kept, = shell.tmp.iterdir()
    assert "%s is kept" % kept in demo.err
    assert list((kept / "state" / "log").glob("*.log"))

# SPDX-License-Identifier: MIT
"""deploy/serve: where it serves, what it says, where it writes."""

import http.client
import os
import re
import socket
import subprocess
from urllib.parse import urlsplit

import pytest

import uploads
from client import Client
from shell import REPO

# Longer than a socket's address, and what shells and configurations read
# otherwise than as a name.
NAME = "a b$x${y}'\"#;{}\\%2f" + "é" * 50


def port_of(serve):
    return urlsplit(serve.url).port


def test_one_line_says_that_it_answers(shell, server):
    serve = shell.serve("--server", server)
    assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d*/", serve.url)
    connection = http.client.HTTPConnection("127.0.0.1", port_of(serve))
    connection.request("GET", "/api/routes/chunked/status")
    assert connection.getresponse().status == 200
    connection.close()
    uploads.works(serve.url, shell.state / "files")
    assert serve.end() == 0
    assert serve.out == "ready %s\n" % serve.url
    assert serve.err == ""


def test_the_port_is_the_one_asked_for(shell, server):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # Twice: connections of the first that still linger do not matter.
    for _ in range(2):
        serve = shell.serve("--server", server, "--port", port)
        assert port_of(serve) == port
        uploads.works(serve.url, shell.state / "files")
        assert serve.end() == 0


def test_a_port_in_use_is_said(shell, server):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        serve = shell.start_serve("--server", server, "--port", port)
        assert serve.ended() != 0
    assert serve.out == ""
    assert re.fullmatch(
        r"serve: cannot use port %d: .*\n" % port, serve.err), serve.err


def test_it_listens_on_loopback_alone(shell, server):
    serve = shell.serve("--server", server)
    assert listening(port_of(serve)) == {"0100007F"}


def listening(port):
    """The addresses, as /proc/net has them."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        if not os.path.exists(table):
            continue    # a kernel without IPv6
        with open(table) as lines:
            for row in map(str.split, lines):
                if row[1].endswith(":%04X" % port) and row[3] == "0A":
                    found.add(row[1].split(":")[0])
    return found


def test_two_run_side_by_side(shell):
    states = [shell.root / "one", shell.root / "two"]
    serves = [shell.serve("--state", state) for state in states]
    assert port_of(serves[0]) != port_of(serves[1])
    for serve, state in zip(serves, states):
        uploads.works(serve.url, state / "files")
    # Nor do they share what is under way.
    sid = uploads.begin(serves[0].url)
    with Client(serves[1].url) as other:
        assert other.status(sid).status == 404
    assert serves[0].end() == 0
    uploads.works(serves[1].url, states[1] / "files")


def test_a_second_one_on_the_folder_is_refused(shell):
    first = shell.serve()
    second = shell.start_serve()
    assert second.ended() != 0
    assert second.out == ""
    assert str(shell.state) in second.err
    assert "process %d" % first.pid in second.err
    assert len(second.err.splitlines()) == 1
    uploads.works(first.url, shell.state / "files")


def listing(folder):
    """What is in it and since when; not what git and Python keep there."""
    found = {}
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders
                      if name not in (".git", "__pycache__")]
        for name in folders + files:
            whole = os.path.join(path, name)
            status = os.lstat(whole)
            found[whole] = status.st_size, (
                name in files and status.st_mtime_ns)
    return found


def git_status():
    return subprocess.run(["git", "-C", REPO, "status", "--porcelain"],
                          stdout=subprocess.PIPE, check=True).stdout


def test_it_writes_below_its_state_folder_alone(shell, server):
    before = listing(REPO), git_status()
    serve = shell.serve("--server", server)
    sid = uploads.begin(serve.url)
    # A link to it, where it is in /dev/shm.
    memory = (shell.state / "memory").resolve()
    under_way = [path for path in map(str, memory.rglob("*")) if sid in path]
    assert under_way, "the upload under way is elsewhere"
    uploads.finish(serve.url, sid)
    assert serve.end() == 0
    assert (listing(REPO), git_status()) == before
    for folder in (shell.home, shell.tmp, shell.work):
        assert not list(folder.iterdir())


@pytest.mark.parametrize("variable, below", [
    ("HOME", ".local/state/tranche/serve"),
    ("XDG_STATE_HOME", "tranche/serve"),
])
def test_the_state_folder_has_a_default(shell, variable, below):
    home = shell.root / "another home"
    serve = shell.start("deploy/serve", **{variable: str(home)})
    serve.is_ready()
    uploads.works(serve.url, home / below / "files")
    assert not list(shell.work.iterdir())


def test_without_a_home_it_asks_for_a_folder(shell):
    serve = shell.start("deploy/serve", HOME="")
    assert serve.ended() != 0
    assert "--state" in serve.err


def test_any_name_of_a_folder_will_do(shell, server):
    serve = shell.serve("--server", server, "--state", NAME)
    uploads.works(serve.url, shell.work / NAME / "files")


def test_the_state_folder_is_its_users_alone(shell):
    serve = shell.serve()
    uploads.begin(serve.url)
    for path in shell.state.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_state_folder_that_is_none_is_said(shell):
    shell.state.write_text("")
    serve = shell.start_serve()
    assert serve.ended() != 0
    assert str(shell.state) in serve.err
    assert len(serve.err.splitlines()) == 1

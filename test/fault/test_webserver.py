# SPDX-License-Identifier: MIT
"""The web server is killed and started again while an upload is under way, and
clients die in the middle of a body: nothing is stored of half a body, and the
upload goes on."""

import os
import signal
import socket
import struct
from pathlib import Path
from urllib.parse import urlencode

import pytest

import fcgi
import host
import invariants
from client import PREFIX, Client
from invariants import FileSink, History
from place import Place
from server import wait_until

SECONDS = 10
SETTINGS = ("embedded", "redis+mongodb")
SERVERS = {"nginx": "nginx", "cgi": "lighttpd"}
PARTS = ("one ", b"two " * 50000, "three")


@pytest.fixture(params=SETTINGS)
def setting(request):
    return request.param


def parent(pid):
    """0 when it has ended."""
    try:
        said = Path("/proc/%d/stat" % pid).read_text()
    except OSError:
        return 0
    state, ppid = said.rsplit(")", 1)[1].split()[:2]
    return 0 if state == "Z" else int(ppid)


def descendants(pid, name):
    """The processes below pid that run the program."""
    parents = {int(folder.name): parent(int(folder.name))
               for folder in Path("/proc").glob("[0-9]*")}
    found, new = set(), {pid}
    while new:
        new = {p for p, above in parents.items() if above in new}
        found |= new
    named = set()
    for p in found:
        try:
            if os.readlink("/proc/%d/exe" % p).endswith("/" + name):
                named.add(p)
        except OSError:
            pass    # ended meanwhile
    return named


def kill(pids):
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not any(map(parent, pids)), SECONDS, "their end")


def start_again(place):
    """deploy/serve, which has ended or is about to, on the same folders."""
    serve = place.serve
    serve.process.wait(SECONDS)
    serve.process.stdout.close()
    serve.__enter__()
    place.client = Client(serve.url)
    return place.client


def begin(place):
    """An upload with its first chunk."""
    history = History(place.client, PARTS)
    assert history.start().is_done and history.upload(0).is_done, history
    return history


def goes_on(history, place):
    """It is ended by a client that knows what it was answered."""
    wait_until(lambda: history.status(place.client).answer, SECONDS,
               "an answer")
    assert history.told[-1].missing == [1, 2], history
    sink = FileSink(place.sink)
    assert not sink.documents(history.persistent_id), history
    invariants.finishes(history, sink, place.client)
    invariants.check_kept(history)


def half_a_body(place, history):
    """A connection on which half of the second chunk has been sent."""
    name, port = place.client.address.split(":")
    s = socket.create_connection((name, int(port)), SECONDS)
    query = urlencode({"sessionId": history.sid, "chunkIndex": 1})
    s.sendall(("PUT %supload?%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n"
               "\r\n" % (PREFIX, query, len(PARTS[1]))).encode()
              + PARTS[1][:len(PARTS[1]) // 2])
    return s


@pytest.mark.parametrize("server", SERVERS)
def test_the_web_server_is_killed(setting, server):
    """All its processes, with half a body on its way."""
    with Place(setting, server=server) as place:
        history = begin(place)
        pids = descendants(place.serve.process.pid, SERVERS[server])
        assert pids
        with half_a_body(place, history):
            kill(pids)
            start_again(place)
        goes_on(history, place)


@pytest.mark.parametrize("server", SERVERS)
def test_all_of_it_is_killed(setting, server):
    """deploy/serve; what it started ends with it, or when it starts again."""
    with Place(setting, server=server) as place:
        history = begin(place)
        with half_a_body(place, history):
            place.serve.process.kill()
            start_again(place)
        goes_on(history, place)


def test_a_process_of_the_web_server_is_killed(setting):
    """Its others replace it."""
    with Place(setting) as place:
        history = begin(place)
        pids = descendants(place.serve.process.pid, "nginx")
        below = {p for p in pids if parent(p) in pids}
        assert below
        with half_a_body(place, history):
            kill(below)
            goes_on(history, place)


def close(s):
    s.close()


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def stop(s):
    """Sends no more; hears what the server says."""
    s.shutdown(socket.SHUT_WR)
    while s.recv(65536):
        pass
    s.close()


@pytest.mark.parametrize("die", (close, reset, stop), ids=lambda f: f.__name__)
@pytest.mark.parametrize("server", SERVERS)
def test_a_client_dies(server, die):
    with Place("redis+mongodb", server=server) as place:
        history = begin(place)
        die(half_a_body(place, history))
        # A request that comes later is answered after it was given up.
        goes_on(history, place)
        assert not bodies(place.serve), "a body was left"


def bodies(serve):
    """Files in which a web server keeps a body."""
    return [path for folder in ("nginx", "lighttpd")
            for path in (serve.root / "state" / "run" / folder).rglob("*")
            if path.is_file()]


@pytest.mark.parametrize("part", ("head", "body"))
def test_the_web_server_goes_in_the_middle(part):
    """Towards a function: its connection ends within a request."""
    with host.Host("memory", "file") as on:
        kept = host.Kept(on)
        history = History(kept, PARTS)
        assert history.start().is_done and history.upload(0).is_done, history
        query = urlencode({"sessionId": history.sid, "chunkIndex": 1})
        params = fcgi.variables("PUT", query, PARTS[1])
        records = fcgi.encode(params, PARTS[1])
        _, path = on.kept["upload"]
        for sent in ((10, len(fcgi.encode(params, b"")) - 12)
                     if part == "head" else
                     (len(records) // 2, len(records) - 9)):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(path))
                s.sendall(records[:sent])
        assert history.status().missing == [1, 2], history
        invariants.finishes(history, on.sink)
        invariants.check_kept(history)

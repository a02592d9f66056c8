# SPDX-License-Identifier: MIT
"""Nothing is kept in a process between two requests: the same upload with a
new process for every request, and on two hosts."""

import itertools
import os
import signal

import pytest

from conftest import SETTINGS
from place import Place
from server import FUNCTIONS, wait_until
from test_at_once import at_once

PARTS = ["one \ud83d", "\ude00 two", b"\0\xff three", "fyra ", b"-", "5"]


def walk(place):
    """A whole upload: backwards, some twice, with questions in between."""
    up = place.upload(*PARTS, sent=())
    for index in reversed(range(len(PARTS))):
        answer = up.put(index)
        assert answer.json["receivedChunks"] == len(PARTS) - index
        assert answer.headers["Tranche-Tier"] == place.setting.tier
        assert up.put(index).json == answer.json
        assert up.status().json["missing"] == (
            [[0, index - 1]] if index else [])
    assert up.client.upload_raw(up.sid, 0, b"other").status == 409
    up.completes()
    up.is_done()
    assert up.abort().status == 409
    gone = place.upload()
    assert gone.abort().status == 200
    gone.is_gone()


@pytest.mark.parametrize("place", [name + "-cgi" for name in SETTINGS],
                         indirect=True)
def test_cgi(place):
    """A process a request, by the web server."""
    walk(place)
    wait_until(lambda: not place.serve.processes(*FUNCTIONS), 10,
               "the last process to end")


@pytest.mark.parametrize("setting", SETTINGS)
def test_one_request_a_process(clean, setting):
    """A process a request, by its own choice."""
    with Place(setting, {"TRANCHE_MAX_REQUESTS": "1"}) as place:
        before = set(place.serve.processes("upload"))
        walk(place)
        after = set(place.serve.processes("upload"))
        assert not before & after


@pytest.mark.parametrize("setting", ["redis+mongodb", "redis-invalid",
                                     "redis-refused", "mongodb-refused"])
def test_two_hosts(clean, setting):
    """Start on one, chunks on both, complete on the other."""
    with Place(setting) as one, Place(setting, {
            "TRANCHE_SINK": "file:%s" % one.sink}) as two:
        assert one.serve.memory != two.serve.memory
        up = one.upload(*PARTS, sent=())
        hosts = itertools.cycle((two.client, one.client))
        for index, client in zip(range(len(PARTS)), hosts):
            assert up.put(index, client).json["receivedChunks"] == index + 1
        for client in (one.client, two.client):
            assert client.upload_raw(up.sid, 0, b"other").status == 409
            assert client.status(up.sid).json["missing"] == []
        answer = two.client.complete(up.sid)
        assert answer.status == 201, answer
        up.is_done()
        for client in (one.client, two.client):
            assert client.complete(up.sid).json == answer.json
            assert client.abort(up.sid).status == 409
        gone = one.upload()
        assert two.client.abort(gone.sid).status == 200
        gone.is_gone()
        assert two.client.status(gone.sid).status == 404


@pytest.mark.parametrize("setting", ["redis+mongodb", "redis-invalid"])
@pytest.mark.parametrize("sink", ["file", "mongodb:hosts"])
def test_two_hosts_at_once(clean, setting, sink):
    """Completes on both at once: one outcome, and all agree on it."""
    with Place(setting) as one:
        sink = sink.replace("file", "file:%s" % one.sink)
        env = {"TRANCHE_SINK": sink}
        with Place(setting, env) as two, Place(setting, env) as three:
            for _ in range(5):
                up = two.upload('{"name":"x",', '"a":[1]}', sent=(0, 1))
                answers = at_once(
                    two, [lambda client: client.complete(up.sid)] * 4
                    + [lambda _: complete(three, up)] * 4)
                done = [answer.json for answer in answers
                        if answer.status == 201]
                assert done and all(each == done[0] for each in done), answers
                assert all(answer.status == 201 or answer.code == "claimed"
                           for answer in answers), answers
                for place in (two, three):
                    assert complete(place, up).json == done[0]
                assert up.status().json["result"] == done[0]


def complete(place, up):
    with place.client.again() as client:
        return client.complete(up.sid)


def test_killed(clean):
    """Every process of the functions is killed after every step; others take
    their place and nothing is lost."""
    with Place("embedded") as place:
        up = place.upload(*PARTS, sent=())
        for index in range(len(PARTS)):
            assert up.put(index).json["receivedChunks"] == index + 1
            kill_all(place)
        up.completes()
        kill_all(place)
        up.is_done()


def kill_all(place):
    killed = set(place.serve.processes(*FUNCTIONS))
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not killed & set(place.serve.processes(*FUNCTIONS)),
               10, "the killed to be gone")

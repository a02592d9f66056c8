# SPDX-License-Identifier: MIT
"""The log: a line for each request, which machines can read."""

import re
import socket

import pytest

from client import Client
from conftest import SERVERS
from ids import young
from log import FORMATS, Log
from shell import Shell


@pytest.fixture(scope="module")
def refusing():
    """The URL of a Redis that is away."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield "redis://127.0.0.1:%d" % holder.getsockname()[1]


@pytest.fixture(scope="module", params=[
    server + "-" + style for server in SERVERS for style in FORMATS])
def place(request, built, refusing):
    """A client and the log, where Redis is away and memory serves."""
    server, style = request.param.split("-")
    with Shell() as shell:
        serve = shell.serve("--server", server, REDIS_URL=refusing,
                            TRANCHE_LOG_FORMAT=style)
        with Client(serve.url) as client:
            yield client, Log(shell, style)


def test_each_request_has_a_line(place):
    client, log = place
    started = client.start(totalChunks=1, totalSize=7,
                           fileName='a "b"\n=\\ü.txt')
    sid = started.json["sessionId"]
    calls = [
        ("start", started, None),
        ("upload", client.upload_raw(sid, 0, b"content"), 7),
        ("complete", client.complete(sid), None),
        ("status", client.status(sid), 0),
        ("abort", client.abort(sid), None),
        ("status", client.send("OPTIONS", "status"), 0),
    ]
    sessions = set()
    for function, answer, size in calls:
        line = log.of(answer)
        assert line["function"] == function
        assert size in (None, line["bytes"])
        assert line["level"] == "info", line
        if answer.status != 204:
            sessions.add(line["session"])
    assert len(sessions) == 1
    assert [answer.status for _, answer, _ in calls] == [
        200, 200, 201, 200, 409, 204]


def test_a_503_has_its_reason(place):
    client, log = place
    line = log.of(client.status(young()))
    assert line["status"] == 503
    assert line["code"] == "unavailable"
    assert line["level"] == "warn"
    assert re.search("redis.*refused", line["reason"])


def test_an_error_has_its_code(place):
    client, log = place
    line = log.of(client.post("start", b"{"))
    assert (line["status"], line["code"]) == (400, "bad_request")
    assert line["bytes"] == 1
    assert "session" not in line


def test_the_id_of_the_request_is_in_it(place):
    client, log = place
    for sent in ("my.id-1", "x" * 128):
        answer = client.send("GET", "status", headers={"X-Request-Id": sent})
        assert answer.headers["X-Request-Id"] == sent
        log.of(answer)
    # What would break the line is not taken over.
    for sent in ('a"b', "a b", "a=b", "x" * 129):
        answer = client.send("GET", "status", headers={"X-Request-Id": sent})
        assert answer.headers["X-Request-Id"] != sent
        log.of(answer)


def test_the_level_bounds_it(shell, server, refusing):
    serve = shell.serve("--server", server, REDIS_URL=refusing,
                        TRANCHE_LOG_LEVEL="warn")
    log = Log(shell, "logfmt")
    with Client(serve.url) as client:
        client.send("GET", "status")
        log.of(client.status(young()))
    assert len(log.lines()) == 1


def test_the_log_before_is_kept(shell, server):
    for number in ("first", "second"):
        serve = shell.serve("--server", server)
        with Client(serve.url, {"X-Request-Id": number}) as client:
            Log(shell, "logfmt").of(client.send("GET", "status"))
        assert serve.end() == 0
    logs = [(shell.state / "log" / name).read_text()
            for name in ("functions.log.old", "functions.log")]
    assert ["id=first " in log for log in logs] == [True, False]
    assert ["id=second " in log for log in logs] == [False, True]

# SPDX-License-Identifier: MIT
"""What nobody may read: passwords of URLs, and what is uploaded."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from client import Client
from ids import young

PASSWORD = "hunter2"
CONTENT = b"the-content-of-an-upload"

URLS = {
    "refused": {
        "REDIS_URL": "redis://user:%s@127.0.0.1:1",
        "MONGODB_URI": "mongodb://user:%s@127.0.0.1:1/none",
    },
    "invalid": {
        "REDIS_URL": "redis://user:%s@127.0.0.1:port",
        "MONGODB_URI": "mongodb://user:%s@127.0.0.1:port/none",
    },
    "misspelt": {
        "REDIS_URL": "redsi://user:%s@127.0.0.1:1",
        "MONGODB_URI": "mongo://user:%s@127.0.0.1:1/none",
    },
    "broken": {
        "REDIS_URL": "redis://user:%s",
        "MONGODB_URI": "mongodb://user:%s@/%%zz?tls=perhaps",
    },
    # They answer, and know no such user.
    "real": {
        "REDIS_URL": "redis://user:%s@{REDIS_URL}",
        "MONGODB_URI": "mongodb://user:%s@{MONGODB_URI}/none",
    },
}


def environment(kind):
    """The URLs with the password."""
    real = {name: urlsplit(os.environ[name]).netloc
            for name in ("REDIS_URL", "MONGODB_URI")}
    return {name: (url % PASSWORD).format(**real)
            for name, url in URLS[kind].items()}


def files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("kind", URLS)
def test_no_password_is_told(shell, server, kind):
    serve = shell.serve("--server", server, TRANCHE_LOG_LEVEL="debug",
                        **environment(kind))
    said = []
    with Client(serve.url) as client:
        for send in (lambda: client.start(totalChunks=1, totalSize=1),
                     lambda: client.status(young()),
                     lambda: client.upload_raw(young(), 0, b"x"),
                     lambda: client.complete(young()),
                     lambda: client.abort(young()),
                     lambda: client.post("start", b"{")):
            answer = send()
            said.append("%s %s" % (answer.headers, answer.body))
    for pid in shell.processes():
        said.append(Path("/proc/%d/cmdline" % pid).read_text())
    # The configuration goes when serve ends, so it is looked at before.
    written = files(shell.state)
    assert shell.state / "log" / "functions.log" in written
    said += [path.read_text(errors="replace") for path in written]
    assert serve.end() == 0
    said += [serve.out, serve.err]
    assert not [text for text in said if PASSWORD in text]


def test_the_log_has_nothing_of_an_upload(shell, server):
    serve = shell.serve("--server", server, TRANCHE_LOG_LEVEL="debug")
    text = CONTENT.decode()
    with Client(serve.url) as client:
        answer = client.start(totalChunks=2, totalSize=2 * len(CONTENT),
                              fileName=text + ".txt")
        sid = answer.json["sessionId"]
        client.upload_raw(sid, 0, CONTENT)
        client.upload_text(sid, 1, text)
        client.upload_raw(sid, 1, CONTENT + b"other")     # a conflict
        client.post("upload", b'{"data":"' + CONTENT)     # no JSON
        assert client.complete(sid).status == 201
    assert serve.end() == 0
    logs = files(shell.state / "log")
    assert logs
    for path in logs:
        assert CONTENT not in path.read_bytes(), path
    # Who knows a session's id may do with it as they like.
    assert sid not in (shell.state / "log/functions.log").read_text()

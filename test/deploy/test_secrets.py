# SPDX-License-Identifier: MIT
"""What nobody may read: passwords of URLs, and what is uploaded."""

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from client import Client
from ids import young
from settings import real_url

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
        "REDIS_URL": "redis://user:%s@{}",
        "MONGODB_URI": "mongodb://user:%s@{}/none",
    },
}


def environment(kind):
    """The URLs with the password."""
    urls = {name: url % PASSWORD for name, url in URLS[kind].items()}
    if kind == "real":
        urls = {name: url.format(urlsplit(real_url(name)).netloc)
                for name, url in urls.items()}
    return urls


def texts(paths):
    """What those of them have that are files, and still there."""
    found = {}
    for path in paths:
        try:
            found[path] = path.read_text(errors="replace")
        except OSError:
            pass    # a folder, a socket, or gone
    return found


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
    said += texts(Path("/proc/%d/cmdline" % pid)
                  for pid in shell.processes()).values()
    # The configuration goes when serve ends, so it is looked at before.
    written = texts(shell.state.rglob("*"))
    assert shell.state / "log" / "functions.log" in written
    said += written.values()
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
    logs = texts((shell.state / "log").iterdir())
    assert not [path for path in logs if text in logs[path]]
    # Who knows a session's id may do with it as they like.
    assert sid not in logs[shell.state / "log" / "functions.log"]

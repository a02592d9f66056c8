# SPDX-License-Identifier: MIT
"""A session belongs to who started it, by the web server's own
authentication; to anyone else it does not exist."""

import base64
import hashlib

import pytest

from conftest import TWO
from place import Place
from wire.row import UNKNOWN

USERS = {"anna": "a secret", "bo": "another"}


def basic(user, password=None):
    word = "%s:%s" % (user, password or USERS[user])
    return {"Authorization":
            "Basic " + base64.b64encode(word.encode()).decode()}


@pytest.fixture(scope="module", params=TWO + ["embedded-cgi"])
def locked(request, clean, tmp_path_factory):
    htpasswd = tmp_path_factory.mktemp("users") / "htpasswd"
    htpasswd.write_text("".join(
        "%s:%s\n" % (user, hashed(password))
        for user, password in USERS.items()))
    setting, _, server = request.param.partition("-")
    with Place(setting, server=server or "nginx", htpasswd=htpasswd) as made:
        nobody = made.client
        made.client = nobody.again(**basic("anna"))
        yield made
        nobody.connection.close()


def hashed(password):
    """As both web servers read it; strength is not the point here."""
    digest = hashlib.sha1(password.encode()).digest()
    return "{SHA}" + base64.b64encode(digest).decode()


def test_other_people(locked):
    """404 to every call, and nothing happens to the session."""
    up = locked.upload()
    with locked.client.again(**basic("bo")) as bo:
        for answer in (bo.status(up.sid), bo.complete(up.sid),
                       bo.abort(up.sid), bo.upload_text(up.sid, 1, "två "),
                       bo.upload_raw(up.sid, 0, b"other"),
                       bo.send("DELETE", "abort?sessionId=" + up.sid)):
            assert (answer.status, answer.code) == (404, "not_found"), answer
            assert answer.json["error"] == UNKNOWN
        assert up.status().json["missing"] == [[1, 2]]
        up.completes()
        assert bo.status(up.sid).status == 404
        assert bo.complete(up.sid).status == 404
        assert bo.abort(up.sid).status == 404
    up.is_done()


def test_own(locked):
    with locked.client.again(**basic("bo")) as bo:
        started = bo.start(totalChunks=1, totalSize=1)
        sid = started.json["sessionId"]
        assert bo.upload_text(sid, 0, "x").status == 200
        assert bo.complete(sid).status == 201
    assert locked.client.status(sid).status == 404


@pytest.mark.parametrize("headers", [
    {"Authorization": ""}, basic("anna", "wrong"), basic("eve", "a secret"),
    {"Authorization": "", "Remote-User": "anna", "REMOTE_USER": "anna"}])
def test_nobody(locked, headers):
    """The web server refuses who it does not know; no header makes one
    somebody."""
    up = locked.upload()
    connection = locked.client.again(**headers).connection
    connection.request("GET", "/api/routes/chunked/status?sessionId="
                       + up.sid, headers=headers)
    assert connection.getresponse().status == 401
    connection.close()
    up.completes()


def test_no_header_makes_an_owner(clean):
    """Without authentication all sessions are nobody's, whoever one says
    that one is."""
    with Place("embedded") as place:
        up = place.upload()
        with place.client.again(**basic("anna"), **{
                "Remote-User": "bo", "X-Remote-User": "bo"}) as anna:
            assert anna.status(up.sid).status == 200
            mine = anna.start(totalChunks=1, totalSize=1)
        assert place.client.status(mine.json["sessionId"]).status == 200
        up.completes()

# SPDX-License-Identifier: MIT
"""CORS: pages of the origins that were named may use tranche, others not."""

import pytest

import ids
from place import Place
from wire.method import METHODS

ORIGIN, OTHER = "https://app.example", "https://other.example:8443"
SERVERS = ["nginx", "cgi"]


@pytest.fixture(scope="module", params=SERVERS)
def page(request, clean):
    """Two origins may."""
    with Place("embedded", {"TRANCHE_CORS_ORIGINS": ORIGIN + "," + OTHER},
               server=request.param) as made:
        yield made


def words(answer, header):
    return {word.strip().lower()
            for word in (answer.headers[header] or "").split(",")}


def preflight(client, endpoint, origin=ORIGIN, method="POST"):
    return client.send("OPTIONS", endpoint, headers={
        "Origin": origin, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type, content-digest"})


@pytest.mark.parametrize("endpoint", METHODS)
@pytest.mark.parametrize("origin", [ORIGIN, OTHER])
def test_preflight(page, endpoint, origin):
    answer = preflight(page.client, endpoint, origin)
    assert answer.status == 204, answer
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    allowed = words(answer, "Access-Control-Allow-Methods")
    assert {method.lower() for method in METHODS[endpoint]} <= allowed
    assert {"content-type", "content-digest"} <= words(
        answer, "Access-Control-Allow-Headers")
    assert "origin" in words(answer, "Vary")


def test_answers(page):
    """On what went well and on errors; a page may read the headers that it
    needs."""
    up = page.upload()
    with page.client.again(Origin=ORIGIN) as client:
        answers = [client.status(up.sid), client.status(ids.old()),
                   client.start(), client.post("upload", b"{"),
                   client.complete(up.sid), client.upload_raw(
                       up.sid, 1, bytes((4 << 20) + 1)),
                   client.send("GET", "start")]
    assert [answer.status for answer in answers] == [
        200, 404, 400, 400, 400, 413, 405]
    for answer in answers:
        assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN, answer
        assert "origin" in words(answer, "Vary"), answer
        assert {"tranche-tier", "x-request-id", "retry-after"} <= words(
            answer, "Access-Control-Expose-Headers"), answer
    up.completes()


@pytest.mark.parametrize("origin", [
    "https://evil.example", "https://app.example.evil.example",
    "http://app.example", "https://app.example:1", "null", ORIGIN + ".",
    "https://other.example", ORIGIN + "," + OTHER, ""])
def test_other_origin(page, origin):
    """What is not named is answered as without CORS; the browser keeps it
    from the page."""
    answer = preflight(page.client, "upload", origin)
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] is None
    up = page.upload()
    with page.client.again(Origin=origin) as client:
        answer = client.status(up.sid)
        assert answer.status == 200
        assert answer.headers["Access-Control-Allow-Origin"] is None
    up.completes()


@pytest.mark.parametrize("place", ["embedded", "embedded-cgi"], indirect=True)
def test_none_by_default(place):
    answer = preflight(place.client, "upload")
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] is None
    answer = place.client.send("GET", "status", headers={"Origin": ORIGIN})
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] is None

# SPDX-License-Identifier: MIT
"""Bodies whose size is not what was said, and headers that are wrong."""

import base64
import hashlib

import pytest

from client import JSON_TYPE, PREFIX, digest_header
from conftest import TWO

BOTH = ["embedded", "embedded-cgi"]
TEXT = b'{"sessionId":"%s","chunkIndex":1,"data":"tv\xc3\xa5 "}'
RAW = "två ".encode()


def request(up, body, *headers, raw=False):
    """A request as it goes over the line."""
    path = PREFIX + "upload" + ("?sessionId=%s&chunkIndex=1" % up.sid
                                if raw else "")
    return "\r\n".join(["POST " + path + " HTTP/1.1",
                        "Host: " + up.client.address,
                        "Connection: close", *headers, "", ""]
                       ).encode() + body


@pytest.mark.parametrize("place", BOTH, indirect=True)
@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("missing", [1, 2, "all"])
def test_shorter(place, raw, missing):
    """A client that dies in its body: nothing is kept of it."""
    up = place.upload()
    body = RAW if raw else TEXT % up.sid.encode()
    sent = b"" if missing == "all" else body[:-missing]
    answer = up.client.raw(request(
        up, sent, "Content-Length: %d" % len(body), raw=raw), dies=True)
    assert answer is None or answer.status == 400, answer
    assert up.status().json["receivedChunks"] == 1
    up.completes()


@pytest.mark.parametrize("place", BOTH, indirect=True)
def test_longer(place):
    """What is longer than said ends where it was said to end."""
    up = place.upload()
    body = TEXT % up.sid.encode()
    answer = up.client.raw(request(
        up, body, "Content-Length: %d" % (len(body) - 1)))
    assert (answer.status, answer.code) == (400, "bad_request"), answer
    assert up.status().json["receivedChunks"] == 1
    answer = up.client.raw(request(
        up, RAW + b"more", "Content-Length: %d" % len(RAW), raw=True))
    assert answer.status == 200, answer
    up.completes()


@pytest.mark.parametrize("place", BOTH, indirect=True)
@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize("headers", [[], ["Content-Length: 0"]])
def test_none(place, raw, headers):
    up = place.upload()
    answer = up.client.raw(request(up, b"", *headers, raw=raw))
    assert answer.code == "bad_request", answer
    # 411 is lighttpd's own, who asks for a length.
    assert answer.status == 400 or (
        answer.status == 411 and not headers), answer
    assert up.status().json["receivedChunks"] == 1
    up.completes()


@pytest.mark.parametrize("place", BOTH, indirect=True)
@pytest.mark.parametrize("length", ["-1", "x", "1x", "99999999999999999999"])
def test_no_length(place, length):
    up = place.upload()
    answer = up.client.raw(request(up, RAW, "Content-Length: " + length,
                                   raw=True))
    assert answer is None or answer.status in (400, 413), answer
    assert up.status().json["receivedChunks"] == 1
    up.completes()


@pytest.mark.parametrize("place", BOTH, indirect=True)
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunked_transfer(place, size):
    """A body without a length, in pieces of this size."""
    up = place.upload()
    text = TEXT % up.sid.encode()
    for index, path, body in (
            (1, "upload", text),
            (2, "upload?chunkIndex=2&sessionId=" + up.sid, "三".encode())):
        pieces = [body[at:at + size] for at in range(0, len(body), size)]
        answer = up.client.send("POST", path, iter(pieces),
                                {"Transfer-Encoding": "chunked"})
        assert answer.status == 200, answer
        assert answer.json["receivedChunks"] == index + 1
    up.completes()


@pytest.mark.parametrize("place", BOTH, indirect=True)
def test_chunked_transfer_cut(place):
    """It ends before its last chunk."""
    up = place.upload()
    answer = up.client.raw(request(
        up, b"5\r\n" + RAW + b"\r\n", "Transfer-Encoding: chunked", raw=True),
        dies=True)
    assert answer is None or answer.status == 400, answer
    assert up.status().json["receivedChunks"] == 1
    up.completes()


@pytest.mark.parametrize("place", BOTH, indirect=True)
def test_body_over_the_limit(place):
    """A JSON body may have 6 times the largest chunk and 4 KiB; also where
    no length says so."""
    up = place.upload()
    most = 6 * (4 << 20) + 4096
    body = TEXT % up.sid.encode()
    fits = body + b" " * (most - len(body))
    answer = up.client.post("upload", fits)
    assert answer.status == 200, answer
    up = place.upload()
    for answer in (
            up.client.post("upload", fits + b" "),
            up.client.send("POST", "upload", iter([fits, b" "]),
                           {"Transfer-Encoding": "chunked"}),
            up.client.post("complete", b'{"sessionId":"%s"%s}' % (
                up.sid.encode(), b" " * most))):
        assert (answer.status, answer.code) == (413, "too_large"), answer
    assert up.status().json["receivedChunks"] == 1
    up.completes()


@pytest.mark.parametrize("place", TWO, indirect=True)
@pytest.mark.parametrize("kind", [
    "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
    "application/json; charset=utf-16", "application/octet-stream", "x", ""])
def test_content_type(place, kind):
    """Bodies are JSON, or raw chunks, whatever it says."""
    up = place.upload()
    headers = {"Content-Type": kind}
    answer = up.client.send("POST", "upload", TEXT % up.sid.encode(), headers)
    assert answer.status == 200, answer
    answer = up.client.upload_raw(up.sid, 2, "三".encode(), headers)
    assert answer.status == 200, answer
    answer = up.client.send("POST", "complete",
                            b'{"sessionId":"%s"}' % up.sid.encode(), headers)
    assert answer.status == 201, answer
    up.is_done()


def sha256(data):
    return base64.b64encode(hashlib.sha256(data).digest()).decode()


@pytest.mark.parametrize("place", TWO, indirect=True)
@pytest.mark.parametrize("digest", [
    "sha-256", "sha-256=", "sha-256=::", "sha-256=:x:",
    "sha-256=" + sha256(RAW), "sha-256=:%s" % sha256(RAW),
    "sha-256=:%s:" % sha256(RAW)[:-2], "sha-256=:%s:" % ("A" * 42 + "*="),
    "sha-256=:%s:" % hashlib.sha256(RAW).hexdigest(),
    "sha-256=:%s: x" % sha256(RAW), "sha-256=\"%s\"" % sha256(RAW)])
def test_digest_malformed(place, digest):
    up = place.upload()
    for raw in (True, False):
        body = RAW if raw else TEXT % up.sid.encode()
        answer = up.client.raw(request(
            up, body, "Content-Length: %d" % len(body),
            "Content-Digest: " + digest, raw=raw))
        assert (answer.status, answer.code) == (400, "bad_request"), answer
        assert "digest" in answer.words.lower(), answer
    assert up.status().json["receivedChunks"] == 1
    up.completes()


@pytest.mark.parametrize("place", TWO, indirect=True)
def test_digest_is_of_the_body(place):
    """For text, of the JSON as it came, not of the chunk."""
    up = place.upload()
    body = TEXT % up.sid.encode()
    answer = up.client.post("upload", body,
                            {"Content-Digest": digest_header(RAW)})
    assert (answer.status, answer.code) == (400, "bad_request"), answer
    assert up.status().json["receivedChunks"] == 1
    answer = up.client.post("upload", body,
                            {"Content-Digest": digest_header(body)})
    assert answer.status == 200, answer
    up.completes()


@pytest.mark.parametrize("place", TWO, indirect=True)
@pytest.mark.parametrize("sent, back", [
    ("a", True), ("A-z_0.9" * 18, True), ("x" * 128, True), ("x" * 129, False),
    ("a b", False), ("a/b", False), ("é", False), ("a\"b", False)])
def test_request_id(place, sent, back):
    """The request's own when it is one, else one that is made."""
    answer = place.client.send("GET", "status", headers={
        "X-Request-Id": sent.encode("latin-1")})
    assert (answer.headers["X-Request-Id"] == sent) is back
    assert JSON_TYPE == answer.headers["Content-Type"]


def test_is_json_type(place):
    """In every setting: an answer's id differs from the one before."""
    ids = {place.client.send("GET", "status").headers["X-Request-Id"]
           for _ in range(20)}
    assert len(ids) == 20

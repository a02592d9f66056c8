# SPDX-License-Identifier: MIT
"""Each limit, exactly and over by one byte."""

import gzip

import pytest

import settings
from conftest import TWO
from place import Place

CHUNK, CHUNKS, SIZE, INFLATED, ROOM = 1024, 4, 3000, 5000, 65536

LIMITS = {"TRANCHE_MAX_CHUNK_SIZE": str(CHUNK),
          "TRANCHE_MAX_CHUNKS": str(CHUNKS), "TRANCHE_MAX_SIZE": str(SIZE),
          "TRANCHE_MAX_INFLATED": str(INFLATED)}


@pytest.fixture(scope="module", params=TWO)
def small(request, clean):
    with Place(request.param, LIMITS) as made:
        yield made


def over(answer, limit, most):
    assert (answer.status, answer.code) == (413, "too_large"), answer
    assert (answer.json["limit"], answer.json["max"]) == (limit, most), answer


def test_says_them(small):
    said = small.client.send("GET", "status").json
    assert said == {"maxChunkSize": CHUNK, "maxChunks": CHUNKS,
                    "maxSize": SIZE, "ttl": 3600}
    assert small.upload().started.json["maxChunkSize"] == CHUNK


def test_chunks(small):
    small.upload(*[b"x"] * CHUNKS).completes()
    over(small.client.start(totalChunks=CHUNKS + 1, totalSize=SIZE),
         "maxChunks", CHUNKS)


def test_size(small):
    small.upload(*[b"x" * (SIZE // 4)] * 4).completes()
    over(small.client.start(totalChunks=4, totalSize=SIZE + 1), "maxSize",
         SIZE)


@pytest.mark.parametrize("fits, one_more", [
    (b"x" * CHUNK, b"x" * (CHUNK + 1)), ("x" * CHUNK, "x" * (CHUNK + 1)),
    ("é" * (CHUNK // 2), "é" * (CHUNK // 2) + "x"),
    ("😀" * (CHUNK // 4), "😀" * (CHUNK // 4) + "x"),
    ("\0" * CHUNK, "\0" * (CHUNK + 1))])
def test_chunk(small, fits, one_more):
    """Bytes after UTF-8 encoding, whatever the JSON took."""
    up = small.upload(fits, b"x", sent=(0,))
    send = (up.client.upload_raw if isinstance(one_more, bytes)
            else up.client.upload_text)
    over(send(up.sid, 1, one_more), "maxChunkSize", CHUNK)
    over(send(up.sid, 0, one_more), "maxChunkSize", CHUNK)
    up.completes()


def test_body(small):
    """6 times a chunk and 4 KiB."""
    up = small.upload("x", "y", sent=())
    body = b'{"sessionId":"%s","chunkIndex":0,"data":"x"}' % up.sid.encode()
    most = 6 * CHUNK + 4096
    body += b" " * (most - len(body))
    for request in (body + b" ", iter([body, b" "])):
        answer = up.client.send("POST", "upload", request)
        assert (answer.status, answer.code) == (413, "too_large"), answer
    assert up.status().json["receivedChunks"] == 0
    answer = up.client.post("upload", body)
    assert answer.status == 200, answer
    up.completes()


@pytest.mark.parametrize("endpoint", ["start", "complete", "abort"])
def test_body_of_no_chunk(small, endpoint):
    """Far over what these have to say."""
    up = small.upload()
    body = b'{"totalChunks":2,"totalSize":10,"sessionId":"%s"%s}' % (
        up.sid.encode(), b" " * (6 * CHUNK + 4096 + (1 << 20)))
    answer = up.client.post(endpoint, body)
    assert (answer.status, answer.code) == (413, "too_large"), answer
    up.completes()


def test_three_times_the_size(small):
    """Bytes held and the new chunk's; those held already count once."""
    up = small.upload(b"a" * 500, b"b" * 400, totalSize=300, sent=(0,))
    up.put(1)
    up.put(1)
    assert up.abort().status == 200
    up = small.upload(b"a" * 500, b"b" * 401, totalSize=300, sent=(0,))
    answer = up.client.upload_raw(up.sid, 1, up.parts[1])
    assert (answer.status, answer.code) == (413, "too_large"), answer
    assert answer.json["max"] == 900
    said = up.status().json
    assert (said["receivedChunks"], said["receivedBytes"]) == (1, 500)
    assert up.client.upload_raw(up.sid, 1, b"b" * 400).status == 200


def test_inflated(small):
    fits = gzip.compress(bytes(INFLATED))
    up = small.upload(fits, isCompressed=True, sent=(0,))
    answer = up.complete()
    assert (answer.status, answer.json["size"]) == (201, INFLATED), answer
    up = small.upload(gzip.compress(bytes(INFLATED + 1)), isCompressed=True,
                      sent=(0,))
    over(up.complete(), "maxInflated", INFLATED)
    assert up.status().json["state"] == "open"
    assert up.status().json["missing"] == []
    assert not small.has(up.persistent_id)


@pytest.mark.parametrize("end", ["completes", "abort"])
def test_no_room(clean, end):
    """507 when the tier is full; what another upload held is free once that
    has ended, either way."""
    with Place("embedded", {"TRANCHE_MEMORY_MAX": str(ROOM)}) as place:
        first = place.upload(b"a" * 40000, b"b", sent=(0,))
        second = place.upload(b"c" * 40000, b"d", sent=(1,))
        answer = second.client.upload_raw(second.sid, 0, second.parts[0])
        assert (answer.status, answer.code) == (507, "full"), answer
        assert second.status().json["missing"] == [[0, 0]]
        assert getattr(first, end)().status in (200, 201)
        second.completes()


@pytest.mark.parametrize("end", ["completes", "abort"])
def test_nothing_is_left(clean, end):
    """Of the chunks, in any tier, once an upload has ended."""
    setting = settings.SETTINGS["redis+mongodb"]
    with Place(setting.name) as place, settings.mongodb_client() as client:
        up = place.upload()
        held = client[settings.mongodb_name(setting)]["chunkeduploadchunks"]
        server = settings.redis_client(setting)
        assert server.keys("chunked:{%s}:chunk:*" % up.sid)
        assert getattr(up, end)().status in (200, 201)
        assert server.keys("chunked:{%s}:*" % up.sid) == [
            b"chunked:{%s}:info" % up.sid.encode()]
        assert held.count_documents({"sessionId": up.sid}) == 0


def test_no_tier(clean):
    """503 to what needs a tier when none can serve; the limits can be had."""
    with Place("both-refused", {"TRANCHE_TIERS": "redis,mongodb"}) as place:
        answer = place.client.start(totalChunks=1, totalSize=1)
        assert (answer.status, answer.code) == (503, "unavailable"), answer
        answer = place.client.start(totalChunks=1)
        assert answer.status == 400, answer
        assert place.client.send("GET", "status").status == 200

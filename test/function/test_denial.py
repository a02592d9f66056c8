# SPDX-License-Identifier: MIT
"""What a request may cost at most, seen from outside: it is answered, its
process stays small, and others are served meanwhile. Figures are
test/bench/denial's."""

import gzip
import socket
import zlib

import pytest

import settings
from client import PREFIX, Client
from place import Place
from server import memory_of
from upload import unique_id

MIB = 1024 * 1024
# Of one process, whatever it was sent. The kernel's limit is a little higher.
MOST = 256 * MIB
PARAMETERS = 64 * 1024
IDLE = 900      # of the 1,024 connections that deploy/serve's nginx has


@pytest.fixture(scope="module")
def here(clean):
    with Place("redis+mongodb") as made:
        yield made


@pytest.fixture(scope="module")
def shelf(clean):
    with Place("redis+mongodb",
               {"TRANCHE_SINK": "mongodb:documents"}) as made:
        with settings.mongodb_client() as client:
            made.collection = client[settings.mongodb_name(
                made.setting)]["documents"]
            yield made


def is_small(place):
    for pid in place.serve.processes("start", "upload", "complete", "status",
                                     "abort"):
        assert memory_of(pid, "VmHWM") < MOST


def deep(size):
    return b'{"x":' + b"[" * (size - 5)


def many_keys(size):
    return b"{" + b",".join(b'"%x":0' % i for i in range(size // 10)) + b"}"


def one_key(size):
    return b"{" + b",".join([b'"a":0'] * (size // 7)) + b"}"


def escapes(size):
    return b'{"fileName":"' + b"\\u0000" * ((size - 20) // 6) + b'"}'


def digits(size):
    return b'{"totalSize":' + b"9" * (size - 20) + b"}"


@pytest.mark.parametrize("shape", [deep, many_keys, one_key, escapes, digits])
@pytest.mark.parametrize("function", ["start", "complete", "abort"])
def test_no_shape_of_parameters_is_dear(here, function, shape):
    body = shape(PARAMETERS)
    assert len(body) <= PARAMETERS
    answer = here.client.send("POST", function, body)
    assert answer.status in (400, 404), answer
    is_small(here)


def test_parameters_over_their_limit_are_refused(here):
    answer = here.client.send("POST", "start", b" " * (PARAMETERS + 1))
    assert answer.status == 413, answer
    assert answer.json["limit"] == "maxBody", answer


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_bomb_stops_at_its_limit(here, pack):
    """One byte more than TRANCHE_MAX_INFLATED."""
    bomb = pack(bytes(64 * MIB + 1))
    up = here.upload(bomb, sent=[0], isCompressed=True)
    answer = up.complete()
    assert answer.status == 413, answer
    assert answer.json["limit"] == "maxInflated", answer
    assert not here.has(up.persistent_id)
    is_small(here)


def test_a_bomb_in_a_body_is_not_inflated(here):
    up = here.upload(b"x", sent=[])
    bomb = gzip.compress(bytes(64 * MIB))
    answer = here.client.send(
        "PUT", "upload?sessionId=%s&chunkIndex=0" % up.sid, bomb,
        {"Content-Encoding": "gzip"})
    assert answer.status in (200, 413), answer
    is_small(here)


def test_a_session_of_many_small_chunks(here):
    """All of them are listed, counted and joined in one request."""
    chunks = 1000
    up = here.upload(*[b"x"] * chunks, sent=range(0, chunks, 2))
    said = up.status()
    assert said.status == 200, said
    assert len(said.json["missing"]) == chunks // 2
    up.completes()
    is_small(here)


@pytest.mark.parametrize("size", [4 * 1024, 64 * 1024])
def test_a_header_of_any_size_is_answered(here, size):
    with Client(here.serve.url) as client:
        try:
            answer = client.send("GET", "status", None, {"X-Long": "x" * size})
            assert answer.status in (200, 400), answer
        except (ConnectionError, OSError):
            pass    # nginx closes what it does not read
    assert here.client.send("GET", "status").status == 200


def test_others_are_served_beside_idle_connections(here):
    """Some have said nothing, others half a header."""
    host, port = here.client.address.split(":")
    idle = []
    try:
        for i in range(IDLE):
            made = socket.create_connection((host, port))
            if i % 2:
                made.sendall(b"GET " + PREFIX.encode() + b"status HTTP/1.1\r\n")
            idle.append(made)
        here.upload(b"some", b"more", sent=[0]).completes()
    finally:
        for each in idle:
            each.close()


def test_bodies_that_do_not_end_keep_no_function(here):
    """More of them than there are processes."""
    up = here.upload(b"some", b"more", sent=[0])
    host, port = here.client.address.split(":")
    slow = []
    try:
        for _ in range(20):
            made = socket.create_connection((host, port))
            made.sendall(("PUT %supload?sessionId=%s&chunkIndex=1 HTTP/1.1\r\n"
                          "Host: x\r\nContent-Length: 4\r\n\r\nmo"
                          % (PREFIX, up.sid)).encode())
            slow.append(made)
        up.completes()
    finally:
        for each in slow:
            each.close()


def test_a_stored_document_of_control_characters_is_answered_whole(shelf):
    """Six bytes of JSON for each of 16 MiB: no buffer may be too short."""
    name = unique_id()
    shelf.collection.insert_one({"persistentId": name, "name": "n",
                                 "x": "\x01" * (16 * MIB - 300000)})
    up = shelf.upload(b'{"name":"m"}', sent=[0], persistentId=name,
                      isUpdate=True)
    answer = up.complete()
    assert answer.status == 200, (answer.status, answer.body[:200])
    assert len(answer.json["x"]) == 16 * MIB - 300000
    is_small(shelf)
    shelf.collection.delete_one({"persistentId": name})


def members(size):
    return b'{"name":"n","a":{' + b",".join([b'"":0'] * (size // 5 - 8)) + b"}}"


def distinct(size):
    return (b'{"name":"n","a":{' +
            b",".join(b'"%07x":1' % i for i in range(size // 14)) + b"}}")


def controls(size):
    return b'{"name":"' + b"\\u0001" * (size // 6 - 8) + b'"}'


@pytest.mark.parametrize("shape", [members, distinct, controls])
def test_no_shape_of_a_document_is_dear(shelf, shape):
    document = shape(16 * MIB)
    parts = [document[at:at + 4 * MIB]
             for at in range(0, len(document), 4 * MIB)]
    up = shelf.upload(*parts, sent=range(len(parts)))
    answer = up.complete()
    assert answer.status == 201, (answer.status, answer.body[:200])
    is_small(shelf)
    shelf.collection.delete_one({"persistentId": up.persistent_id})

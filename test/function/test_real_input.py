# SPDX-License-Identifier: MIT
"""Route documents of recorded tracks in four renderings, into files and into
MongoDB; and a large binary file."""

import base64
import gzip
import hashlib
import random
import zlib

import pytest

import js
import settings
from place import Place
from route import SIZE_MIN, document
from upload import unique_id

UNITS = 65_521    # of a chunk of text
COLLECTION = "routes"
CHUNK = 512 << 10
FILE_SIZE = 100 * 1000 * 1000
ADDED = {"_id", "persistentId", "createdAt", "updatedAt"}


def text_of(data):
    return js.slices(base64.b64encode(data).decode(), UNITS)


RENDERINGS = {
    "JSON": lambda text: js.slices(text, UNITS),
    "gzip and base64": lambda text: text_of(gzip.compress(text.encode())),
    "zlib and base64": lambda text: text_of(zlib.compress(text.encode())),
    "raw": lambda text: [text.encode()[at:at + UNITS]
                         for at in range(0, len(text.encode()), UNITS)],
}


def send(place, rendering, text, **fields):
    parts = RENDERINGS[rendering](text)
    assert len(parts) > 1
    up = place.upload(*parts, sent=(), isCompressed="base64" in rendering,
                      totalSize=sum(map(js.length, parts))
                      if rendering == "JSON" else sum(map(len, parts)),
                      **fields)
    indexes = list(range(len(parts)))
    random.Random(rendering).shuffle(indexes)
    for index in indexes:
        up.put(index)
    return up


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_file(place, rendering):
    """Byte for byte, in every setting."""
    text = js.stringify(document()).decode()
    assert js.length(text) > SIZE_MIN
    up = send(place, rendering, text, fileName="Reise 🚲.json",
              contentType="application/json")
    answer = up.complete()
    assert answer.status == 201, answer
    assert answer.json["name"] == "Reise 🚲.json"
    assert answer.json["sha256"] == hashlib.sha256(text.encode()).hexdigest()
    assert place.stored(up.persistent_id) == text.encode()


@pytest.fixture(scope="module", params=["redis+mongodb", "redis-invalid"])
def collection(request, clean):
    with Place(request.param,
               {"TRANCHE_SINK": "mongodb:" + COLLECTION}) as made:
        yield made


def values(stored):
    return {k: v for k, v in stored.items() if k not in ADDED | {"_tranche"}}


@pytest.mark.parametrize("rendering", RENDERINGS)
def test_document(collection, rendering):
    """Value for value, in the answer and in the collection."""
    route = document()
    up = send(collection, rendering, js.stringify(route).decode())
    answer = up.complete()
    assert answer.status == 201, answer
    assert answer.json["persistentId"] == up.persistent_id
    assert values(answer.json) == route
    assert list(values(answer.json)) == list(route)
    name = settings.mongodb_name(collection.setting)
    with settings.mongodb_client() as client:
        stored = client[name][COLLECTION].find_one(
            {"persistentId": up.persistent_id})
    assert values(stored) == route
    assert {k for k in stored} - set(route) == ADDED | {"_tranche"}
    # Too large for a session's record: from the sink, the same.
    again = up.complete()
    assert (again.status, again.json) == (201, answer.json)
    assert up.status().json["result"] == answer.json


@pytest.mark.parametrize("place", ["embedded", "redis+mongodb"],
                         indirect=True)
def test_binary_file(place):
    """100 MB through raw chunks of 512 KiB, a gap in it first."""
    content = random.Random(100).randbytes(FILE_SIZE)
    total = -(-FILE_SIZE // CHUNK)
    name = unique_id()
    started = place.client.start(
        totalChunks=total, totalSize=FILE_SIZE, persistentId=name,
        sha256=hashlib.sha256(content).hexdigest())
    sid = started.json["sessionId"]
    gap = {3, total - 1}
    for index in [i for i in range(total) if i not in gap] + sorted(gap):
        answer = place.client.upload_raw(
            sid, index, content[index * CHUNK:(index + 1) * CHUNK])
        assert answer.status == 200, answer
    answer = place.client.complete(sid)
    assert answer.status == 201, answer
    assert answer.json["size"] == FILE_SIZE
    assert place.stored(name) == content
    (place.sink / name).unlink()

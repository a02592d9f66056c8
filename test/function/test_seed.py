# SPDX-License-Identifier: MIT
"""The test that the original's document gives: REDIS_URL is invalid, a route
of more than 800 KB is uploaded, every chunk is taken and processed, MongoDB
has the temporary documents under the original's names, and they go by
themselves."""

import datetime
from types import SimpleNamespace

import pytest

import js
import settings
from place import Place
from route import document
from server import wait_until

DATABASE = "tranche_function_seed"
SESSIONS, CHUNKS = "chunkeduploadsessions", "chunkeduploadchunks"
CHUNK_UNITS = 100_000
TTL_SECONDS = 16
PURGE_SECONDS = 150    # the server's monitor runs once a minute


def slices(text):
    """Cut as the original's client does, but never within a pair: each part
    is then valid Unicode, and kept as a String."""
    parts = js.slices(text, CHUNK_UNITS)
    for i, part in enumerate(parts[:-1]):
        if "\ud800" <= part[-1] <= "\udbff":
            parts[i], parts[i + 1] = part[:-1], part[-1] + parts[i + 1]
    return [js.join([part]) for part in parts]


@pytest.fixture(scope="session")
def seed():
    """The upload, and what a stranger read from the database on the way.
    One more session is left as it is, for time to take away."""
    route = document()
    text = js.stringify(route).decode()
    parts = slices(text)
    uri = settings.with_path(settings.real_url("MONGODB_URI"), DATABASE)
    env = {"MONGODB_URI": uri, "TRANCHE_SINK": "mongodb:routes",
           "TRANCHE_TTL": str(TTL_SECONDS)}
    with settings.mongodb_client() as client, Place("redis-invalid",
                                                    env) as place:
        client.drop_database(DATABASE)
        database = client[DATABASE]
        up = place.upload(*parts, sent=(), totalSize=js.length(text))
        left = place.upload(sent=(0, 2))
        answers = [up.put(index) for index in range(len(parts))]
        here = {"sessionId": up.sid}
        session = database[SESSIONS].find_one(here)
        chunks = list(database[CHUNKS].find(here).sort("chunkIndex", 1))
        indexes = [index for name in (SESSIONS, CHUNKS)
                   for index in database[name].index_information().values()]
        completed = up.complete()
        return SimpleNamespace(
            route=route, text=text, parts=parts, up=up, left=left,
            answers=answers, session=session, chunks=chunks, indexes=indexes,
            completed=completed,
            chunks_after=database[CHUNKS].count_documents(here),
            left_before=database[CHUNKS].count_documents(
                {"sessionId": left.sid}),
            stored=database["routes"].find_one(
                {"persistentId": up.persistent_id}))


@pytest.mark.first
def test_uploaded(seed):
    """Every chunk, to MongoDB."""
    assert js.length(seed.text) > 800_000
    assert [answer.json["receivedChunks"] for answer in seed.answers] == list(
        range(1, len(seed.parts) + 1))
    for answer in (seed.up.started, *seed.answers, seed.completed):
        assert answer.headers["Tranche-Tier"] == "mongodb"


@pytest.mark.first
def test_session_schema(seed):
    session = seed.session
    assert session["sessionId"] == seed.up.sid
    assert session["persistentId"] == seed.up.persistent_id
    assert session["totalChunks"] == len(seed.parts)
    assert session["totalSize"] == js.length(seed.text)
    assert session["receivedChunks"] == len(seed.parts)
    assert session["isUpdate"] is False
    assert session["isCompressed"] is False
    assert session["chunks"] == {str(index): True
                                 for index in range(len(seed.parts))}
    assert isinstance(session["createdAt"], datetime.datetime)
    left = session["purgeAt"] - session["createdAt"]
    assert left.total_seconds() == pytest.approx(TTL_SECONDS * 1.25, abs=.01)


@pytest.mark.first
def test_chunk_schema(seed):
    assert [chunk["chunkIndex"] for chunk in seed.chunks] == list(
        range(len(seed.parts)))
    for chunk, part in zip(seed.chunks, seed.parts):
        assert chunk["sessionId"] == seed.up.sid
        assert chunk["data"] == part    # a String
        assert isinstance(chunk["createdAt"], datetime.datetime)
        assert isinstance(chunk["purgeAt"], datetime.datetime)
    assert "".join(chunk["data"] for chunk in seed.chunks) == seed.text


@pytest.mark.first
def test_indexes(seed):
    """One TTL index a collection, and what finds a session."""
    timed = [index["key"] for index in seed.indexes
             if index.get("expireAfterSeconds") == 0]
    assert timed == [[("purgeAt", 1)]] * 2
    keys = [tuple(name for name, _ in index["key"]) for index in seed.indexes]
    assert ("sessionId",) in keys
    assert ("sessionId", "chunkIndex") in keys


@pytest.mark.first
def test_processed(seed):
    """The route is stored and answered; its chunks are gone at once."""
    assert seed.completed.status == 201, seed.completed
    for stored in (seed.stored, seed.completed.json):
        assert {name: stored[name] for name in seed.route} == seed.route
    assert seed.chunks_after == 0
    assert seed.left_before == 2


@pytest.mark.last
def test_gone_by_themselves(seed):
    """Nobody touched them; nothing of either session is left."""
    with settings.mongodb_client() as client:
        database = client[DATABASE]
        both = {"sessionId": {"$in": [seed.up.sid, seed.left.sid]}}
        wait_until(lambda: not (database[SESSIONS].count_documents(both)
                                or database[CHUNKS].count_documents(both)),
                   PURGE_SECONDS, "the TTL monitor")
        assert database["routes"].count_documents({}) == 1
        client.drop_database(DATABASE)

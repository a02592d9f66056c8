# SPDX-License-Identifier: MIT
"""A tier that served falls silent in the middle of an upload, and comes
back."""

import time

import pytest

import settings
from place import Place
from proxy import Proxy

COOLDOWN_MS = 100


@pytest.fixture
def proxy(clean):
    with Proxy(settings.redis_url(settings.SETTINGS["redis+mongodb"])) as made:
        yield made


def behind(proxy, tiers):
    return Place("redis+mongodb", {
        "REDIS_URL": proxy.front, "TRANCHE_TIERS": tiers,
        "TRANCHE_COOLDOWN": str(COOLDOWN_MS)})


def reopen(proxy):
    """Every process asks again when its cool-down is over."""
    proxy.open()
    time.sleep(2 * COOLDOWN_MS / 1000)


def test_the_only_tier(proxy):
    """503 to all that a client may ask, never 404: it waits. Then the upload
    goes on where it was."""
    with behind(proxy, "redis") as place:
        up = place.upload()
        proxy.shut()
        for answer in (up.status(), up.complete(), up.abort(),
                       up.client.upload_text(up.sid, 1, "två "),
                       up.client.start(totalChunks=1, totalSize=1)):
            assert (answer.status, answer.code) == (503, "unavailable"), answer
        reopen(proxy)
        assert up.status().json["missing"] == [[1, 2]]
        up.completes()


def test_one_of_two(proxy):
    """What redis has is missing while it is silent, with the word to wait;
    what comes meanwhile goes to mongodb; in the end both are joined."""
    with behind(proxy, "redis,mongodb,memory") as place:
        up = place.upload(b"first", b"second", b"third", sent=(0,))
        proxy.shut()
        answer = up.put(1)
        assert answer.headers["Tranche-Tier"] == "mongodb"
        for answer in (up.status(), up.complete()):
            assert answer.json["missing"] == [[0, 0], [2, 2]], answer
            assert answer.retry_after > 0, answer
        assert up.complete().status == 400
        # The same bytes, sent again into the silence, are taken.
        up.put(2)
        reopen(proxy)
        assert up.status().json["missing"] == []
        assert up.status().retry_after == 0
        answer = up.complete()
        assert answer.status == 201, answer
        up.is_done()


def test_chunk_again_elsewhere(proxy):
    """A chunk that redis has is sent again while redis is silent."""
    with behind(proxy, "redis,mongodb,memory") as place:
        up = place.upload()
        proxy.shut()
        up.put_all()
        up.completes()
        reopen(proxy)
        up.is_done()
        assert up.status().headers["Tranche-Tier"] == "redis"


def test_sink(clean):
    """A sink that is silent: 503, nothing is lost, and once it answers there
    is one document."""
    setting = settings.SETTINGS["redis+mongodb"]
    with Proxy(settings.mongodb_uri(setting)) as proxy, Place(
            "redis+mongodb", {
                "MONGODB_URI": proxy.front, "TRANCHE_TIERS": "redis",
                "TRANCHE_SINK": "mongodb:silence",
                "TRANCHE_COOLDOWN": str(COOLDOWN_MS)}) as place:
        up = place.upload('{"name":', '"x"}', sent=(0, 1))
        proxy.shut()
        for _ in range(2):
            answer = up.complete()
            assert (answer.status, answer.code) == (503, "unavailable")
        reopen(proxy)
        assert up.complete().status == 201
        assert up.status().json["result"]["name"] == "x"
        with settings.mongodb_client() as client:
            stored = client[settings.mongodb_name(setting)]["silence"]
            assert stored.count_documents(
                {"persistentId": up.persistent_id}) == 1


def test_completed_while_silent(proxy):
    """An upload that was completed while redis was silent is completed, and
    one that was aborted is gone, also for who asks redis first."""
    with behind(proxy, "redis,mongodb,memory") as place:
        done, gone = place.upload().put_all(), place.upload()
        proxy.shut()
        done.put_all()
        done.completes()
        assert gone.abort().status == 200
        reopen(proxy)
        assert place.upload().started.headers["Tranche-Tier"] == "redis"
        done.is_done()
        assert done.abort().status == 409
        for answer in (gone.status(), gone.complete()):
            assert answer.status == 404, answer
        assert gone.abort().status == 200
        assert gone.client.upload_text(gone.sid, 0, "one ").status == 404

# SPDX-License-Identifier: MIT
"""TRANCHE_COPIES=2: what was answered 2xx outlives the loss of one tier."""

import pytest
import redis

import settings
from place import Place
from proxy import Proxy
from server import wait_until
from test_environment import refusal

RETRY_SECONDS = 20
REDIS_DATABASE = "14"
MONGODB_DATABASE = "tranche_function_copies"
BOTH = ["redis", "mongodb"]


def redis_url():
    return settings.with_path(settings.real_url("REDIS_URL"), REDIS_DATABASE)


def mongodb_uri():
    return settings.with_path(settings.real_url("MONGODB_URI"),
                              MONGODB_DATABASE)


def lose(tier):
    """All that it holds, at once."""
    if tier == "redis":
        redis.Redis.from_url(redis_url()).flushdb()
    else:
        with settings.mongodb_client() as client:
            client.drop_database(MONGODB_DATABASE)


class Copies(Place):
    """A host with both tiers, each behind a proxy, and with memory too. With
    no cool-down, so that a tier that is back is asked at once."""

    def __init__(self, env=None):
        self.proxies = {"redis": Proxy(redis_url()),
                        "mongodb": Proxy(mongodb_uri())}
        super().__init__("embedded", {
            "REDIS_URL": self.proxies["redis"].front,
            "MONGODB_URI": self.proxies["mongodb"].front,
            "TRANCHE_COPIES": "2", "TRANCHE_COOLDOWN": "0",
            **(env or {})})

    def __enter__(self):
        for tier, proxy in self.proxies.items():
            lose(tier)
            proxy.__enter__()
        return super().__enter__()

    def __exit__(self, *exception):
        done = super().__exit__(*exception)
        for proxy in self.proxies.values():
            proxy.__exit__(*exception)
        return done


@pytest.fixture(scope="module")
def copies(clean):
    with Copies() as made:
        yield made


@pytest.fixture
def silent(copies, request):
    """Makes a tier silent; ends with all of them answering."""
    shut = []

    def shut_one(tier):
        copies.proxies[tier].shut()
        shut.append(tier)

    yield shut_one
    for tier in shut:
        copies.proxies[tier].open()
    wait_until(lambda: copies.client.start(
        totalChunks=1, totalSize=1).status == 200, RETRY_SECONDS,
        "both tiers are asked again")


def send(up, index, data=None):
    return up.client.upload_text(up.sid, index, data or up.parts[index])


def retries(call):
    """As a client does: the same again while it is told to wait."""
    answers = []

    def asked():
        answers.append(call())
        assert answers[-1].status in (200, 503), answers[-1]
        return answers[-1].status == 200

    wait_until(asked, RETRY_SECONDS, "a retry succeeds")
    return answers


def test_served_by_the_first(copies):
    up = copies.upload()
    assert up.started.headers["Tranche-Tier"] == "redis"
    assert [up.put(i).json["receivedChunks"] for i in range(3)] == [1, 2, 3]
    assert up.put(1).headers["Tranche-Tier"] == "redis"
    up.completes()
    up.is_done()


@pytest.mark.parametrize("tier", BOTH)
def test_one_tier_loses_all(copies, tier):
    """Nothing is missing, and the document is what was sent."""
    up = copies.upload().put_all()
    lose(tier)
    assert up.status().json["missing"] == []
    answer = up.complete()
    assert answer.status == 201, answer
    up.is_done()


@pytest.mark.parametrize("tier", BOTH)
def test_one_tier_loses_all_before_complete_asks(copies, tier):
    """Not even status was asked, which would bring the session back."""
    up = copies.upload().put_all()
    lose(tier)
    answer = up.complete()
    assert answer.status == 201, answer
    up.is_done()


@pytest.mark.parametrize("first, then", [BOTH, BOTH[::-1]])
def test_one_after_the_other(copies, first, then):
    """A 2xx after the first loss promises two copies again: of that chunk, and
    of the session."""
    up = copies.upload()
    lose(first)
    up.put(1)
    lose(then)
    assert up.status().json["missing"] == [[0, 0], [2, 2]]
    up.completes()


@pytest.mark.parametrize("first, then", [BOTH, BOTH[::-1]])
def test_again_is_two_copies_again(copies, first, then):
    up = copies.upload().put_all()
    lose(first)
    up.put_all()
    lose(then)
    assert up.complete().status == 201
    up.stored()


@pytest.mark.parametrize("tier", BOTH)
def test_one_tier_is_silent(copies, silent, tier):
    """start and upload wait for it, with Retry-After; what was promised can be
    read meanwhile; then the retries succeed, and there are two copies."""
    up = copies.upload()
    silent(tier)
    for answer in (send(up, 1),
                   copies.client.start(totalChunks=1, totalSize=1)):
        assert (answer.status, answer.code) == (503, "unavailable"), answer
        assert answer.retry_after > 0
    assert 0 not in [i for i, _ in up.status().json["missing"]]
    copies.proxies[tier].open()
    retries(lambda: send(up, 1))
    up.put(2)
    lose("mongodb" if tier == "redis" else "redis")
    assert up.complete().status == 201
    up.stored()


@pytest.mark.parametrize("tier", BOTH)
def test_complete_while_one_is_silent(copies, silent, tier):
    """One that has answered 2xx to every chunk waits for nobody."""
    up, gone = copies.upload().put_all(), copies.upload()
    silent(tier)
    assert up.complete().status == 201
    up.is_done()
    assert gone.abort().status == 200
    assert gone.status().status == 404


def test_memory_is_no_copy(copies, silent):
    """It is named in TRANCHE_TIERS, and takes nothing: neither while a tier is
    silent nor while both are."""
    up = copies.upload()
    for tier in BOTH:
        silent(tier)
        assert send(up, 1).status == 503
        assert copies.client.start(totalChunks=1, totalSize=1).status == 503
    assert up.status().status == 503
    assert not [path for path in copies.serve.memory.rglob("*")
                if up.sid in path.name or path.stat().st_size > 4096]


@pytest.mark.parametrize("tier", BOTH)
def test_other_bytes(copies, tier):
    """Refused while either copy is there, and in no document."""
    up = copies.upload().put_all()
    assert send(up, 1, "other").status == 409
    lose(tier)
    assert send(up, 1, "other").status == 409
    assert send(up, 1).status == 200
    lose(next(each for each in BOTH if each != tier))
    assert send(up, 1, "other").status == 409
    up.put(0)
    up.put(2)
    assert up.complete().status == 201
    up.stored()


def test_other_bytes_that_came_half_way(copies, silent):
    """mongodb lost a chunk, and others were sent while redis was silent: what
    was promised is what is read and what may come again."""
    up = copies.upload().put_all()
    with settings.mongodb_client() as client:
        client[MONGODB_DATABASE]["chunkeduploadchunks"].delete_many({})
    silent("redis")
    assert send(up, 1, "other").status == 503
    copies.proxies["redis"].open()
    retries(lambda: send(up, 1))
    assert send(up, 1, "other").status == 409
    up.put_all()
    lose("redis")
    assert up.complete().status == 201
    up.stored()


@pytest.mark.parametrize("variable", ["REDIS_URL", "MONGODB_URI"])
def test_invalid_url(copies, variable):
    """Its host starts, and says why in its log; it makes no promise of two
    copies, and completes what others promised."""
    other = {name: proxy.front for name, proxy in zip(
        ("REDIS_URL", "MONGODB_URI"), copies.proxies.values())}
    with Place("embedded", {
            **other, variable: "invalid", "TRANCHE_COPIES": "2",
            "TRANCHE_SINK": "file:%s" % copies.sink}) as one:
        answer = one.client.start(totalChunks=1, totalSize=1)
        assert (answer.status, answer.code) == (503, "unavailable"), answer
        up = copies.upload()
        answer = one.client.upload_text(up.sid, 1, up.parts[1])
        assert (answer.status, answer.code) == (503, "unavailable"), answer
        up.put_all()
        assert one.client.complete(up.sid).status == 201
        logged = one.serve.logged()
        assert variable + " is invalid" in logged
        assert "fewer shared tiers are configured than copies" in logged
    up.is_done()


REFUSED = [
    ({}, "TRANCHE_COPIES is 2"),
    ({"REDIS_URL": "redis://127.0.0.1:1"}, "MONGODB_URI"),
    ({"MONGODB_URI": "mongodb://127.0.0.1:1"}, "REDIS_URL"),
    ({"REDIS_URL": "redis://127.0.0.1:1",
      "MONGODB_URI": "mongodb://127.0.0.1:1",
      "TRANCHE_TIERS": "mongodb,memory"}, "TRANCHE_TIERS"),
    ({"TRANCHE_COPIES": "3"}, "TRANCHE_COPIES must be 1 or 2"),
]


@pytest.mark.parametrize("env, words", REFUSED)
def test_without_two_shared_tiers(env, words):
    """Nothing is served, and the words say what to set."""
    said = refusal({"TRANCHE_COPIES": "2", **env})
    assert words in said, said

# SPDX-License-Identifier: MIT
"""The races by name, of processes of two hosts on real tiers. Where one of them
is to be late, its proxy holds it at a defined step; the other host's is open."""

import contextlib
import hashlib
import os
import signal
import threading

import pytest

from clocks import Clock
from invariants import (History, check, check_once, content_of, finish,
                        finishes)
from server import wait_until
from several import Host, Servers

SECONDS = 100           # I5: a busy machine's
WAIT_SECONDS = 60
ROUNDS = 15
# Timeouts that none runs into, and no cool-down.
ENV = {"TRANCHE_REDIS_TIMEOUT": "30000", "TRANCHE_MONGODB_TIMEOUT": "30000",
       "TRANCHE_REQUEST_TIMEOUT": "90000", "TRANCHE_COMPLETE_TIMEOUT": "90000",
       "TRANCHE_COOLDOWN": "0"}
PARTS = ('{"name":"\ud83d', '\ude00","n":1', ',"text":"z"}')
# Tiers and sink.
SETTINGS = (("redis", "file"), ("mongodb", "mongodb"),
            ("redis,mongodb", "file"), ("redis,mongodb", "mongodb"))
# What a complete says to its first tier as it begins that step.
STEPS = {
    "redis": {"claim": b":claim\r\n", "list": b":chunks\r\n",
              "assemble": b":chunk:2:", "record": b"completed"},
    "mongodb": {"claim": b"chunkeduploadclaims", "list": b"chunkIndex",
                "assemble": b"chunkeduploadchunks", "record": b"answer\0"},
}
HELD = ("list", "assemble", "record")


class Pair:
    """Two hosts, `one` being late; each with one worker for each function."""

    def __init__(self, servers, tiers, sink):
        self.servers, self.tiers, self.sink = servers, tiers, sink
        self.first = tiers.split(",")[0]
        self.documents = (servers.mongodb_sink if sink == "mongodb"
                          else servers.file_sink)
        self.clock = Clock(servers.root)
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.one, self.two = (self.stack.enter_context(Host(
            self.servers, self.tiers, self.sink, workers=1,
            env={**ENV, **env})) for env in (self.clock.env, {}))
        self.proxy = self.one.proxies[self.first]
        return self

    def __exit__(self, *exception):
        return self.stack.__exit__(*exception)

    def start(self, parts=PARTS, sent=True, **fields):
        history = History(self.one.client, parts, **fields)
        assert history.start().is_done, history
        for index in range(len(parts) if sent else 0):
            assert history.upload(index).is_done, history
        return history

    def late(self, history, step, function="complete"):
        return Late(self, history, STEPS[self.first].get(step, step),
                    function)

    def end_lease(self, history):
        self.servers.end_lease(history)

    def kill(self, function):
        pid, = self.one.serve.processes(function)
        os.kill(pid, signal.SIGKILL)


class Late:
    """A request that is held where it says the words to its tier; let_go() of
    it, and it is told how that ended."""

    def __init__(self, pair, history, words, function):
        self.pair = pair
        asked = pair.proxy.asked
        pair.proxy.hold_at(words)
        self.thread = threading.Thread(target=self.run, args=(
            history, function))
        self.thread.start()
        try:
            wait_until(lambda: pair.proxy.asked > asked
                       or not self.thread.is_alive(), WAIT_SECONDS,
                       "that it is held")
            assert pair.proxy.asked > asked, "not held: %s" % history
        except AssertionError:
            self.let_go()
            raise

    def run(self, history, function):
        with self.pair.one.another_client() as client:
            self.told = history.call(function, client)

    def let_go(self):
        self.pair.proxy.open()
        self.thread.join()
        return self.told


@pytest.fixture(scope="module")
def servers():
    with Servers() as made:
        yield made


@pytest.fixture(scope="module", params=SETTINGS, ids="-".join)
def pair(servers, request):
    with Pair(servers, *request.param) as made:
        yield made


@pytest.fixture(scope="module")
def two_tiers(servers):
    with Pair(servers, "redis,mongodb", "file") as made:
        yield made


def is_completed(pair, history):
    for host in (pair.one, pair.two):
        assert history.status(host.client).answer.json["state"] == (
            "completed"), history
        assert history.complete(host.client).is_done, history
        assert history.abort(host.client).code == "completed", history
    check_once(history, pair.documents)
    assert pair.documents.documents(history.persistent_id), history


def is_aborted(pair, history):
    for host in (pair.one, pair.two):
        for function in ("status", "complete", "upload"):
            assert history.call(function, host.client).status == 404, history
        assert history.abort(host.client).status == 200, history
    assert not pair.documents.documents(history.persistent_id), history


def is_one_of_two(pair, history):
    """What they all say now."""
    if history.status(pair.two.client).status == 404:
        is_aborted(pair, history)
    else:
        is_completed(pair, history)


def test_abort_against_complete(pair):
    """At once, on two hosts: one wins everywhere."""
    seen = set()
    for n in range(ROUNDS):
        history = pair.start()
        together = threading.Barrier(2)

        def ask(function, host):
            with host.another_client() as client:
                together.wait()
                history.call(function, client)
        hosts = (pair.one, pair.two) if n % 2 else (pair.two, pair.one)
        threads = [threading.Thread(target=ask, args=each)
                   for each in zip(("complete", "abort"), hosts)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        done, = (t.status for t in history.of("complete"))
        gone, = (t.status for t in history.of("abort"))
        seen.add((done, gone))
        assert (done, gone) in ((201, 409), (404, 200), (409, 200),
                                (409, 409)), history
        if done == 201:
            is_completed(pair, history)
        elif gone == 200:
            is_aborted(pair, history)
        else:
            assert finish(history, pair.two.client).is_done, history
            is_completed(pair, history)
    print(pair.tiers, pair.sink, sorted(seen))


@pytest.mark.parametrize("step", HELD)
def test_abort_while_complete_is_at_work(pair, step):
    history = pair.start()
    late = pair.late(history, step)
    said = history.abort(pair.two.client)
    done = late.let_go()
    assert said.code == "claimed" and said.answer.retry_after, history
    assert done.status == 201, history
    is_completed(pair, history)


@pytest.mark.parametrize("step", HELD)
def test_abort_after_the_claim_was_lost(pair, step):
    """Both may be answered 2xx then: `completed` wins in all later answers."""
    history = pair.start()
    late = pair.late(history, step)
    pair.end_lease(history)
    said = history.abort(pair.two.client)
    done = late.let_go()
    # The sink has it already where only the record was to come.
    assert said.status == (409 if step == "record" else 200), history
    if said.status == 409:
        assert said.code == "completed", history
    if done.is_done:
        is_completed(pair, history)
    else:
        is_one_of_two(pair, history)


@pytest.mark.parametrize("step", ("claim", *HELD))
def test_complete_that_another_overtakes(pair, step):
    """Its claim ran out while it was at work: the same answer."""
    history = pair.start()
    late = pair.late(history, step)
    pair.end_lease(history)
    done = history.complete(pair.two.client)
    assert done.status == 201, history
    slow = late.let_go()
    assert slow.status == 201, history
    assert slow.answer.json == done.answer.json, history
    is_completed(pair, history)
    check(history, pair.documents, SECONDS)


@pytest.mark.parametrize("step", HELD)
def test_complete_that_is_killed(pair, step):
    """Another goes on where it was."""
    history = pair.start()
    late = pair.late(history, step)
    pair.kill("complete")
    late.let_go()
    assert late.told.status == 502, history
    told = finishes(history, pair.documents, pair.two.client,
                    lapse=pair.end_lease)
    assert told.status == 201
    is_completed(pair, history)


def test_killed_before_the_record_and_chunks_are_lost(pair):
    """The sink is the authority: nothing is needed to answer the same."""
    history = pair.start()
    late = pair.late(history, "record")
    pair.kill("complete")
    late.let_go()
    pair.end_lease(history)
    for key in pair.servers.redis.keys("chunked:{%s}:chunk*" % history.sid):
        pair.servers.redis.delete(key)
    pair.servers.mongodb["chunkeduploadchunks"].delete_many(
        {"sessionId": history.sid})
    told = history.complete(pair.two.client)
    assert told.status == 201, history
    is_completed(pair, history)
    check(history, pair.documents, SECONDS)


def test_killed_before_the_record_and_one_tier_is_flushed(two_tiers):
    for flush in (lambda: two_tiers.servers.redis.flushall(),
                  lambda: [two_tiers.servers.mongodb[name].delete_many({})
                           for name in two_tiers.servers.mongodb
                           .list_collection_names()]):
        history = two_tiers.start()
        late = two_tiers.late(history, "record")
        two_tiers.kill("complete")
        late.let_go()
        two_tiers.end_lease(history)
        flush()
        told = history.complete(two_tiers.two.client)
        assert told.status == 201, history
        is_completed(two_tiers, history)
        check(history, two_tiers.documents, SECONDS)


def test_killed_before_the_record_and_all_is_flushed(two_tiers):
    """No tier has the session, which is 404 then; the document stays the one,
    and who sends it again is told that it is taken."""
    pair = two_tiers
    history = pair.start()
    late = pair.late(history, "record")
    pair.kill("complete")
    late.let_go()
    pair.servers.redis.flushall()
    for name in pair.servers.mongodb.list_collection_names():
        if name.startswith("chunkedupload"):
            pair.servers.mongodb[name].delete_many({})
    assert history.complete(pair.two.client).status == 404, history
    again = pair.start(persistentId=history.persistent_id)
    assert again.complete().code == "taken", again
    assert len(pair.documents.documents(history.persistent_id)) == 1


def test_update_that_is_killed_then_another_then_again(pair):
    """It is applied once, though another came between."""
    name = pair.start()
    assert name.complete().status == 201, name
    parts = [('{"name":"first"', ',"n":2}'), ('{"name":"second"', ',"n":3}')]
    first, second = (pair.start(each, persistentId=name.persistent_id,
                                isUpdate=True) for each in parts)
    late = pair.late(first, "record")
    pair.kill("complete")
    late.let_go()
    pair.end_lease(first)
    assert second.complete(pair.two.client).status == 200, second
    for host in (pair.two, pair.one):
        assert first.complete(host.client).status == 200, first
    document, = pair.documents.documents(name.persistent_id)
    if pair.sink == "file":
        assert document == "".join(parts[1]).encode()
    else:
        assert (document["name"], document["n"]) == ("second", 3)
    assert second.complete(pair.one.client).status == 200, second


@pytest.mark.parametrize("ends", ("complete", "abort"))
def test_put_back_against_a_later_state(two_tiers, ends):
    """An open record is on its way to the tier that lacks it, as that gets the
    later one."""
    pair = two_tiers
    history = pair.start()
    pair.servers.redis.delete("chunked:{%s}:info" % history.sid)
    late = pair.late(history, b"EVALSHA", "status")
    assert history.call(ends, pair.two.client).is_done, history
    late.let_go()
    (is_completed if ends == "complete" else is_aborted)(pair, history)
    state = pair.servers.redis.hget("chunked:{%s}:info" % history.sid, "state")
    assert state == {"complete": b"2", "abort": b"1"}[ends]


@pytest.mark.parametrize("lost", (False, True))
@pytest.mark.parametrize("declared", (False, True))
def test_two_contents_in_two_tiers(two_tiers, declared, lost):
    """Either may be in the document, all say the same of it; with a sha256 at
    start it is the one that was meant, or none. `lost` from the first."""
    pair, more = two_tiers, {}
    if declared:
        more["sha256"] = hashlib.sha256(content_of(PARTS)).hexdigest()
    history = pair.start(**more)
    other = PARTS[1].replace("1", "2")
    # In MongoDB too, by a host that does not see Redis just now.
    pair.one.proxies["redis"].shut()
    told = history.upload(1, other)
    pair.one.proxies["redis"].open()
    assert told.status == 200, history
    if lost:
        pair.servers.redis.hdel("chunked:{%s}:chunks" % history.sid, 1)
    told = history.complete(pair.two.client)
    if declared and lost:
        assert told.code == "mismatch", history
        assert not pair.documents.documents(history.persistent_id), history
        return
    assert told.status == 201, history
    is_completed(pair, history)
    check(history, pair.documents, SECONDS)
    if declared:
        content, = pair.documents.documents(history.persistent_id)
        assert content == content_of(PARTS)


MINUTE = 60


@pytest.mark.parametrize("minutes, step", (
    (61, "list"), (61, "assemble"), (61, "record"), (76, "assemble"),
    (76, "record")))
def test_time_is_over_during_complete(pair, minutes, step):
    """Within the grace it ends; after it, with a whole document or none."""
    history = pair.start()
    late = pair.late(history, step)
    pair.clock.set(minutes * MINUTE)
    try:
        told = late.let_go()
        if minutes < 75:
            assert told.status == 201, history
            assert history.status().answer.json["state"] == "completed"
        else:
            assert told.status in (201, 404, 503), history
            assert history.status().status == 404, history
    finally:
        pair.clock.set(0)
    if told.status == 201:
        # Past the grace nobody kept the record: the sink tells who asks.
        assert history.complete(pair.two.client).status == 201, history
        is_completed(pair, history)
    documents = pair.documents.documents(history.persistent_id)
    assert all(pair.documents.fits(document, history.contents()[0])
               for document in documents), history


def test_lease_is_over_during_complete(pair):
    """It cannot know who had the claim meanwhile: it gives up, or is told that
    it has done it."""
    history = pair.start()
    late = pair.late(history, "assemble")
    pair.clock.set(monotonic=61)
    try:
        told = late.let_go()
    finally:
        pair.clock.set(0)
    assert told.status in (201, 409, 503), history
    finishes(history, pair.documents, pair.two.client, lapse=pair.end_lease)
    is_completed(pair, history)

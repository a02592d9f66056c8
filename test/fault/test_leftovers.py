# SPDX-License-Identifier: MIT
"""I8: when a session's time is over, and the sweep has been, nothing of it is
left but the finished document."""

import os
import time

import pytest

from bench import COOLDOWN
from invariants import FileSink, History, check_nothing_left, finishes
from place import Place

TTL_SECONDS = 2
# A grace of a quarter; MongoDB keeps a claim for a lease more, memory is swept
# once a minute, and the machine is busy.
GONE_SECONDS = 1.25 * TTL_SECONDS + 60 + 30
FULL = bool(os.environ.get("TRANCHE_FAULT_FULL"))
SETTINGS = ["redis"] + FULL * ["redis,mongodb,memory", "memory"]
PARTS = ("one ", b"\0\xff two", "three")


@pytest.fixture(scope="module", params=SETTINGS)
def place(request, bench):
    """With an upload of each kind, whose times end together."""
    bench.leave()
    env = {"TRANCHE_TTL": str(TTL_SECONDS), "TRANCHE_COOLDOWN": str(COOLDOWN),
           "TRANCHE_TIERS": request.param}
    if "redis" in request.param:
        env["REDIS_URL"] = bench.redis_proxy.front
    if "mongodb" in request.param:
        assert bench.servers
        env["MONGODB_URI"] = bench.mongodb_proxy.front
    with Place("embedded", env) as made:
        made.tiers = request.param
        made.histories = {kind: kind(bench, made) for kind in KINDS}
        yield made


def completed(bench, place):
    history = History(place.client, PARTS)
    finishes(history, FileSink(place.sink))
    return history


def aborted(bench, place):
    history = left(bench, place)
    assert history.abort().is_done, history
    return history


def left(bench, place):
    history = History(place.client, PARTS)
    for told in (history.start(), history.upload(0), history.upload(1)):
        assert told.is_done, history
    return history


def refused(bench, place):
    """Its completes fail, and write something aside each time."""
    history = History(place.client, PARTS, sha256="0" * 64)
    history.start()
    for index in range(len(PARTS)):
        history.upload(index)
    assert history.complete().status == 422, history
    return history


def left_in_memory(bench, place):
    """Begun while nobody else answered, where memory is a tier."""
    for proxy in proxies(bench, place):
        proxy.shut()
    try:
        return left(bench, place)
    finally:
        for proxy in proxies(bench, place):
            proxy.open()
        bench.cool_down()


def spread(bench, place):
    """Over every tier."""
    history = left(bench, place)
    for proxy in proxies(bench, place):
        proxy.shut()
        history.upload(2)
    for proxy in proxies(bench, place):
        proxy.open()
    bench.cool_down()
    return history


def proxies(bench, place):
    """Of those tiers that have others to stand in for them."""
    if place.tiers == "redis":
        return []
    return [proxy for name, proxy in (("redis", bench.redis_proxy),
                                      ("mongodb", bench.mongodb_proxy
                                       if bench._servers else None))
            if name in place.tiers]


KINDS = [completed, aborted, left, refused, left_in_memory, spread]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_nothing_is_left(bench, place, kind):
    history = place.histories[kind]
    sink = FileSink(place.sink)

    def sweep():
        """Who starts sweeps memory, who completes the sink."""
        finishes(History(place.client, PARTS), sink)
        time.sleep(0.2)

    check_nothing_left(
        history, sink, GONE_SECONDS, sweep,
        redis=bench.redis.client() if "redis" in place.tiers else None,
        mongodb=bench.mongodb() if "mongodb" in place.tiers else None,
        folders=[place.serve.memory, place.serve.root / "state"])
    assert bool(sink.documents(history.persistent_id)) == (kind is completed)

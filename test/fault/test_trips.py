# SPDX-License-Identifier: MIT
"""The network fails in the middle of a request: at the first thing that the
function says to the server, at the second, and so on to its last. What it said
is cut off, comes late, or was done and nobody heard of it."""

import os

import pytest

from bench import DEADLINES
from invariants import History, check, check_once, finishes, must_wait
from trips import FAULTS

FULL = bool(os.environ.get("TRANCHE_FAULT_FULL"))
SETTINGS = [("redis", "redis"), ("redis+mongodb", "redis"),
            ("redis+memory", "redis"), ("mongodb+redis", "redis"),
            ("two copies", "redis"), ("mongodb", "mongodb"),
            ("redis+mongodb", "mongodb"), ("mongodb sink", "mongodb"),
            ("mongodb tier and sink", "mongodb")]
CASES = [(*where, fault) for where in SETTINGS for fault in FAULTS]
if not FULL:
    CASES = [("redis", "redis", "lost answer"),
             ("redis+mongodb", "redis", "late")]
PARTS = ('{"name":"\ud83d', '\ude00 name","text":"', 'x"}')
TRIPS_MAX = 100


def prepared(place, function):
    history = History(place.client, PARTS)
    if function != "start":
        assert history.start().is_done, history
        for index in range(3 if function == "complete" else 2):
            assert history.upload(index).is_done, history
    return history


def may_be(function, told):
    """Done, or told to wait or to send again; complete may have won in
    silence, so that an abort finds it completed, never the other way."""
    return (told.is_done or told.status == 503 or told.code == "claimed"
            or function == "complete" and told.code == "missing_chunks")


def end_of(bench, history, function):
    """The client goes on to what it wants."""
    if function != "abort":
        finishes(history, bench.sink, lapse=bench.lapse)
        return
    for _ in range(200):
        told = history.abort()
        if not must_wait(told):
            break
        if told.code == "claimed":
            bench.lapse(history)
        bench.cool_down()
    assert told.is_done, history
    assert not bench.sink.documents(history.persistent_id), history


@pytest.mark.parametrize("function", ["start", "upload", "status",
                                      "complete", "abort"])
@pytest.mark.parametrize("setting, server, fault", CASES)
def test_every_trip(bench, setting, server, fault, function):
    place = bench.use(setting)
    proxy = bench.proxy(server)
    place_of = bench.setting.place_of(server)
    others = place_of in ("first", "second")
    trip, begun = 0, True
    try:
        while begun:
            trip += 1
            assert trip < TRIPS_MAX
            history = prepared(place, function)
            proxy.at(trip, fault)
            told = history.call(function)
            begun = proxy.begun
            assert may_be(function, told), (trip, told, history)
            # While it lasts the other tier serves; then what was late comes.
            if others and begun:
                end_of(bench, history, function)
            proxy.open()
            bench.cool_down()
            end_of(bench, history, function)
            check(history, bench.sink, DEADLINES)
            if function != "abort":
                check_once(history, bench.sink)
    finally:
        proxy.open()
    # An upload goes to the first alone, and only outcomes are the sink's.
    asks = (setting != "mongodb sink" or function in ("complete", "abort")
            ) and (function != "upload" or place_of != "second")
    assert (trip > 1) == asks, "trips of %s to %s" % (function, server)

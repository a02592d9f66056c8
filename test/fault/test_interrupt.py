# SPDX-License-Identifier: MIT
"""Each request, its process killed and refused at each system call, on each
setting of tiers and each sink, by FastCGI and, on some, by CGI: then the
client's retries, on other processes, and the invariants.

A case walks over the points of one request on one setting and sink, with every
fault. It takes a share of them (TRANCHE_FAULT_SHARE; 1 is all, but of the calls
that load libraries SYSTEM_SHARE), at least LEAST, that a seed chooses
(TRANCHE_FAULT_SEED). A failure says which point it was, and
the TRANCHE_FAULT_POINT with which this file runs that one alone.
"""

import collections
import itertools
import os
import random
import time

import pytest

import host
import interrupted
import invariants
import trial
from server import wait_until
from walk import walk

SHARE = float(os.environ.get("TRANCHE_FAULT_SHARE") or 0.005)
SEED = int(os.environ.get("TRANCHE_FAULT_SEED") or random.randrange(10 ** 6))
LEAST = 2
SWEEP_SECONDS = 30
SYSTEM_SHARE = 0.1
POINT = os.environ.get("TRANCHE_FAULT_POINT")
PLACES = [(*place, "fcgi") for place in itertools.product(
    host.TIERS, host.SINKS)] + [
        ("memory", "file", "cgi"), ("redis", "file", "cgi"),
        ("redis+mongodb", "mongodb", "cgi")]


def sweep(on, **env):
    """What sweeps: a start, a claim, a complete. With little time to live they
    may fail: they are made again."""
    on.let_sweep()
    short = invariants.History(host.Fresh(on, env=env), trial.PARTS)
    if short.start().is_done:
        short.abort()
    invariants.finish(invariants.History(host.Kept(on), trial.PARTS))


def work_left(on):
    """In the file sink, of requests that are no more."""
    return [path for path in (on.root / "sink").glob(".tranche/*")
            if not path.name.startswith(("lock-", "done-"))]


def check_ends(on):
    """What the tiers hold they will forget by themselves, in time."""
    most = 1.25 * host.TTL_SECONDS + 60
    for key in on.redis.keys() if on.redis is not None else ():
        assert 0 < on.redis.ttl(key) <= most, key
    if on.database is None:
        return
    for name in on.database.list_collection_names():
        if name.startswith("chunkedupload"):
            found = on.database[name]
            assert any(index.get("expireAfterSeconds") == 0
                       for index in found.list_indexes()), name
            for document in found.find({}, {"purgeAt": 1}):
                assert (document["purgeAt"].timestamp()
                        <= time.time() + most), document


def choose(points):
    """Of what is about installed files, which are read and never written, a
    lesser share."""
    dice = random.Random("%s %s" % (SEED, points[0]))
    dice.shuffle(points)
    system = [p for p in points if p.is_of_system]
    own = [p for p in points if not p.is_of_system]
    return (own[:max(LEAST, round(len(own) * SHARE))]
            + system[:round(len(system) * SHARE * SYSTEM_SHARE)])


if POINT:
    def test_point():
        setting, sink, front, request, fault, n, *system = POINT.split()
        with host.Host(setting, sink, front=front) as on:
            interrupted.Point(setting, sink, front, request, fault, int(n),
                              bool(system)).run(on)
else:
    @pytest.fixture(scope="module", params=PLACES, ids="-".join)
    def place(request):
        setting, sink, front = request.param
        with host.Host(setting, sink, front=front) as on:
            yield on, setting, sink

    @pytest.mark.parametrize("disturbed", trial.REQUESTS)
    def test_each_call(place, disturbed, record_property):
        on, setting, sink = place
        points = interrupted.points(on, setting, sink, disturbed)
        print("seed %d, %d points" % (SEED, len(points)))
        chosen = choose(points)
        tolds = walk(chosen, lambda point: point.run(on).told)
        record_property("points", "%d of %d" % (len(chosen), len(points)))
        record_property("answers", dict(collections.Counter(
            "%s %s" % (point.fault, told.status or "none")
            for point, told in zip(chosen, tolds))))

    def test_nothing_is_left(place):
        """I8, of all that was disturbed before on this host."""
        on = place[0]
        check_ends(on)
        short = {"TRANCHE_TTL": "1"}
        wait_until(lambda: sweep(on, **short) or not work_left(on),
                   SWEEP_SECONDS, "an empty work folder")
        before = {path for path in on.memory.iterdir() if path.is_dir()}
        wait_until(lambda: sweep(on, **short) or not any(
            path.exists() for path in before), SWEEP_SECONDS,
            "the memory tier to forget")
        assert not list((on.root / "tmp").iterdir())
        assert len(list((on.root / "state").iterdir())) < 10

    @pytest.mark.parametrize("setting", ("memory", "redis"))
    def test_killed_and_forgotten(setting):
        """I8: nobody comes back, and the session's time passes."""
        with host.Host(setting, "file", {"TRANCHE_TTL": "5"}) as on:
            sessions = []
            for request in ("upload", "complete", "abort"):
                points = [p for p in interrupted.points(
                    on, setting, "file", request) if p.fault == "kill"]
                point = choose(points)[0]
                victim = trial.Trial(on, request)
                victim.prepare()
                point.victim(on, victim)
                sessions.append(victim.history)
            for history in sessions:
                on.end_lease(history.sid)
                invariants.check_nothing_left(
                    history, on.sink, SWEEP_SECONDS, lambda: sweep(on),
                    redis=on.redis, mongodb=on.database,
                    folders=(on.memory, on.root / "state", on.root / "tmp"))

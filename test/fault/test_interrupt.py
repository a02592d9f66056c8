# SPDX-License-Identifier: MIT
"""Each request, its process killed and refused at each system call, on each
setting of tiers and each sink: then the client's retries, on other processes,
and the invariants.

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

import pytest

import host
import interrupted
import trial

SHARE = float(os.environ.get("TRANCHE_FAULT_SHARE") or 0.005)
SEED = int(os.environ.get("TRANCHE_FAULT_SEED") or random.randrange(10 ** 6))
LEAST = 2
SYSTEM_SHARE = 0.1
POINT = os.environ.get("TRANCHE_FAULT_POINT")


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
        setting, sink, request, fault, n, *system = POINT.split()
        with host.Host(setting, sink) as on:
            interrupted.Point(setting, sink, request, fault, int(n),
                              bool(system)).run(on)
else:
    @pytest.fixture(scope="module", params=list(itertools.product(
        host.TIERS, host.SINKS)), ids="-".join)
    def place(request):
        with host.Host(*request.param) as on:
            yield on, *request.param

    @pytest.mark.parametrize("disturbed", trial.REQUESTS)
    def test_each_call(place, disturbed, record_property):
        on, setting, sink = place
        points = interrupted.points(on, setting, sink, disturbed)
        print("seed %d, %d points" % (SEED, len(points)))
        answers = collections.Counter()
        for point in choose(points):
            told = point.run(on).told
            answers["%s %s" % (point.fault, told.status or "none")] += 1
        record_property("points", len(points))
        record_property("answers", dict(answers))

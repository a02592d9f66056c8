# SPDX-License-Identifier: MIT
"""Each allocation of a request fails, alone or with all that follow it, in the
functions and in their libraries. The request is answered with a 503, or its
process ends: nothing wrong is said or stored, and the next request, to the same
process where it lives, is right.

Of all points TRANCHE_FAULT_SHARE is tried (1: all), chosen by
TRANCHE_FAULT_SEED. A failure says how its point is tried again.
"""

import contextlib
import os
import random
import signal
import subprocess
import time

import pytest

import fcgi
import invariants
from client import Client
from host import LIMIT_MS, SINKS, SLACK_SECONDS, TIERS, Host
from malloc_shim import FOR_EVER, Shim
from trial import DONE, REQUESTS, Trial
from walk import walk

SHARE = float(os.environ.get("TRANCHE_FAULT_SHARE") or 0.005)
SEED = int(os.environ.get("TRANCHE_FAULT_SEED")
           or random.randrange(10 ** 6))
POINT = os.environ.get("TRANCHE_FAULT_POINT")   # this one alone
# Without TRANCHE_FAULT_SHARE or TRANCHE_FAULT_POINT, of the cases too.
CASES_OF_A_SHARE = 32
# Of the points where libraries are loaded.
LOADING_SHARE = 0.02

PLACES = [(setting, sink)
          for setting in TIERS
          for sink in SINKS]
# A process's first request loads what it needs. With libmongoc that is nine
# thousand allocations, whichever the function: they are walked once.
LOADING = ("first", "mongodb", "file", "status")
FIRST = [("first", setting, "file", request)
         for setting in ("memory", "redis") for request in REQUESTS]
LATER = [("later", *place, request) for place in PLACES
         for request in REQUESTS]


def cases():
    every = [(*case, mode) for case in [LOADING, *FIRST, *LATER]
             for mode in ("once", "on")]
    if os.environ.get("TRANCHE_FAULT_SHARE") or POINT:
        return every
    return random.Random(SEED).sample(every, CASES_OF_A_SHARE)


def points_of(case, seen):
    """Those of 1 to seen that are tried."""
    if POINT:
        return [int(POINT)]
    share = SHARE * (LOADING_SHARE if case[:4] == LOADING else 1)
    every = range(1, seen + 1)
    if share == 1:
        return every
    n = max(1, round(share * seen))
    return sorted(random.Random("%s %s" % (SEED, case)).sample(every, n))


# abort(3) is how libbson, libfcgi and glibc end where they find no memory.
ENDS = {0, 1, -signal.SIGABRT}
# libmongoc goes on when libcrypto could not be set up, which then crashes; and
# 127 is how the loader ends.
LOADING_ENDS = ENDS | {-signal.SIGSEGV, 127}


class Starved(Client):
    """Asks one process with the shim; another one once that has ended."""

    def __init__(self, host, function, ends=ENDS):
        self.host, self.function, self.ends = host, function, ends
        self.headers = {}
        self.shim = Shim(host.root)
        self.log = host.root / "victim"
        self.process = None
        self.code = None        # how the last one ended, None: it lives

    def send(self, method, path, body=None, headers=None):
        query = path.partition("?")[2]
        return self.ask(fcgi.variables(method, query, body or b"",
                                       headers), body or b"")

    def ask(self, params, body):
        """None: it ended, or closed, without an answer."""
        if not self.process:
            self.launch()
        answer = fcgi.ask(self.path, params, body,
                          LIMIT_MS / 1000 + SLACK_SECONDS)
        # Without one it mostly ends; but libfcgi may lose a request.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0 if answer else 0.3)
        self.code = self.process.poll()
        if self.code is not None:
            self.process = None
        return answer

    def launch(self):
        self.shim.begin()
        self.process, self.path = self.host.start(
            self.function, env={"TRANCHE_MAX_REQUESTS": "0", **self.shim.env},
            log=self.log)

    def end(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


class Hunger(Trial):
    """Its request's allocations fail from one to another."""

    def prepare(self, client, is_first):
        super().prepare()
        if is_first:
            client.end()
        elif not client.process:
            warm = Trial(self.host, self.request)
            warm.prepare()
            told = warm.history.call(self.function, client)
            assert told.status == DONE[self.request], told

    def victim(self, client, first, last):
        if not client.process:
            client.launch()
        client.shim.arm(first, last, client.shim.requests + 1)
        self.told = self.history.call(self.function, client)
        if self.told.failure:
            raise self.told.failure
        assert client.code is None or client.code in client.ends, (
            "it ended by %s: %s" % (client.code, self))
        self.check_told()

    def recover(self, client):
        """The same process goes on, as if nothing had been; and the client
        with whom it likes."""
        end = time.monotonic() + invariants.RECOVERY_SECONDS
        while True:
            told = self.history.call(self.function, client)
            assert client.code is None, (
                "the next request: it ended by %s: %s" % (client.code, self))
            if told.status == DONE[self.request]:
                break
            assert invariants.must_wait(told), (
                "it cannot be repeated: %s" % self)
            assert time.monotonic() < end, "I7: %s" % self
            if told.code == "claimed":
                self.host.end_lease(self.history.sid)
            invariants.pause(told)
        if self.function != "abort":
            told = invariants.finish(self.history)
            assert told.is_done, self


@pytest.fixture(scope="module")
def hosts():
    with contextlib.ExitStack() as stack:
        made = {}

        def host(*place):
            if place not in made:
                made[place] = stack.enter_context(Host(*place))
            return made[place]

        yield host


def attempt(host, client, life, request, first, last):
    """How many allocations failed, and how many there were."""
    trial = Hunger(host, request)
    trial.prepare(client, life == "first")
    trial.victim(client, first, last)
    ended = client.code is not None
    seen = client.shim.seen
    # The next request shows that this one was ended also inside.
    trial.recover(client)
    trial.check()
    return (1, seen) if ended else (client.shim.failed, client.shim.seen)


def fails(host, client, case, n, seen):
    life, _, _, request, mode = case
    try:
        return attempt(host, client, life, request, n,
                       FOR_EVER if mode == "on" else n)[0]
    except Exception as e:
        client.end()
        raise AssertionError(
            "allocation %d of %d; TRANCHE_FAULT_POINT=%d pytest -k "
            "'test_malloc and %s' tries it again: %s" % (
                n, seen, n, "-".join(case), e)) from e


@pytest.mark.parametrize("life,setting,sink,request_name,mode", cases(),
                         ids=str)
def test_malloc(hosts, life, setting, sink, request_name, mode):
    case = (life, setting, sink, request_name, mode)
    host = hosts(setting, sink)
    client = Starved(host, Trial(host, request_name).function,
                     LOADING_ENDS if case[:4] == LOADING else ENDS)
    try:
        _, seen = attempt(host, client, life, request_name, 0, 0)
        points = list(points_of(case, seen))
        print("seed %d, %d of %d points" % (SEED, len(points), seen))
        # There may be fewer the next time, but there is a first one.
        assert sum(walk(points + [1] * (not POINT), lambda n: fails(
            host, client, case, n, seen)))
    finally:
        client.end()

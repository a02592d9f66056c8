# SPDX-License-Identifier: MIT
"""Several hosts behind one name: they see different tiers, and their clocks
differ and jump."""

import contextlib
import threading

import pytest

from clocks import Clock
from invariants import History, check, check_kept, finish, finishes
from server import wait_until
from several import Host, Servers

SECONDS = 60    # I5: a busy machine's
WAIT_SECONDS = 60
# Timeouts that none runs into, and no cool-down after a server that refuses.
ENV = {"TRANCHE_REDIS_TIMEOUT": "15000", "TRANCHE_MONGODB_TIMEOUT": "15000",
       "TRANCHE_COOLDOWN": "0"}
PARTS = ('{"name":"\ud83d', '\ude00","n":1', ',"text":"z', '"}')


@pytest.fixture(scope="module")
def servers():
    with Servers() as made:
        yield made


class Hosts:
    """By name, started when first used with these tiers, each with one worker
    for each function; from `with` to its end."""

    def __init__(self, servers, sink, **tiers):
        self.servers, self.sink = servers, sink
        self.tiers = tiers
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        for name, tiers in self.tiers.items():
            setattr(self, name, self.stack.enter_context(Host(
                self.servers, tiers, self.sink, workers=1, env=ENV)))
        return self

    def __exit__(self, *exception):
        return self.stack.__exit__(*exception)

    @property
    def documents(self):
        return (self.servers.mongodb_sink if self.sink == "mongodb"
                else self.servers.file_sink)


def told(call, status, code=None):
    assert call.status == status, call
    assert code is None or call.code == code, call
    return call


def not_found(call):
    """By all tiers that this host has."""
    told(call, 404, "not_found").allowed_404 = True


def waits(call):
    told(call, 503, "unavailable")


def same_everywhere(history, documents, *clients):
    for client in clients:
        told(history.complete(client), 201)
        said = told(history.status(client), 200)
        assert said.answer.json["state"] == "completed", history
        told(history.abort(client), 409, "completed")
    check(history, documents, SECONDS)


@pytest.fixture(scope="module", params=("file", "mongodb"))
def three(servers, request):
    with Hosts(servers, request.param, a="redis", b="mongodb",
               c="redis,mongodb") as hosts:
        yield hosts


@pytest.fixture(autouse=True)
def all_open(request):
    yield
    if "three" in request.fixturenames:
        hosts = request.getfixturevalue("three")
        for host in (hosts.a, hosts.b, hosts.c):
            for proxy in host.proxies.values():
                proxy.open()


def test_started_where_all_is_seen(three):
    a, b, c = (host.client for host in (three.a, three.b, three.c))
    history = History(c, PARTS)
    history.start()
    for index, client in enumerate((a, b, c)):
        told(history.upload(index, client=client), 200)
    # Nobody is silent: what others see is missing to these, and said so.
    assert told(history.status(a), 200).missing == [1, 3]
    assert told(history.status(b), 200).missing == [0, 2, 3]
    assert told(history.status(c), 200).missing == [3]
    told(history.upload(3, client=b), 200)
    assert told(history.complete(a), 400, "missing_chunks").missing == [1, 3]
    assert told(history.complete(b), 400, "missing_chunks").missing == [0, 2]
    told(history.complete(c), 201)
    same_everywhere(history, three.documents, a, b, c)


def test_started_where_one_is_seen(three):
    """The record comes to the other tier by a host that sees both."""
    a, b, c = (host.client for host in (three.a, three.b, three.c))
    for first, other in ((a, b), (b, a)):
        history = History(first, PARTS)
        history.start()
        told(history.upload(0), 200)
        not_found(history.status(other))
        not_found(history.upload(1, client=other))
        assert told(history.status(c), 200).missing == [1, 2, 3]
        told(history.upload(1, client=other), 200)
        finishes(history, three.documents, c)
        same_everywhere(history, three.documents, a, b, c)


def test_completed_on_hosts_that_share_no_tier(three):
    """Neither sees the other's claim: the sink decides."""
    a, b, c = (host.client for host in (three.a, three.b, three.c))
    history = History(c, PARTS)
    history.start()
    for client in (a, b):
        for index in range(len(PARTS)):
            told(history.upload(index, client=client), 200)
    together = threading.Barrier(2)

    def complete(client):
        together.wait()
        finish(history, client)
    threads = [threading.Thread(target=complete, args=(client,))
               for client in (a, b)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(history.completed) >= 2, history
    same_everywhere(history, three.documents, a, b, c)


def test_aborted_on_hosts_that_share_no_tier(three):
    a, b, c = (host.client for host in (three.a, three.b, three.c))
    history = History(c, PARTS)
    history.start()
    told(history.upload(0), 200)
    told(history.abort(a), 200)
    # It was not told, until one that sees both was asked.
    told(history.status(b), 200)
    told(history.status(c), 404)
    told(history.status(b), 404)
    told(history.complete(b), 404)
    assert not three.documents.documents(history.persistent_id)


def test_redis_goes_for_one_host(three):
    """It waits; the others go on, and what it put there is not lost."""
    a, b, c = (host.client for host in (three.a, three.b, three.c))
    history = History(a, PARTS)
    history.start()
    told(history.upload(0), 200)
    told(history.status(c), 200)
    three.a.proxies["redis"].shut()
    for function in ("start", "upload", "status", "complete", "abort"):
        waits(history.call(function))
    told(history.upload(1, client=c), 200)
    told(history.upload(2, client=b), 200)
    three.c.proxies["redis"].shut()
    said = told(history.status(c), 200)
    assert said.missing == [0, 1, 3] and said.answer.retry_after, history
    said = told(history.complete(c), 400, "missing_chunks")
    assert said.answer.retry_after, history
    three.c.proxies["redis"].open()
    finishes(history, three.documents, c)
    waits(history.complete(a))
    three.a.proxies["redis"].open()
    same_everywhere(history, three.documents, a, b, c)


def test_mongodb_comes_for_one_host(three):
    a, b, c = (host.client for host in (three.a, three.b, three.c))
    three.c.proxies["mongodb"].shut()
    history = History(c, PARTS)
    told(history.start(), 200)
    told(history.upload(0), 200)
    not_found(history.status(b))
    not_found(history.upload(1, client=b))
    if three.sink == "mongodb":
        waits(history.complete(c))
    three.c.proxies["mongodb"].open()
    told(history.status(c), 200)
    told(history.upload(1, client=b), 200)
    told(history.upload(2, client=a), 200)
    told(history.upload(3, client=b), 200)
    assert told(history.status(c), 200).missing == []
    told(history.complete(c), 201)
    same_everywhere(history, three.documents, a, b, c)


def test_nobody_says_404_while_one_is_silent(three):
    a, b, c = (host.client for host in (three.a, three.b, three.c))
    history = History(a, PARTS)
    history.start()
    three.c.proxies["redis"].shut()
    for function in ("upload", "status", "complete", "abort"):
        waits(history.call(function, c))
        not_found(history.call(function, b))
    three.c.proxies["redis"].open()
    finishes(history, three.documents, c)
    check(history, three.documents, SECONDS)


def test_memory_of_one_host(servers):
    """A session that is there alone is found by that host alone, until it sees
    a shared tier again."""
    with Hosts(servers, "file", a="redis,memory",
               c="redis,mongodb,memory") as hosts:
        a, c = hosts.a.client, hosts.c.client
        hosts.a.proxies["redis"].shut()
        history = History(a, PARTS)
        said = told(history.start(), 200)
        assert said.answer.headers["Tranche-Tier"] == "memory"
        told(history.upload(0), 200)
        not_found(history.status(c))
        hosts.a.proxies["redis"].open()
        told(history.upload(1), 200)
        told(history.upload(2, client=c), 200)
        # What is in the memory of a is missing to c: README.
        assert told(history.status(c), 200).missing == [0, 3]
        assert told(history.status(a), 200).missing == [3]
        hosts.a.proxies["redis"].shut()
        said = told(history.status(a), 200)
        assert said.missing == [1, 2, 3] and said.answer.retry_after
        hosts.a.proxies["redis"].open()
        told(history.upload(3, client=c), 200)
        told(history.complete(a), 201)
        same_everywhere(history, servers.file_sink, a, c)


# Clocks. An hour is TRANCHE_TTL, a quarter of it is the grace.

MINUTE = 60


class Clocks:
    """Two hosts on Redis and MongoDB."""

    def __init__(self, servers):
        self.servers = servers
        self.stack = contextlib.ExitStack()

    def __enter__(self):
        self.clocks, self.hosts = [], []
        for name in ("one", "two"):
            clock = Clock(self.servers.root, "clock-" + name)
            self.clocks.append(clock)
            self.hosts.append(self.stack.enter_context(Host(
                self.servers, "redis,mongodb", workers=1,
                env={**ENV, "TRANCHE_COOLDOWN": "60000", **clock.env})))
        return self

    def __exit__(self, *exception):
        return self.stack.__exit__(*exception)

    def set(self, one, two):
        """Minutes before the machine's."""
        for clock, minutes in zip(self.clocks, (one, two)):
            clock.set(minutes * MINUTE)

    @property
    def clients(self):
        return [host.client for host in self.hosts]


@pytest.fixture(scope="module")
def clocks(servers):
    with Clocks(servers) as made:
        yield made


@pytest.mark.parametrize("first", (0, 1))
def test_clocks_that_differ(clocks, servers, first):
    clocks.set(5, -5)
    ahead, behind = clocks.clients
    history = History(clocks.clients[first], PARTS)
    history.start()
    for index in range(len(PARTS)):
        told(history.upload(index, client=clocks.clients[index % 2]), 200)
    for client in clocks.clients:
        assert told(history.status(client), 200).missing == []
    told(history.complete(clocks.clients[1 - first]), 201)
    same_everywhere(history, servers.file_sink, ahead, behind)
    check_kept(history)


@pytest.mark.parametrize("minutes", (61, 74, 76, 600))
def test_clock_that_jumps_and_comes_back(clocks, servers, minutes):
    """To it the session's time is over; nothing of it is lost by that."""
    clocks.set(0, 0)
    jumps, stays = clocks.clients
    history = History(stays, PARTS)
    history.start()
    told(history.upload(0, client=jumps), 200)
    told(history.upload(1, client=stays), 200)
    clocks.set(minutes, 0)
    for function in ("upload", "status", "complete", "abort"):
        not_found(history.call(function, jumps))
    # Others are served, and sweep what they must.
    told(History(jumps, ("x",)).start(), 200)
    told(history.upload(2, client=stays), 200)
    clocks.set(0, 0)
    assert told(history.status(jumps), 200).missing == [3]
    told(history.upload(3, client=jumps), 200)
    check_kept(history)
    told(history.complete(jumps), 201)
    same_everywhere(history, servers.file_sink, jumps, stays)


def test_clock_that_goes_back(clocks, servers):
    """Further than the grace: an id from the future is nobody's, without
    asking anyone."""
    clocks.set(0, 0)
    jumps, stays = clocks.clients
    history = History(stays, PARTS)
    history.start()
    told(history.upload(0, client=jumps), 200)
    clocks.set(-14, 0)
    told(history.upload(1, client=jumps), 200)
    clocks.set(-16, 0)
    proxies = clocks.hosts[0].proxies.values()
    for proxy in proxies:
        proxy.hold()
    asked = [proxy.asked for proxy in proxies]
    for function in ("upload", "status", "complete", "abort"):
        not_found(history.call(function, jumps))
    assert asked == [proxy.asked for proxy in proxies]
    for proxy in proxies:
        proxy.open()
    clocks.set(0, 0)
    finishes(history, servers.file_sink, jumps)
    check_kept(history)


def test_completed_is_answered_within_the_grace(clocks, servers):
    clocks.set(0, 0)
    jumps, stays = clocks.clients
    history = History(stays, PARTS)
    told(finish(history), 201)
    clocks.set(74, 0)
    same_everywhere(history, servers.file_sink, jumps, stays)
    clocks.set(76, 0)
    for function in ("status", "complete", "abort"):
        not_found(history.call(function, jumps))
    same_everywhere(history, servers.file_sink, stays)


def test_jump_while_a_request_waits(clocks, servers):
    """Deadlines and cool-downs are not by that clock."""
    clocks.set(0, 0)
    jumps, host = clocks.clients[0], clocks.hosts[0]
    history = History(jumps, PARTS)
    history.start()
    proxy = host.proxies["redis"]
    before = proxy.asked
    proxy.hold()
    said = []
    waiting = threading.Thread(target=lambda: said.append(
        host.another_client().upload_text(history.sid, 0, PARTS[0])))
    waiting.start()
    wait_until(lambda: proxy.asked > before, WAIT_SECONDS, "the request")
    for minutes in (10, -10, 10, 0):
        clocks.set(minutes, 0)
    assert not said
    proxy.open()
    waiting.join()
    assert said[0].status == 200, said
    proxy.shut()
    told(history.status(), 200)
    proxy.hold()
    before = proxy.asked
    for minutes in (50, -10, 0):
        clocks.set(minutes, 0)
        said = told(history.status(), 200)
        assert said.answer.retry_after, said
    assert proxy.asked == before
    proxy.open()

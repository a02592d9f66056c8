# SPDX-License-Identifier: MIT
"""I6, measured at the proxy before a sick server: who pays its timeout, over
ten cool-downs, with eight workers and with one request a process."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import threading
import time

import pytest

from client import PREFIX
from invariants import History, finishes
from server import wait_until
from several import Host, Servers

CLIENTS = 8
WORKERS = 8
COOLDOWNS = 10
TIMEOUT_MS = {"redis": 200, "mongodb": 300}
# One that pays says so many things: libmongoc pings on a connection that was
# not used for 5 s before it tells from that to make another.
ASKS = {"redis": 1, "mongodb": 2}
COOLDOWN_MS = 300
REQUEST_MS = 20000
# A timeout and a cool-down that a busy machine does not run into.
LONG_MS = 30000
ONE_MS = 700      # where it must be waited for, and still be in time
WAIT_SECONDS = 90       # for what a busy machine gets done in the end
PARTS = ('{"name":"a', 'b', '"}')
KINDS = ("nginx", "cgi")
PAIRS = (("redis", "nginx"), ("redis", "cgi"), ("mongodb", "nginx"))


def environment(timeout_ms=None, cooldown_ms=COOLDOWN_MS):
    return {"TRANCHE_REDIS_TIMEOUT": str(timeout_ms or TIMEOUT_MS["redis"]),
            "TRANCHE_MONGODB_TIMEOUT": str(timeout_ms
                                           or TIMEOUT_MS["mongodb"]),
            "TRANCHE_COOLDOWN": str(cooldown_ms),
            "TRANCHE_REQUEST_TIMEOUT": str(REQUEST_MS),
            "TRANCHE_COMPLETE_TIMEOUT": str(REQUEST_MS)}


@pytest.fixture(scope="module")
def servers():
    with Servers() as made:
        yield made


class Crowd:
    """Clients that ask all the time, each a thread; `ask` gets the number of
    one and its client, and may change nothing that others need."""

    def __init__(self, host, ask, n=CLIENTS):
        self.host, self.ask = host, ask
        self.over = threading.Event()
        self.answers = []
        self.failures = []
        self.threads = [threading.Thread(target=self.run, args=(i,))
                        for i in range(n)]

    def run(self, number):
        with self.host.another_client() as client:
            while not self.over.is_set():
                try:
                    self.answers.append(self.ask(number, client))
                except BaseException as e:
                    self.failures.append(e)
                    return

    def __enter__(self):
        for each in self.threads:
            each.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        for each in self.threads:
            each.join()
        assert not self.failures, self.failures
        assert self.answers

    def at_work(self):
        """Until each could have answered several times."""
        n = len(self.answers)
        wait_until(lambda: self.failures
                   or len(self.answers) >= n + 4 * CLIENTS,
                   WAIT_SECONDS, "that the clients are served")


def upload(host):
    """One that has its chunks."""
    history = History(host.client, PARTS)
    assert history.start().is_done, history
    for index in range(len(PARTS)):
        assert history.upload(index).is_done, history
    return history


def asks_all(histories):
    """Each of them a request of another function after the other."""
    turns = [0] * len(histories)

    def ask(number, client):
        history = histories[number]
        turns[number] += 1
        function = ("status", "upload", "start", "status")[turns[number] % 4]
        if function == "start":
            answer = client.start(totalChunks=1, totalSize=1)
            assert answer.status == 200, answer
        elif function == "upload":
            answer = client.upload_text(history.sid, 1, PARTS[1])
        else:
            answer = client.status(history.sid)
        assert answer.status in (200, 503), answer
        return answer
    return ask


def trials_in(seconds, server):
    """How many there may be: one, then its cool-down, and so on."""
    return int(1000 * seconds / (TIMEOUT_MS[server] + COOLDOWN_MS)) + 1


def served_by(answer, tier):
    return answer.headers["Tranche-Tier"] == tier


def is_well(answer):
    """Every tier has answered."""
    return answer.status == 200 and not answer.retry_after


def serves_again(host, history):
    """Nobody restarts anything, and all of the host's processes have the
    servers again."""
    for proxy in host.proxies.values():
        proxy.open()
    # On a busy machine a server may be too late once more.
    wait_until(lambda: all(is_well(host.client.status(history.sid))
                           for _ in range(2 * WORKERS)),
               WAIT_SECONDS, "that the servers are asked again")
    assert served_by(host.client.status(history.sid), "redis")


def over_ten_cool_downs(host, servers, crowd):
    """What was paid for each of the servers while both were silent, for ten
    cool-downs or longer: by those that were at work as it was noted, and by the
    trials since."""
    proxies = [host.proxies[server] for server in servers]
    crowd.at_work()
    before = [proxy.asked for proxy in proxies]
    began = time.monotonic()
    for proxy in proxies:
        proxy.hold()
    least = COOLDOWNS * (max(TIMEOUT_MS.values()) + COOLDOWN_MS) / 1000
    wait_until(lambda: crowd.failures
               or all(proxy.asked > n + COOLDOWNS
                      for proxy, n in zip(proxies, before))
               and time.monotonic() > began + least,
               WAIT_SECONDS, "ten cool-downs")
    paid = [proxy.asked - n for proxy, n in zip(proxies, before)]
    seconds = time.monotonic() - began
    said = "; ".join("%s %d" % each for each in zip(servers, paid))
    said += " in %.1f s, of %d requests" % (seconds, len(crowd.answers))
    print(said)
    for server, n in zip(servers, paid):
        assert n <= ASKS[server] * (CLIENTS + trials_in(seconds, server)), said
    return said


@pytest.mark.parametrize("kind", KINDS)
def test_ten_cool_downs(servers, kind, record_property):
    with Host(servers, "redis,mongodb,memory", server=kind, workers=WORKERS,
              env=environment()) as host:
        histories = [upload(host) for _ in range(CLIENTS)]
        with Crowd(host, asks_all(histories)) as crowd:
            record_property("paid", over_ten_cool_downs(
                host, ("redis", "mongodb"), crowd))
        serves_again(host, histories[0])
        for history in histories[:2]:
            finishes(history, servers.file_sink)


@pytest.mark.parametrize("kind", KINDS)
def test_ten_cool_downs_of_the_sink(servers, kind, record_property):
    """A complete asks the sink twice, and pays once."""
    with Host(servers, "redis", sink="mongodb", server=kind, workers=WORKERS,
              env={**environment(), "TRANCHE_REDIS_TIMEOUT": str(LONG_MS)}
              ) as host:
        histories = [upload(host) for _ in range(CLIENTS)]

        def ask(number, client):
            answer = client.complete(histories[number].sid)
            assert answer.status == 503, answer
            return answer

        # None of them shall be completed before.
        host.proxies["mongodb"].shut()
        with Crowd(host, ask) as crowd:
            record_property("paid", over_ten_cool_downs(
                host, ("mongodb",), crowd))
        host.proxies["mongodb"].open()
        for history in histories:
            assert finishes(history, servers.mongodb_sink).status == 201


# From here on one thing at a time.

@pytest.mark.parametrize("server, kind", PAIRS)
def test_whole_host_learns_of_it(servers, server, kind):
    """One process finds out, by one function; no other one of any asks."""
    with Host(servers, server + ",memory", server=kind,
              env=environment(ONE_MS, LONG_MS)) as host:
        history = upload(host)
        host.proxies[server].hold()
        before = host.proxies[server].asked
        assert host.client.status(history.sid).status == 503
        paid = host.proxies[server].asked - before
        assert 1 <= paid <= ASKS[server]
        for _ in range(3):
            for function in ("status", "upload", "complete", "abort"):
                told = history.call(function)
                assert told.status == 503, history
                assert told.answer.retry_after > 0, history
            assert served_by(host.client.start(totalChunks=1, totalSize=1),
                             "memory")
        assert host.proxies[server].asked == before + paid


@pytest.mark.parametrize("server, kind", PAIRS)
def test_half_open_lets_one_through(servers, server, kind):
    """After the cool-down many come at once: one is the trial, which the
    others do not wait for; when that goes well, all have the server again."""
    with Host(servers, server + ",memory", server=kind, workers=WORKERS,
              env=environment(LONG_MS)) as host:
        history = upload(host)
        proxy = host.proxies[server]
        proxy.shut()
        assert host.client.status(history.sid).status == 503
        proxy.hold()
        before = proxy.asked
        time.sleep(COOLDOWN_MS / 1000)
        first = threading.Event()
        together = threading.Barrier(CLIENTS)

        def ask(_, client):
            if not first.is_set():
                together.wait()
                first.set()
            return client.status(history.sid)

        with Crowd(host, ask) as crowd:
            wait_until(lambda: proxy.asked > before, WAIT_SECONDS, "a trial")
            crowd.at_work()
            assert proxy.asked == before + 1
            assert {answer.status for answer in crowd.answers} == {503}
            proxy.open()
            # No cool-down follows, and nothing is restarted.
            wait_until(lambda: crowd.answers[-1].status == 200,
                       WAIT_SECONDS, "that the trial ends")
        for _ in range(3 * WORKERS):
            assert host.client.status(history.sid).status == 200
        finishes(history, servers.file_sink)


def web_status(host, history):
    """What the web server says, in its own words, too."""
    connection = http.client.HTTPConnection(host.client.address)
    with contextlib.closing(connection):
        connection.request("GET", "%sstatus?sessionId=%s" % (
            PREFIX, history.sid))
        return connection.getresponse().status


@pytest.mark.parametrize("kind", KINDS)
def test_killed_on_trial(servers, kind):
    """It holds the others off until its lease is over, and no longer."""
    timeout_ms = 2000
    # common/circuit.c: for the connection, for the answer, and two margins.
    lease_seconds = (2 * timeout_ms + 1000) / 1000
    with Host(servers, "redis,memory", server=kind, workers=1,
              env=environment(timeout_ms)) as host:
        history = upload(host)
        proxy = host.proxies["redis"]
        proxy.shut()
        assert history.status().status == 503
        proxy.hold()
        before, began = proxy.asked, time.monotonic()
        time.sleep(COOLDOWN_MS / 1000)
        said = []
        trial = threading.Thread(target=lambda: said.append(
            web_status(host, history)))
        trial.start()
        wait_until(lambda: proxy.asked > before, WAIT_SECONDS, "a trial")
        asked = time.monotonic()
        for pid in host.serve.processes("status"):
            os.kill(pid, signal.SIGKILL)
        trial.join()
        # A web server's word that there is no answer.
        assert said in ([500], [502]), "it was over before it was killed"
        proxy.open()
        while time.monotonic() < asked + lease_seconds:
            answer = host.client.start(totalChunks=1, totalSize=1)
            assert time.monotonic() > began + lease_seconds or (
                served_by(answer, "memory")), answer
            time.sleep(0.1)
        assert served_by(host.client.start(totalChunks=1, totalSize=1),
                         "redis")
        finishes(history, servers.file_sink)


def test_state_folder_deleted(servers):
    """Then nobody knows: one pays again, and tells the others."""
    with Host(servers, "redis,memory",
              env=environment(ONE_MS, LONG_MS)) as host:
        history = upload(host)
        proxy = host.proxies["redis"]
        proxy.hold()
        before = proxy.asked
        for n in (1, 2, 3):
            for _ in range(8):
                assert history.status().status == 503
            assert proxy.asked == before + n
            shutil.rmtree(host.state)


@pytest.mark.parametrize("kind", KINDS)
def test_state_folder_that_cannot_be_used(servers, kind):
    """Each process finds out alone, once; and says why in the log."""
    with Host(servers, "redis,memory", server=kind, workers=2,
              env=environment(ONE_MS, LONG_MS)) as host:
        history = upload(host)
        host.state.mkdir(exist_ok=True)
        host.state.chmod(0o777)
        proxy = host.proxies["redis"]
        proxy.hold()
        before = proxy.asked
        for _ in range(5):
            assert history.status().status == 503
        if kind == "cgi":
            assert proxy.asked == before + 5
        else:
            assert before + 1 <= proxy.asked <= before + 2
        assert "other processes are not told" in host.serve.logged()


def test_packets_dropped(servers):
    """Who cannot even connect is not seen at the proxy, but tells in the log
    what it waited for; the others tell how long they keep off."""
    with Host(servers, "redis,memory", workers=WORKERS,
              env=environment(ONE_MS, LONG_MS)) as host:
        history = upload(host)
        host.proxies["redis"].deaf()
        with Crowd(host, asks_all([history] * CLIENTS)) as crowd:
            crowd.at_work()
        said = re.findall('="(redis[ :][^"]*)', host.serve.logged())
        paid = [words for words in said
                if not re.match("redis is (not )?asked", words)]
        assert 1 <= len(paid) <= CLIENTS, said[:2 * CLIENTS]
        assert len(said) > CLIENTS, said

# SPDX-License-Identifier: MIT
"""The fault proxy does what it says, seen by a client of a real server."""

import socket
import threading
import time

import pytest

import settings
from proxy import Proxy

SECONDS = 0.3


@pytest.fixture
def proxy():
    with Proxy(settings.real_url("REDIS_URL")) as made:
        yield made


def connect(proxy):
    return socket.create_connection(proxy.address, SECONDS)


def ask(s, words=b"PING\r\n"):
    s.settimeout(SECONDS)
    s.sendall(words)
    return s.recv(1000)


def test_open(proxy):
    with connect(proxy) as s:
        assert ask(s) == b"+PONG\r\n"
    assert (proxy.accepted, proxy.asked) == (1, 0)


def test_big_values_pass(proxy):
    value = b"x" * 3000000
    with connect(proxy) as s:
        s.settimeout(10)
        s.sendall(b"*2\r\n$4\r\nECHO\r\n$%d\r\n%s\r\n" % (len(value), value))
        got = b""
        while len(got) < len(value) + 12:
            got += s.recv(65536)
        assert got == b"$%d\r\n%s\r\n" % (len(value), value)


def test_shut(proxy):
    with connect(proxy) as s:
        ask(s)
        proxy.shut()
        with pytest.raises(ConnectionResetError):
            s.recv(1)
    with pytest.raises(ConnectionRefusedError):
        connect(proxy)
    proxy.open()
    with connect(proxy) as s:
        assert ask(s) == b"+PONG\r\n"


def test_deaf(proxy):
    with connect(proxy) as s:
        ask(s)
        proxy.deaf()
        with pytest.raises(TimeoutError):
            connect(proxy)
        with pytest.raises(TimeoutError):
            ask(s)
        proxy.open()
        assert s.recv(100) == b"+PONG\r\n"
    with connect(proxy) as s:
        assert ask(s) == b"+PONG\r\n"


def test_hold(proxy):
    """What was said to nobody is heard in the end, also of one that left."""
    proxy.hold()
    with connect(proxy) as s, pytest.raises(TimeoutError):
        ask(s, b"SET proxy-held 1\r\n")
    assert (proxy.accepted, proxy.asked) == (1, 1)
    with socket.create_connection(proxy.back) as direct:
        assert ask(direct, b"GET proxy-held\r\n") == b"$-1\r\n"
        proxy.open()
        end = time.monotonic() + 5
        while ask(direct, b"GET proxy-held\r\n") != b"$1\r\n1\r\n":
            assert time.monotonic() < end
        ask(direct, b"DEL proxy-held\r\n")


def test_hold_answers(proxy):
    proxy.hold_answers()
    with connect(proxy) as s, pytest.raises(TimeoutError):
        ask(s, b"SET proxy-done 1\r\n")
    with socket.create_connection(proxy.back) as direct:
        assert ask(direct, b"GET proxy-done\r\n") == b"$1\r\n1\r\n"
        ask(direct, b"DEL proxy-done\r\n")
    assert proxy.asked == 1


def test_hold_at(proxy):
    proxy.hold_at(b"proxy-at")
    with connect(proxy) as s:
        assert ask(s) == b"+PONG\r\n"
        assert proxy.asked == 0
        with pytest.raises(TimeoutError):
            ask(s, b"GET proxy-at\r\n")
        assert proxy.asked == 1
        with connect(proxy) as other, pytest.raises(TimeoutError):
            ask(other)
        proxy.open()
        assert s.recv(100) == b"$-1\r\n"


def test_slow(proxy):
    proxy.slow(0.1)
    began = time.monotonic()
    with connect(proxy) as s:
        assert ask(s) == b"+PONG\r\n"
    assert time.monotonic() - began >= 0.2


def test_cut_request(proxy):
    with connect(proxy) as s:
        ask(s)
        proxy.cut_request(3)
        with pytest.raises(ConnectionResetError):
            ask(s)
    with connect(proxy) as s, pytest.raises(ConnectionResetError):
        ask(s)


def test_cut_answer(proxy):
    proxy.cut_answer(3)
    with connect(proxy) as s:
        s.settimeout(SECONDS)
        s.sendall(b"PING\r\n")
        with pytest.raises(ConnectionResetError):
            while s.recv(100):
                pass
            raise AssertionError("an end, and no reset")


def test_garbage(proxy):
    proxy.garbage(b"\0\xff" * 10)
    with connect(proxy) as s:
        assert ask(s) == b"\0\xff" * 10


def test_many_at_once(proxy):
    answers = []

    def work():
        with connect(proxy) as s:
            answers.append(ask(s))

    threads = [threading.Thread(target=work) for _ in range(20)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers == [b"+PONG\r\n"] * 20

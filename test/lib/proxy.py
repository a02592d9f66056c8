# SPDX-License-Identifier: MIT
"""A fault proxy: stands before a real server and, when told to, does to what
passes what networks and sick servers do."""

import asyncio
import contextlib
import socket
import struct
import threading
from typing import NamedTuple, Optional
from urllib.parse import urlsplit, urlunsplit

WAIT_SECONDS = 10


class Fault(NamedTuple):
    holds_requests: bool = False
    holds_answers: bool = False
    delay: float = 0
    request_bytes: Optional[int] = None
    answer_bytes: Optional[int] = None
    garbage: Optional[bytes] = None
    holds_at: Optional[bytes] = None


class Proxy:
    """Passes all, until a fault is set; from `with` to its end.

    open()              all passes; what was held comes through now
    shut()              refuses, and resets the connections that there are
    deaf()              packets are dropped: connecting itself hangs, and what
                        is connected is held
    hold()              accepts, and passes nothing either way
    hold_answers()      the server hears and does all, its answers are held
    hold_at(words)      passes all until a client says the words; then as hold()
    slow(seconds)       each block of bytes comes so much later
    cut_request(n)      of each connection n more bytes reach the server, then
                        both sides are reset
    cut_answer(n)       the same with what the server says
    garbage(data)       answers with data, whatever is asked
    cut()               resets the connections that there are, once

    accepted            how many connections have been made
    asked               how many times something was said that got no answer,
                        for it was held: who paid for the fault
    """

    def __init__(self, url):
        self.url = url
        self.back = (urlsplit(url).hostname, urlsplit(url).port)
        self.holder = _bound(("127.0.0.1", 0))  # keeps the port when it is shut
        self.address = self.holder.getsockname()
        self.fault = Fault()
        self.pairs = set()
        self.accepted = 0
        self.asked = 0
        self.server = None
        self.queue = []     # sockets that fill the queue of a deaf port
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever,
                                       daemon=True)

    @property
    def front(self):
        """The server's URL, through the proxy."""
        user, at, _ = urlsplit(self.url).netloc.rpartition("@")
        return urlunsplit(urlsplit(self.url)._replace(
            netloc="%s%s%s:%d" % (user, at, *self.address)))

    def __enter__(self):
        self.thread.start()
        self.open()
        return self

    def __exit__(self, *_):
        self.shut()
        self._do(self._give_up)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(WAIT_SECONDS)
        self.loop.close()
        self.holder.close()

    def open(self):
        self._do(self._become, Fault())

    def shut(self):
        self._do(self._refuse)

    def deaf(self):
        self._do(self._drop_packets)

    def hold(self):
        self._do(self._become, Fault(holds_requests=True, holds_answers=True))

    def hold_answers(self):
        self._do(self._become, Fault(holds_answers=True))

    def hold_at(self, words):
        self._do(self._become, Fault(holds_at=words))

    def slow(self, seconds):
        self._do(self._become, Fault(delay=seconds))

    def cut_request(self, n):
        self._do(self._become, Fault(request_bytes=n))

    def cut_answer(self, n):
        self._do(self._become, Fault(answer_bytes=n))

    def garbage(self, data):
        self._do(self._become, Fault(garbage=data))

    def cut(self):
        self._do(self._reset_all)

    def heard(self, data):
        """For who extends this: something was said, and the fault is yet to
        be looked at. In the loop's thread."""

    def _do(self, what, *arguments):
        """In the loop's thread, to its end."""
        asyncio.run_coroutine_threadsafe(
            what(*arguments), self.loop).result(WAIT_SECONDS)

    async def _become(self, fault):
        self.fault = fault
        for pair in list(self.pairs):
            pair.changed()
        if not self.server:
            self._stop_dropping()
            listener = _bound(self.address)
            listener.listen(64)
            self.server = await self.loop.create_server(
                lambda: _Near(self), sock=listener)

    def _unlisten(self):
        if self.server:
            self.server.close()
        self.server = None
        self._stop_dropping()

    def _stop_dropping(self):
        for each in self.queue:
            each.close()
        self.queue = []

    async def _refuse(self):
        self._unlisten()
        self.fault = Fault()
        await self._reset_all()

    async def _give_up(self):
        """The calls that the server has not answered."""
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        await asyncio.sleep(0)

    async def _reset_all(self):
        for pair in list(self.pairs):
            pair.reset()
        await asyncio.sleep(0)      # in which the sockets are closed

    async def _drop_packets(self):
        """Nobody accepts and the queue is full: then the kernel drops what
        comes."""
        self.fault = Fault(holds_requests=True, holds_answers=True)
        for pair in list(self.pairs):
            pair.changed()
        self._unlisten()
        await asyncio.sleep(0)
        listener = _bound(self.address)
        listener.listen(0)
        self.queue = [listener]
        for _ in range(2):
            each = socket.socket()
            each.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                each.connect(self.address)
            self.queue.append(each)


class _Near(asyncio.Protocol):
    """A client's connection. The server is called once something passes."""

    def __init__(self, proxy):
        self.proxy = proxy
        self.transport = None
        self.far = None
        self.calling = False
        self.requests = []      # held, or said before the server is there
        self.answers = []
        self.passed = [0, 0]    # bytes of requests, of answers

    def connection_made(self, transport):
        self.transport = transport
        self.proxy.accepted += 1
        self.proxy.pairs.add(self)

    def data_received(self, data):
        self.proxy.heard(data)
        fault = self.proxy.fault
        if fault.garbage is not None:
            self.transport.write(fault.garbage)
            return
        if fault.holds_at is not None and fault.holds_at in data:
            fault = Fault(holds_requests=True, holds_answers=True)
            self.proxy.fault = fault
        if fault.holds_requests or fault.holds_answers:
            self.proxy.asked += 1
        self._later(self.requests, data)

    def eof_received(self):
        self._later(self.requests, None)
        return True

    def connection_lost(self, _):
        self._later(self.requests, None)

    def answered(self, data):
        if self.proxy.fault.garbage is None:
            self._later(self.answers, data)

    def _later(self, queue, data):
        def arrive():
            queue.append(data)
            self._pass_on()
        if self.proxy.fault.delay:
            self.proxy.loop.call_later(self.proxy.fault.delay, arrive)
        else:
            arrive()

    def changed(self):
        self.passed = [0, 0]
        self._pass_on()

    def _pass_on(self):
        fault = self.proxy.fault
        if not fault.holds_requests and self.requests and not self.far:
            self._call()
        if not fault.holds_requests and self.far:
            self._send(self.requests, self.far, 0, fault.request_bytes)
        if not fault.holds_answers:
            self._send(self.answers, self.transport, 1, fault.answer_bytes)

    def _send(self, queue, transport, which, limit):
        while queue:
            data = queue.pop(0)
            if data is None:
                self.close()
                return
            if limit is not None:
                data = data[:max(limit - self.passed[which], 0)]
                self.passed[which] += len(data)
            transport.write(data)
            if limit is not None and self.passed[which] >= limit:
                self.reset()
                return

    def _call(self):
        if not self.calling:
            self.calling = True
            self.task = self.proxy.loop.create_task(self._call_server())

    async def _call_server(self):
        try:
            self.far, _ = await self.proxy.loop.create_connection(
                lambda: _Far(self), *self.proxy.back)
            self._pass_on()
        except OSError:
            self.reset()

    def close(self):
        self.proxy.pairs.discard(self)
        for each in filter(None, (self.transport, self.far)):
            each.close()

    def reset(self):
        """Both sides see a reset, not an end."""
        self.proxy.pairs.discard(self)
        for each in filter(None, (self.transport, self.far)):
            with contextlib.suppress(OSError):
                each.get_extra_info("socket").setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER,
                    struct.pack("ii", 1, 0))
            each.abort()


class _Far(asyncio.Protocol):
    """The server's side of a connection."""

    def __init__(self, near):
        self.near = near

    def data_received(self, data):
        self.near.answered(data)

    def connection_lost(self, _):
        self.near.answered(None)


def _bound(address):
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(address)
    return made

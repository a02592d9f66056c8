# SPDX-License-Identifier: MIT
"""A door before a real server: open it lets connections through, shut it
refuses them and cuts those that there are."""

import socket
import threading
from urllib.parse import urlsplit, urlunsplit


class Door:
    def __init__(self, url):
        self.url = url
        self.back = (urlsplit(url).hostname, urlsplit(url).port)
        self.holder = socket.socket()    # keeps the port when it is shut
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.holder.bind(("127.0.0.1", 0))
        self.address = self.holder.getsockname()
        self.sockets = []
        self.listener = None

    @property
    def front(self):
        """The server's URL, through the door."""
        return urlunsplit(urlsplit(self.url)._replace(
            netloc="%s:%d" % self.address))

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.shut()
        self.holder.close()

    def open(self):
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        self.listener.bind(self.address)
        self.listener.listen(64)
        self.sockets = [self.listener]
        threading.Thread(target=self.accept, args=[self.listener],
                         daemon=True).start()

    def shut(self):
        for each in self.sockets:
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass    # its other side has gone
            each.close()
        self.sockets = []

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(self.back)
            except OSError:
                return
            self.sockets += [near, far]
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=carry, args=[one, other],
                                 daemon=True).start()


def carry(one, other):
    try:
        while data := one.recv(65536):
            other.sendall(data)
        other.shutdown(socket.SHUT_WR)
    except OSError:
        pass

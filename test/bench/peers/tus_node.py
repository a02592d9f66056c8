# SPDX-License-Identifier: MIT
"""@tus/server, the server of tus in Node, with @tus/file-store.

The store keeps an upload in two files, the bytes and a JSON of what is known of
them. It does not fsync and digests nothing, and logs nothing. Settings: the
defaults. The locks are of a process (MemoryLocker): with several processes two
requests for one upload would not see each other, and a deployment would pay for
locks in Redis; none is sent here, so that this is the better case.
"""

import node_built
from tus import TusPeer


class Peer(TusPeer):
    name = "tus-node"
    version = "@tus/server " + node_built.version("@tus/server")
    counts = (1, 2)

    base = "/files"

    install = staticmethod(node_built.install)

    def spawned(self):
        return node_built.spawned(self.cache, "tus.js",
                                  [self.count, self.store], {},
                                  self.folder / "log")

# SPDX-License-Identifier: MIT
"""rustus, a server of tus in Rust.

It reads a request's body into memory, and keeps an upload in two files: the
bytes, written at once, and a JSON of what is known of them, read and written
again for each PATCH. It locks nothing, does not fsync and digests nothing. Its
log (a line a request) is of errors alone. Other settings: the defaults, but for
the limit of a body. A count is that of its worker threads; files are written by
others, of which it has as many as it likes.
"""

import built
from spawned import Spawned
from stores import free_port
from tus import TusPeer

VERSION = "0.5.10"
FOLDER = "rustus-" + VERSION
# Its default of 256 KiB is below a chunk.
BODY_MAX = 16 << 20     # bytes


class Peer(TusPeer):
    name = "rustus"
    version = VERSION

    @staticmethod
    def install(cache):
        with built.folder(cache, FOLDER) as aside:
            if not aside:
                return
            cargo = built.need("cargo", "cargo libssl-dev pkg-config",
                               "rustus")
            built.run("building rustus", [
                cargo, "install", "--locked", "--version", VERSION,
                "--root", aside, "--target-dir", aside / "target", "rustus"],
                aside)
            built.remove(aside / "target")

    def spawned(self):
        port = free_port()
        return Spawned(
            [self.cache / FOLDER / "bin" / "rustus", "--host", "127.0.0.1",
             "--port", port, "--workers", self.count,
             "--data-dir", self.store, "--info-dir", self.store,
             "--max-body-size", BODY_MAX, "--log-level", "ERROR"],
            {}, self.folder / "log", port=port, quiet=True)

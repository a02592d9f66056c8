# SPDX-License-Identifier: MIT
"""What a process with the malloc shim is told and tells:
../fault/malloc-shim.c."""

import mmap
import os
import struct
from pathlib import Path

FOR_EVER = (1 << 64) - 1
FORMAT = "6Q"   # struct orders


def library():
    return Path(os.environ["TRANCHE_TEST_BUILD"], "test", "fault",
                "malloc-shim.so")


class Shim:
    """The orders of one process at a time, in a file of the folder; `env` is
    for it."""

    def __init__(self, folder):
        self.path = Path(folder) / "malloc-orders"
        self.path.write_bytes(bytes(struct.calcsize(FORMAT)))
        with open(self.path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 0)

    @property
    def env(self):
        return {"LD_PRELOAD": str(library()),
                "MALLOC_SHIM_FILE": str(self.path)}

    def arm(self, first, last, request):
        """Of this process's request the allocations from first to last
        fail."""
        struct.pack_into(FORMAT, self.page, 0, first, last, request,
                         self.requests, 0, 0)

    def begin(self):
        """Another process is about to be started."""
        struct.pack_into(FORMAT, self.page, 0, 0, 0, FOR_EVER, 0, 0, 0)

    def _said(self, at):
        return struct.unpack_from(FORMAT, self.page)[at]

    @property
    def requests(self):
        """How many have begun."""
        return self._said(3)

    @property
    def seen(self):
        """Allocations of the request meant, until now."""
        return self._said(4)

    @property
    def failed(self):
        return self._said(5)

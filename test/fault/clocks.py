# SPDX-License-Identifier: MIT
"""Clocks of a host that are not the machine's: clock-shim.c."""

import mmap
import os
import struct
from pathlib import Path

FORMAT = "2q"   # struct offsets


class Clock:
    """In a file of the folder; `env` is for who shall have it. `real` and
    `monotonic` are seconds before the machine's, and may be set at any time."""

    def __init__(self, folder, name="clock"):
        path = Path(folder) / name
        path.write_bytes(bytes(struct.calcsize(FORMAT)))
        with open(path, "r+b") as file:
            self.page = mmap.mmap(file.fileno(), 0)
        library = Path(os.environ["TRANCHE_TEST_BUILD"], "test", "fault",
                       "clock-shim.so")
        self.env = {"LD_PRELOAD": str(library),
                    "CLOCK_SHIM_FILE": str(path)}

    def set(self, real=0, monotonic=0):
        struct.pack_into(FORMAT, self.page, 0, int(real * 1000),
                         int(monotonic * 1000))

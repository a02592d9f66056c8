# SPDX-License-Identifier: MIT
"""redis-benchmark's SET of values of a chunk's size: what the Redis tier can at
most be. No uploader: no HTTP, one key."""

import subprocess
from typing import NamedTuple

TIMEOUT_S = 120


class Sample(NamedTuple):
    rate: float     # a second


def sample(redis, connections, size, count):
    """By the unix socket."""
    said = subprocess.run(
        ["redis-benchmark", "-s", str(redis.path), "-c", str(connections),
         "-n", str(count), "-d", str(size), "-t", "set", "--csv"],
        check=True, timeout=TIMEOUT_S, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True).stdout
    for line in said.splitlines():
        if line.startswith('"SET"'):
            return Sample(float(line.split(",")[1].strip('"')))
    raise RuntimeError("redis-benchmark said " + said)

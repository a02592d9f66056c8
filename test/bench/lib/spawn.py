# SPDX-License-Identifier: MIT
"""Cold starts, timed by spawn.c: Python's subprocess costs more than they do."""

import json
import subprocess

TIMEOUT_S = 120


def spawn(work, count, program, body, env, beginning="Status: 200"):
    """Milliseconds of each run. @n@ in values of env is its number."""
    said = subprocess.run(
        [str(work.program("spawn")), str(count), str(body), beginning,
         str(program)], env=env, check=True, timeout=TIMEOUT_S,
        stdout=subprocess.PIPE, text=True)
    return [ns / 1e6 for ns in json.loads(said.stdout)["ns"]]

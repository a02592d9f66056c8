# SPDX-License-Identifier: MIT
"""The folder in which nginx leaves bodies for the functions: TRANCHE_BODY_DIR.

It pays on a tmpfs, and best on the memory tier's, which takes a chunk over where
it is. What is too small for that, such as a container's /dev/shm of 64 MiB, is
left to the tier.
"""

import hashlib
import os
import re
import shutil

ROOM = 16  # bodies of the largest size


def is_tmpfs(path):
    """Whether what is at the path lies on one: proc(5), mountinfo."""
    device = os.stat(path).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    with open("/proc/self/mountinfo") as mounts:
        return any(line.split()[2] == number and " - tmpfs " in line
                   for line in mounts)


def has_room(path, body_max):
    space = os.statvfs(path)
    return space.f_frsize * space.f_blocks >= ROOM * body_max


def choose(state, body_max):
    """Where bodies go; None: they come with their requests."""
    memory = (os.environ.get("TRANCHE_MEMORY_DIR")
              or f"/dev/shm/tranche-{os.getuid()}")
    # One a state folder: who runs on that may clear it.
    own = hashlib.sha256(os.fsencode(state)).hexdigest()[:8]
    folder = f"{os.path.abspath(memory)}-body-{own}"
    parent = os.path.dirname(folder)
    # Other characters would have a meaning to nginx.
    if not re.fullmatch(r"[\w./+-]+", folder, re.ASCII):
        return None
    if not os.access(parent, os.W_OK | os.X_OK):
        return None
    return folder if is_tmpfs(parent) and has_room(parent, body_max) else None


def clear(folder):
    """What was killed in the middle of a body left it."""
    if folder:
        shutil.rmtree(folder, ignore_errors=True)

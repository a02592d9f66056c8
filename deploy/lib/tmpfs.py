# SPDX-License-Identifier: MIT
"""What deploy/serve keeps in memory: the folder of the memory tier, and beside it
the one in which the web server leaves bodies for the functions.

Both are on the tmpfs at /dev/shm unless TRANCHE_MEMORY_DIR says otherwise; where
there is none, or little room (a container's has 64 MiB), the memory tier is in the
state folder, and bodies come with their requests.
"""

import hashlib
import os
import re
import shutil

SHM = "/dev/shm"
ROOM = 16  # bodies of the largest size


def is_tmpfs(path):
    """Whether what is at the path lies on one: proc(5), mountinfo."""
    device = os.stat(path).st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    with open("/proc/self/mountinfo") as mounts:
        return any(line.split()[2] == number and " - tmpfs " in line
                   for line in mounts)


def is_good(folder, body_max):
    """Whether bodies may be kept in the folder."""
    if not os.access(folder, os.W_OK | os.X_OK) or not is_tmpfs(folder):
        return False
    space = os.statvfs(folder)
    return space.f_frsize * space.f_blocks >= ROOM * body_max


def memory_folder(state, body_max):
    """For the memory tier. One of a state folder, where a link names it."""
    name = os.path.join(state, "memory")
    if os.path.isdir(name) and not os.path.islink(name):
        return name
    if not is_good(SHM, body_max):
        return name
    own = hashlib.sha256(os.fsencode(state)).hexdigest()[:8]
    folder = f"{SHM}/tranche-{os.getuid()}-{own}"
    # Of a state folder that was moved the link is another's.
    if os.path.islink(name) and os.readlink(name) != folder:
        os.unlink(name)
    if not os.path.islink(name):
        os.symlink(folder, name)
    return folder


def make_bodies(memory, body_max):
    """An empty folder for bodies beside the memory tier's, or None."""
    folder = os.path.abspath(memory) + ".bodies"
    # Other characters would have a meaning in a configuration.
    if not re.fullmatch(r"[\w./+-]+", folder, re.ASCII):
        return None
    if not is_good(os.path.dirname(folder), body_max):
        return None
    clear(folder)
    os.mkdir(folder, 0o700)
    return folder


def clear(folder):
    """What was killed in the middle of a body left it."""
    if folder:
        shutil.rmtree(folder, ignore_errors=True)

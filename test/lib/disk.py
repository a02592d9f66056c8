# SPDX-License-Identifier: MIT
"""Small file systems to be filled up, taken away and made read-only.

Only root may mount them; the tests' real servers need root too.
"""

import os
import subprocess
import tempfile
from pathlib import Path

PAGE = os.sysconf("SC_PAGE_SIZE")


class Disk:
    """A tmpfs of its own, from `with` to its end."""

    def __init__(self, pages=256, inodes=1000):
        self.pages = pages
        self.inodes = inodes

    def __enter__(self):
        self.root = Path(tempfile.mkdtemp(prefix="tranche-disk-"))
        subprocess.run(["mount", "-t", "tmpfs", "-o", self.options(),
                        "tranche", self.root], check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", self.root], check=True)
        self.root.rmdir()

    def options(self):
        return "size=%d,nr_inodes=%d,mode=0755" % (self.pages * PAGE,
                                                   self.inodes)

    def __truediv__(self, name):
        return self.root / name

    def folder(self, name, mode=0o700):
        made = self / name
        made.mkdir(mode=mode)
        return made

    @property
    def free(self):
        """Pages and inodes."""
        said = os.statvfs(self.root)
        return said.f_bavail * said.f_frsize // PAGE, said.f_favail

    def fill(self, but=0):
        """Leaves so many pages."""
        with open(self / "filling", "wb") as filling:
            pages = self.free[0] - but
            assert pages >= 0
            if pages:
                os.posix_fallocate(filling.fileno(), 0, pages * PAGE)

    def use_up_inodes(self, but=0):
        """Leaves so many."""
        for number in range(self.free[1] - but):
            (self / ("inode-%d" % number)).touch()

    def make_room(self):
        for path in [self / "filling", *self.root.glob("inode-*")]:
            path.unlink(missing_ok=True)

    def set_read_only(self, is_so=True):
        subprocess.run(["mount", "-o", "remount,%s" % ("ro" if is_so
                                                       else "rw"),
                        self.root], check=True)
